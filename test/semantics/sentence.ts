/** One sentence of docs/semantics.md, with the connections that would turn over if it were false. */
export interface Sentence {
  readonly title: string;
  readonly checks: readonly Check[];
}

export type Check = ConnectionsCheck | RefusedCheck | ShownCheck | PromisedCheck;

/** What connections of the cast do under these manifests. */
export interface ConnectionsCheck extends Outcome {
  readonly kind: "connections";
  /** YAML documents, beside those of the cast. */
  readonly manifests: readonly string[];
}

interface Outcome {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** By the reason. */
  readonly unspecified?: Readonly<Partial<Record<"self" | "hostNetwork" | "ipblock-matches-pod", readonly string[]>>>;
  /** What the command line names; `default` is that of kubectl. */
  readonly defaultNamespace?: string;
}

/** A manifest that is refused; each problem as it is shown, with its place. */
export interface RefusedCheck {
  readonly kind: "refused";
  readonly manifest: string;
  readonly problems: readonly string[];
}

/** What only a kernel, an API server or a whole run can show: the test that shows it, by its title. */
export interface ShownCheck {
  readonly kind: "shown";
  /** From the top of the repository. */
  readonly file: string;
  readonly by: string;
}

/** What the program itself promises. */
export interface PromisedCheck {
  readonly kind: "promised";
  readonly check: () => void;
}

export function given(manifests: readonly string[], outcome: Outcome): ConnectionsCheck {
  return { kind: "connections", manifests, ...outcome };
}

export function refused(manifest: string, ...problems: readonly string[]): RefusedCheck {
  return { kind: "refused", manifest, problems };
}

export function shown(file: string, by: string): ShownCheck {
  return { kind: "shown", file, by };
}

export function promised(check: () => void): PromisedCheck {
  return { kind: "promised", check };
}

/** A NetworkPolicy as a user writes it: `namespace/name`, or a name alone, and the lines of its spec, if it has one. */
export function policy(path: string, ...spec: readonly string[]): string {
  const [name = "", namespace] = path.split("/").reverse();
  const metadata = namespace === undefined ? `{name: ${name}}` : `{name: ${name}, namespace: ${namespace}}`;
  const head = ["apiVersion: networking.k8s.io/v1", "kind: NetworkPolicy", `metadata: ${metadata}`];
  return [...head, ...(spec.length === 0 ? [] : ["spec:", ...spec.map((line) => `  ${line}`)])].join("\n");
}

/** A policy of shop/db alone. */
export function onDb(...spec: readonly string[]): string {
  return policy("shop/on-db", "podSelector: {matchLabels: {app: db}}", ...spec);
}

/** A policy of shop/web alone. */
export function onWeb(...spec: readonly string[]): string {
  return policy("shop/on-web", "podSelector: {matchLabels: {app: web}}", ...spec);
}

/** Connections from each of the sources. */
export function from(sources: readonly string[], to: string): readonly string[] {
  return sources.map((source) => `${source} > ${to}`);
}

/** Connections to each of the destinations, on `80`, `53/UDP` or `80 v6`. */
export function to(source: string, destinations: readonly string[], port: string): readonly string[] {
  return destinations.map((destination) => `${source} > ${destination} ${port}`);
}
