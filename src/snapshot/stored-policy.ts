import { canonicalCidr } from "./cidr-syntax.ts";
import {
  type Direction,
  type NetworkPolicy,
  type Peer,
  type PortItem,
  PROTOCOLS,
  type Rule,
  type Selector,
} from "./model.ts";
import {
  storedLabels,
  storedList,
  storedName,
  storedOneOf,
  storedPort,
  storedRecord,
  storedString,
  storedStrings,
  unreadable,
} from "./stored-json.ts";

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"] as const;
const PEERS = { ingress: "from", egress: "to" } as const satisfies Record<Direction, string>;

/** Reads a NetworkPolicy as the API gives it; a UserError only where the shape cannot be understood. */
export function parsePolicy(object: unknown): NetworkPolicy {
  const { metadata, spec: given } = storedRecord(object, "NetworkPolicy");
  const { namespace, name } = storedRecord(metadata, "NetworkPolicy metadata");
  const policy = {
    namespace: storedName(namespace, "NetworkPolicy metadata.namespace"),
    name: storedName(name, "NetworkPolicy metadata.name"),
  };
  const path = `NetworkPolicy ${policy.namespace}/${policy.name} spec`;
  const spec = storedRecord(given, path);
  return {
    ...policy,
    podSelector: parseSelector(spec.podSelector, `${path}.podSelector`),
    ...parseRulesOf(spec, path),
  };
}

/** Absent or empty `policyTypes`: always Ingress, and Egress if there is an egress rule. */
function parseRulesOf(
  spec: Readonly<Record<string, unknown>>,
  path: string,
): Pick<NetworkPolicy, "isolates" | "unnamed"> {
  const types = storedStrings(spec.policyTypes, `${path}.policyTypes`);
  const ingress = parseRules(spec.ingress, "ingress", path);
  const egress = parseRules(spec.egress, "egress", path);
  const isNamed = {
    ingress: types.length === 0 || types.includes("Ingress"),
    egress: types.includes("Egress") || (types.length === 0 && egress.length > 0),
  };
  const isolates = { ...(isNamed.ingress ? { ingress } : {}), ...(isNamed.egress ? { egress } : {}) };
  const unnamed = {
    ...(!isNamed.ingress && ingress.length > 0 ? { ingress } : {}),
    ...(!isNamed.egress && egress.length > 0 ? { egress } : {}),
  };
  return { isolates, ...(Object.keys(unnamed).length === 0 ? {} : { unnamed }) };
}

function parseRules(value: unknown, direction: Direction, specPath: string): readonly Rule[] {
  return storedList(value, `${specPath}.${direction}`).map((item, index) => {
    const path = `${specPath}.${direction}[${index}]`;
    const rule = storedRecord(item, path);
    const peersField = PEERS[direction];
    const peers = storedList(rule[peersField], `${path}.${peersField}`);
    return {
      peers: peers.map((peer, at) => parsePeer(peer, `${path}.${peersField}[${at}]`)),
      ports: storedList(rule.ports, `${path}.ports`).map((port, at) => parsePortItem(port, `${path}.ports[${at}]`)),
    };
  });
}

function parsePeer(value: unknown, path: string): Peer {
  const { ipBlock, namespaceSelector, podSelector } = storedRecord(value, path);
  if (isGiven(ipBlock)) {
    const { cidr, except } = storedRecord(ipBlock, `${path}.ipBlock`);
    const exceptPath = `${path}.ipBlock.except`;
    const excepted = storedList(except, exceptPath).map((item, index) => parseCidr(item, `${exceptPath}[${index}]`));
    return { kind: "ipBlock", cidr: parseCidr(cidr, `${path}.ipBlock.cidr`), except: excepted };
  }
  if (!isGiven(namespaceSelector) && !isGiven(podSelector)) throw unreadable(path, "a peer", value);
  return {
    kind: "pods",
    ...(isGiven(namespaceSelector) && {
      namespaceSelector: parseSelector(namespaceSelector, `${path}.namespaceSelector`),
    }),
    ...(isGiven(podSelector) && { podSelector: parseSelector(podSelector, `${path}.podSelector`) }),
  };
}

function parseCidr(value: unknown, path: string): string {
  const canonical = canonicalCidr(storedString(value, path));
  if (canonical === undefined) throw unreadable(path, "a CIDR", value);
  return canonical;
}

function parsePortItem(value: unknown, path: string): PortItem {
  const item = storedRecord(value, path);
  const protocol = isGiven(item.protocol) ? storedOneOf(item.protocol, `${path}.protocol`, PROTOCOLS) : "TCP";
  if (!isGiven(item.port)) return { kind: "all", protocol };
  if (typeof item.port === "string") return { kind: "name", protocol, name: storedName(item.port, `${path}.port`) };
  const from = storedPort(item.port, `${path}.port`);
  const to = isGiven(item.endPort) ? storedPort(item.endPort, `${path}.endPort`) : from;
  return { kind: "range", protocol, from, to };
}

/** `matchLabels` come sorted by key, as the API server writes them, so that a file and what was stored compare equal. */
export function parseSelector(value: unknown, path: string): Selector {
  const { matchLabels, matchExpressions } = storedRecord(value, path);
  const labels = Object.entries(storedLabels(matchLabels, `${path}.matchLabels`));
  const equalities = labels
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, label]) => ({ key, operator: "In" as const, values: [label] }));
  const expressions = storedList(matchExpressions, `${path}.matchExpressions`).map((item, index) => {
    const at = `${path}.matchExpressions[${index}]`;
    const { key, operator, values } = storedRecord(item, at);
    return {
      key: storedString(key, `${at}.key`),
      operator: storedOneOf(operator, `${at}.operator`, OPERATORS),
      values: storedStrings(values, `${at}.values`),
    };
  });
  return [...equalities, ...expressions];
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
