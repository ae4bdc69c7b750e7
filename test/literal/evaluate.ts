// A second reading of NetworkPolicy v1, for the tests alone: it decides one connection at a time from the JSON objects
// of the API as they are stored, and follows the sentences of the API reference one by one, quoted where they apply.
// It is meant to be slow and obvious. It shares no code with src/, so that neither can hide the other's mistakes.

export type Maybe<T> = T | null | undefined;
type RawLabels = Maybe<Record<string, string>>;

interface RawExpression {
  key: string;
  operator: string;
  values?: Maybe<string[]>;
}
export interface RawSelector {
  matchLabels?: RawLabels;
  matchExpressions?: Maybe<RawExpression[]>;
}
export interface RawPeer {
  podSelector?: Maybe<RawSelector>;
  namespaceSelector?: Maybe<RawSelector>;
  ipBlock?: Maybe<{ cidr: string; except?: Maybe<string[]> }>;
}
export interface RawPort {
  protocol?: Maybe<string>;
  port?: Maybe<number | string>;
  endPort?: Maybe<number>;
}
export interface RawRule {
  from?: Maybe<RawPeer[]>;
  to?: Maybe<RawPeer[]>;
  ports?: Maybe<Maybe<RawPort>[]>;
}
export interface RawPolicy {
  metadata: { name: string; namespace?: Maybe<string> };
  spec?: Maybe<{
    podSelector?: Maybe<RawSelector>;
    policyTypes?: Maybe<string[]>;
    ingress?: Maybe<Maybe<RawRule>[]>;
    egress?: Maybe<Maybe<RawRule>[]>;
  }>;
}
export interface RawNamespace {
  metadata: { name: string; labels?: RawLabels };
}
export interface RawContainer {
  name: string;
  restartPolicy?: Maybe<string>;
  ports?: Maybe<{ name?: Maybe<string>; containerPort: number; protocol?: Maybe<string> }[]>;
}
export interface RawPod {
  metadata: { name: string; namespace: string; uid: string; labels?: RawLabels };
  spec: { containers: RawContainer[]; initContainers?: Maybe<RawContainer[]>; hostNetwork?: Maybe<boolean> };
  status: { podIPs?: Maybe<{ ip: string }[]> };
}

/** What the API server has stored. */
export interface RawCluster {
  policies: RawPolicy[];
  namespaces: RawNamespace[];
  pods: RawPod[];
}
/** One end of a connection: an address, and the pod that it belongs to unless it lies outside the cluster. */
export interface RawEnd {
  address: string;
  pod?: RawPod;
}
export interface RawConnection {
  source: RawEnd;
  destination: RawEnd;
  protocol: string;
  port: number;
}
export interface LiteralDecision {
  verdict: "allow" | "deny";
  /** The allow would be a deny if an ipBlock did not match the addresses of pods. */
  onlyByPodAddress: boolean;
  /** The reference says nothing that would settle it, whatever the verdict. */
  leftOpen: "self" | "hostNetwork" | null;
}

export function evaluate(cluster: RawCluster, connection: RawConnection): LiteralDecision {
  const allowed = isConnectionAllowed(cluster, connection, { blocksMatchPods: true });
  return {
    verdict: allowed ? "allow" : "deny",
    onlyByPodAddress: allowed && !isConnectionAllowed(cluster, connection, { blocksMatchPods: false }),
    leftOpen: leftOpen(connection.source.pod, connection.destination.pod),
  };
}

function leftOpen(source: RawPod | undefined, destination: RawPod | undefined): LiteralDecision["leftOpen"] {
  // "Network policy behaviour for hostNetwork pods is undefined."
  if (source?.spec.hostNetwork === true || destination?.spec.hostNetwork === true) return "hostNetwork";
  // "A Pod cannot block access to itself."
  if (source !== undefined && destination !== undefined && source.metadata.uid === destination.metadata.uid) {
    return "self";
  }
  return null;
}

type Side = "Ingress" | "Egress";
interface Options {
  blocksMatchPods: boolean;
}

// "For a connection from a source pod to a destination pod to be allowed, both the egress policy on the source pod and
// the ingress policy on the destination pod need to allow the connection."
function isConnectionAllowed(cluster: RawCluster, connection: RawConnection, options: Options): boolean {
  return (
    isSideAllowed("Egress", cluster, connection, options) && isSideAllowed("Ingress", cluster, connection, options)
  );
}

