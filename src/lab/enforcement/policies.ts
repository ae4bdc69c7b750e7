import type { KubeObject } from "../contracts.ts";
import { type Fields, fieldsOf, isPresent, itemsOf, textOf } from "../raw-json.ts";
import { type Address, parseCidr } from "./addresses.ts";
import { type Protocol, readProtocol } from "./protocols.ts";
import { readSelector, type Selector } from "./selectors.ts";

export const DIRECTIONS = ["egress", "ingress"] as const;
export type Direction = (typeof DIRECTIONS)[number];

export interface Policy {
  readonly namespace: string;
  readonly name: string;
  /** The pods of the policy's namespace that it applies to. */
  readonly podSelector: Selector;
  /** The directions for which it isolates, and what it allows there. */
  readonly rules: Readonly<Partial<Record<Direction, readonly Rule[]>>>;
}

export interface Rule {
  /** Empty: every source or destination, in the cluster or outside. */
  readonly peers: readonly Peer[];
  /** Empty: every port of every protocol. */
  readonly ports: readonly Port[];
}

/** An absent podSelector takes all pods of the namespaces; an absent namespaceSelector takes the policy's own. */
export type Peer =
  | { readonly kind: "pods"; readonly namespaces: Selector | undefined; readonly pods: Selector | undefined }
  | { readonly kind: "ipBlock"; readonly cidr: Address; readonly except: readonly Address[] };

/**
 * A range includes both ends. A name is looked up among the ports that are declared for one protocol, and opens what it
 * finds for one: the same, unless a fault makes a difference.
 */
export type Port =
  | { readonly kind: "range"; readonly protocol: Protocol; readonly first: number; readonly last: number }
  | { readonly kind: "name"; readonly protocol: Protocol; readonly name: string; readonly declaredFor: Protocol };

export function readPolicy(object: KubeObject): Policy {
  // Without a spec it selects every pod of its namespace and allows nothing, as with `spec: {}`.
  const spec = fieldsOf(object.spec);
  const rules = readDirections(spec).map((direction) => {
    const peers = direction === "ingress" ? "from" : "to";
    return [direction, itemsOf(spec[direction]).map((rule) => readRule(fieldsOf(rule), peers))];
  });
  return {
    namespace: object.metadata.namespace ?? "default",
    name: object.metadata.name,
    podSelector: readSelector(spec.podSelector),
    rules: Object.fromEntries(rules),
  };
}

/** Unnamed: always Ingress; Egress only with a rule for it. Rules of a direction that is not named are ignored. */
function readDirections(spec: Fields): readonly Direction[] {
  const named = itemsOf(spec.policyTypes);
  const types = named.length > 0 ? named : ["Ingress", ...(itemsOf(spec.egress).length > 0 ? ["Egress"] : [])];
  return DIRECTIONS.filter((direction) => types.includes(direction === "ingress" ? "Ingress" : "Egress"));
}

function readRule(rule: Readonly<Record<string, unknown>>, peers: "from" | "to"): Rule {
  return { peers: itemsOf(rule[peers]).map(readPeer), ports: itemsOf(rule.ports).map(readPort) };
}

function readPeer(raw: unknown): Peer {
  const { ipBlock, namespaceSelector, podSelector } = fieldsOf(raw);
  if (isPresent(ipBlock)) {
    const { cidr, except } = fieldsOf(ipBlock);
    const excepted = itemsOf(except).map((item) => parseCidr(textOf(item, "an except")));
    return { kind: "ipBlock", cidr: parseCidr(textOf(cidr, "a cidr")), except: excepted };
  }
  const namespaces = isPresent(namespaceSelector) ? readSelector(namespaceSelector) : undefined;
  const pods = isPresent(podSelector) ? readSelector(podSelector) : undefined;
  if (namespaces === undefined && pods === undefined) throw new Error("Cannot enforce a policy: a peer is empty");
  return { kind: "pods", namespaces, pods };
}

function readPort(raw: unknown): Port {
  const { protocol: rawProtocol, port, endPort } = fieldsOf(raw);
  const protocol = readProtocol(rawProtocol);
  if (!isPresent(port)) return { kind: "range", protocol, first: 0, last: 65535 };
  if (typeof port === "number") return { kind: "range", protocol, first: port, last: Number(endPort ?? port) };
  return { kind: "name", protocol, name: textOf(port, "a port"), declaredFor: protocol };
}
