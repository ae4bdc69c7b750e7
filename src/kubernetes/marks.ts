/** What marks everything that a run makes. Marks are annotations: a label more could change what selectors select. */
export const RUN_ANNOTATION = "netproof.dev/run";

/** The Job that owns what a run makes in a namespace. */
export function ownerJobName(runId: string): string {
  return `netproof-run-${runId}`;
}