// "Traffic is allowed to a pod if there are no NetworkPolicies selecting the pod, OR if the traffic matches at least one
// ingress rule across all of the NetworkPolicy objects whose podSelector matches the pod." And the same for egress.
function isSideAllowed(side: Side, cluster: RawCluster, connection: RawConnection, options: Options): boolean {
  const pod = side === "Ingress" ? connection.destination.pod : connection.source.pod;
  if (pod === undefined) return true;

  const selecting: RawPolicy[] = [];
  for (const policy of cluster.policies) {
    if (policyAppliesTo(policy, pod) && policyTypes(policy).includes(side)) selecting.push(policy);
  }
  if (selecting.length === 0) return true;

  for (const policy of selecting) {
    const rules = side === "Ingress" ? policy.spec?.ingress : policy.spec?.egress;
    // "If this field is empty then this NetworkPolicy does not allow any traffic."
    for (const rule of rules ?? []) {
      // A null in the list of rules is stored as an empty rule.
      if (ruleMatches(side, rule ?? {}, { cluster, policy, connection, options })) return true;
    }
  }
  return false;
}

// "If this field is not specified, it will default based on the existence of ingress or egress rules; policies that
// contain an egress section are assumed to affect egress, and all policies (whether or not they contain an ingress
// section) are assumed to affect ingress." The API server takes an egress section without a rule for none.
function policyTypes(policy: RawPolicy): string[] {
  const given = policy.spec?.policyTypes ?? [];
  if (given.length > 0) return given;
  const egress = policy.spec?.egress ?? [];
  return egress.length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
}

// "podSelector selects the pods to which this NetworkPolicy object applies. An empty selector matches all pods in the
// policy's namespace. This field is optional. If it is not specified, it defaults to an empty selector."
function policyAppliesTo(policy: RawPolicy, pod: RawPod): boolean {
  if (namespaceOf(policy) !== pod.metadata.namespace) return false;
  return selectorMatches(policy.spec?.podSelector ?? {}, pod.metadata.labels);
}

function namespaceOf(policy: RawPolicy): string {
  return policy.metadata.namespace ?? "default";
}

interface Situation {
  cluster: RawCluster;
  policy: RawPolicy;
  connection: RawConnection;
  options: Options;
}

// "The traffic must match both ports and from." And for egress: "The traffic must match both ports and to."
function ruleMatches(side: Side, rule: RawRule, situation: Situation): boolean {
  const { source, destination } = situation.connection;
  const peers = side === "Ingress" ? rule.from : rule.to;
  const peerEnd = side === "Ingress" ? source : destination;
  return somePeerMatches(peers, peerEnd, situation) && somePortMatches(rule.ports, situation.connection);
}

// "Items in this list are combined using a logical OR operation. If this field is empty or missing, this rule matches
// all sources (traffic not restricted by source). If this field is present and contains at least one item, this rule
// allows traffic only if the traffic matches at least one item in the from list."
function somePeerMatches(peers: Maybe<RawPeer[]>, end: RawEnd, situation: Situation): boolean {
  if (peers === null || peers === undefined || peers.length === 0) return true;
  for (const peer of peers) {
    if (peerMatches(peer, end, situation)) return true;
  }
  return false;
}

function peerMatches(peer: RawPeer, end: RawEnd, { cluster, policy, options }: Situation): boolean {
  // "If this field is set then neither of the other fields can be."
  if (peer.ipBlock !== null && peer.ipBlock !== undefined) {
    if (end.pod !== undefined && !options.blocksMatchPods) return false;
    return blockMatches(peer.ipBlock, end.address);
  }
  // What is left selects pods, so it never matches an address outside the cluster.
  if (end.pod === undefined) return false;
  const podLabels = end.pod.metadata.labels;
  const podNamespace = end.pod.metadata.namespace;
  const { podSelector, namespaceSelector } = peer;

  if (namespaceSelector !== null && namespaceSelector !== undefined) {
    const namespace = cluster.namespaces.find((one) => one.metadata.name === podNamespace);
    if (namespace === undefined) return false;
    const isNamespaceSelected = selectorMatches(namespaceSelector, namespace.metadata.labels);
    if (podSelector !== null && podSelector !== undefined) {
      // "If podSelector is also set, then the NetworkPolicyPeer as a whole selects the pods matching podSelector in the
      // namespaces selected by namespaceSelector."
      return isNamespaceSelected && selectorMatches(podSelector, podLabels);
    }
    // "Otherwise it selects all pods in the namespaces selected by namespaceSelector."
    return isNamespaceSelected;
  }
  if (podSelector !== null && podSelector !== undefined) {
    // "Otherwise it selects the pods matching podSelector in the policy's own namespace."
    return podNamespace === namespaceOf(policy) && selectorMatches(podSelector, podLabels);
  }
  return false;
}

// "If this field is empty or missing, this rule matches all ports (traffic not restricted by port). If this field is
// present and contains at least one item, then this rule allows traffic only if the traffic matches at least one port
// in the list."
function somePortMatches(ports: RawRule["ports"], connection: RawConnection): boolean {
  if (ports === null || ports === undefined || ports.length === 0) return true;
  for (const port of ports) {
    if (portMatches(port ?? {}, connection)) return true;
  }
  return false;
}

