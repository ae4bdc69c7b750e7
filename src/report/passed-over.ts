import type { NotTested } from "../plan/index.ts";
import type { Manifests } from "../snapshot/index.ts";

/** Objects of the files that are none of our business, and those that perhaps are. */
export function passedOver({ passedOver: kinds }: Manifests): readonly NotTested[] {
  const named = Object.entries(kinds).map(([kind, count]) => ({ kind, text: `${count} ${kind}` }));
  const texts = (wanted: boolean): string =>
    named
      .filter(({ kind }) => /Policy|Firewall/.test(kind) === wanted)
      .map(({ text }) => text)
      .join(", ");
  return [
    { what: texts(true), reason: "policies of these kinds are not read: what they do to connections is not shown" },
    { what: texts(false), reason: "only NetworkPolicies, Namespaces and workloads are read from the files" },
  ].filter(({ what }) => what !== "");
}