function portMatches(item: RawPort, connection: RawConnection): boolean {
  // "protocol represents the protocol (TCP, UDP, or SCTP) which traffic must match. If not specified, this field
  // defaults to TCP."
  if ((item.protocol ?? "TCP") !== connection.protocol) return false;
  // "If this field is not provided, this matches all port names and numbers."
  if (item.port === null || item.port === undefined) return true;
  // "This can either be a numerical or named port on a pod."
  if (typeof item.port === "string") return namedPorts(item.port, connection).includes(connection.port);
  // "endPort indicates that the range of ports from port to endPort if set, inclusive, should be allowed by the policy."
  if (item.endPort !== null && item.endPort !== undefined) {
    return item.port <= connection.port && connection.port <= item.endPort;
  }
  return item.port === connection.port;
}

/** The numbers that a name stands for: those of the destination pod, whichever way the rule looks. */
function namedPorts(name: string, connection: RawConnection): number[] {
  const pod = connection.destination.pod;
  if (pod === undefined) return [];
  const containers = [...pod.spec.containers];
  for (const init of pod.spec.initContainers ?? []) {
    // An init container that restarts always runs beside the others; the rest have ended before anything is reachable.
    if (init.restartPolicy === "Always") containers.push(init);
  }
  const numbers: number[] = [];
  for (const container of containers) {
    for (const port of container.ports ?? []) {
      if (port.name === name && (port.protocol ?? "TCP") === connection.protocol) numbers.push(port.containerPort);
    }
  }
  return numbers;
}

// "The result of matchLabels and matchExpressions are ANDed. An empty label selector matches all objects."
function selectorMatches(selector: RawSelector, rawLabels: RawLabels): boolean {
  const labels = rawLabels ?? {};
  for (const key of Object.keys(selector.matchLabels ?? {})) {
    // "A single {key,value} in the matchLabels map is equivalent to an element of matchExpressions, whose key field is
    // "key", the operator is "In", and the values array contains only "value"."
    const value = selector.matchLabels?.[key] ?? "";
    if (!expressionMatches({ key, operator: "In", values: [value] }, labels)) return false;
  }
  for (const expression of selector.matchExpressions ?? []) {
    if (!expressionMatches(expression, labels)) return false;
  }
  return true;
}

function expressionMatches({ key, operator, values }: RawExpression, labels: Record<string, string>): boolean {
  const hasKey = Object.hasOwn(labels, key);
  const isListed = hasKey && (values ?? []).includes(labels[key] ?? "");
  if (operator === "In") return hasKey && isListed;
  // Of NotIn and DoesNotExist: "selects all resources … and all resources with no labels with the … key".
  if (operator === "NotIn") return !hasKey || !isListed;
  if (operator === "Exists") return hasKey;
  if (operator === "DoesNotExist") return !hasKey;
  throw new Error(`"${operator}" is not a valid selector operator`);
}

// "ipBlock describes a particular CIDR that is allowed to the pods matched by a NetworkPolicySpec's podSelector. The
// except entry describes CIDRs that should not be included within this rule."
function blockMatches(block: { cidr: string; except?: Maybe<string[]> }, address: string): boolean {
  if (!cidrContains(block.cidr, address)) return false;
  for (const exception of block.except ?? []) {
    if (cidrContains(exception, address)) return false;
  }
  return true;
}

function cidrContains(cidr: string, address: string): boolean {
  const [network = "", length = ""] = cidr.split("/");
  // "10.0.0.0/8" says nothing of IPv6 addresses, "::/0" nothing of IPv4 addresses.
  if (network.includes(":") !== address.includes(":")) return false;
  return bits(network).slice(0, Number(length)) === bits(address).slice(0, Number(length));
}

const KNOWN_BITS = new Map<string, string>();

/** The address as a string of 32 or 128 zeros and ones, worked out once. */
function bits(address: string): string {
  const known = KNOWN_BITS.get(address) ?? (address.includes(":") ? ipv6Bits(address) : ipv4Bits(address));
  KNOWN_BITS.set(address, known);
  return known;
}

function ipv4Bits(address: string): string {
  const parts = address.split(".").map((part) => Number(part).toString(2).padStart(8, "0"));
  return parts.join("");
}

function ipv6Bits(address: string): string {
  const [left = "", right] = address.split("::");
  const head = left === "" ? [] : left.split(":");
  const tail = right === undefined || right === "" ? [] : right.split(":");
  const missing = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  const groups = [...head, ...missing, ...tail];
  return groups.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0")).join("");
}
