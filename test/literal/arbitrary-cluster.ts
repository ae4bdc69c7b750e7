// Random clusters as raw JSON, over alphabets so small that selectors, names, ports and blocks often meet.
import fc from "fast-check";
import type {
  Maybe,
  RawCluster,
  RawContainer,
  RawNamespace,
  RawPeer,
  RawPod,
  RawPolicy,
  RawPort,
  RawRule,
  RawSelector,
} from "./evaluate.ts";

const NAMESPACES = ["n0", "n1", "n2", "n3"];
const KEYS = ["a", "b", "c"];
const VALUES = ["", "x", "y"];
const PORT_NAMES = ["web", "dns", "alt"];
const PORTS = [1, 80, 81, 65_535];
const NAME_LABEL = "kubernetes.io/metadata.name";
const BLOCKS = [
  "0.0.0.0/0",
  "0.0.0.0/1",
  "10.0.0.0/8",
  "10.0.0.0/24",
  "10.0.1.0/24",
  "10.0.0.0/30",
  "10.0.0.1/32",
  "10.0.1.2/31",
  "10.0.0.200/32",
  "192.0.2.0/24",
  "::/0",
  "fd00::/16",
  "fd00::/32",
  "fd00:0:0:1::/64",
  "fd00::/126",
  "fd00::1/128",
  "fd00::c8/128",
  "2001:db8::/32",
];

/** Addresses of no pod: one near the pods and one far away, of each family. */
export const OUTSIDE_ADDRESSES = ["10.0.0.200", "192.0.2.7", "fd00::c8", "2001:db8::7"] as const;

const absent = fc.constantFrom(undefined, null);
const protocol = fc.constantFrom("TCP", "UDP", "SCTP");
const labels = fc.oneof(
  { weight: 6, arbitrary: fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), { maxKeys: 3 }) },
  { weight: 1, arbitrary: absent },
);

function listOrNothing<T>(item: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<Maybe<T[]>> {
  return fc.oneof(
    { weight: 5, arbitrary: fc.array(item, { minLength: 1, maxLength }) },
    { weight: 1, arbitrary: fc.constant<T[]>([]) },
    { weight: 1, arbitrary: absent },
  );
}

function selectorOver(keys: readonly string[], values: readonly string[]): fc.Arbitrary<RawSelector> {
  const key = fc.constantFrom(...keys);
  const value = fc.constantFrom(...values);
  const expression = fc.oneof(
    fc.record({
      key,
      operator: fc.constantFrom("In", "NotIn"),
      values: fc.uniqueArray(value, { minLength: 1, maxLength: 2 }),
    }),
    fc.record({
      key,
      operator: fc.constantFrom("Exists", "DoesNotExist"),
      values: fc.constantFrom<Maybe<string[]>[]>(undefined, null, []),
    }),
  );
  const matchLabels = fc.oneof(fc.dictionary(key, value, { maxKeys: 2 }), absent);
  const matchExpressions = fc.oneof(fc.array(expression, { maxLength: 2 }), absent);
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant<RawSelector>({}) },
    { weight: 4, arbitrary: fc.record({ matchLabels, matchExpressions }) },
  );
}

const podSelector = selectorOver(KEYS, VALUES);
const namespaceSelector = fc.oneof(podSelector, selectorOver([NAME_LABEL, "a"], [...NAMESPACES, "x"]));

const block = fc.constantFrom(...BLOCKS);
const ipBlock = fc.record({ cidr: block, except: fc.oneof(absent, fc.array(block, { maxLength: 2 })) });
const peer: fc.Arbitrary<RawPeer> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ podSelector, namespaceSelector: absent, ipBlock: absent }) },
  { weight: 1, arbitrary: fc.record({ podSelector: absent, namespaceSelector }) },
  { weight: 1, arbitrary: fc.record({ podSelector, namespaceSelector }) },
  { weight: 2, arbitrary: fc.record({ ipBlock, podSelector: absent }) },
);

const number = fc.constantFrom(...PORTS);
const port: fc.Arbitrary<Maybe<RawPort>> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ protocol: fc.oneof(protocol, absent), port: absent }) },
  { weight: 4, arbitrary: fc.record({ protocol: fc.oneof(protocol, absent), port: number, endPort: absent }) },
  { weight: 4, arbitrary: fc.record({ protocol: fc.oneof(protocol, absent), port: fc.constantFrom(...PORT_NAMES) }) },
  {
    weight: 3,
    arbitrary: fc.record({ protocol: fc.oneof(protocol, absent), port: number, endPort: number }).map((item) => ({
      ...item,
      port: Math.min(item.port, item.endPort),
      endPort: Math.max(item.port, item.endPort),
    })),
  },
  { weight: 1, arbitrary: fc.constantFrom(null, {}) },
);

function rule(peers: "from" | "to"): fc.Arbitrary<Maybe<RawRule>> {
  return fc.oneof(
    {
      weight: 9,
      arbitrary: fc.record({ [peers]: listOrNothing(peer, 3), ports: listOrNothing(port, 3) }),
    },
    { weight: 1, arbitrary: fc.constantFrom(null, {}) },
  );
}

const policyTypes = fc.constantFrom<Maybe<string[]>[]>(
  undefined,
  null,
  [],
  ["Ingress"],
  ["Egress"],
  ["Ingress", "Egress"],
  ["Egress", "Ingress"],
  ["Ingress", "Ingress"],
);
const spec = fc.record({
  podSelector: fc.oneof({ weight: 6, arbitrary: podSelector }, { weight: 1, arbitrary: absent }),
  policyTypes,
  ingress: listOrNothing(rule("from"), 2),
  egress: listOrNothing(rule("to"), 2),
});

/** A policy of any shape; the name comes from the caller, since names are unique. */
export function arbitraryPolicy(name: string, namespaces: readonly string[]): fc.Arbitrary<RawPolicy> {
  return fc.record({
    metadata: fc.record({ name: fc.constant(name), namespace: fc.constantFrom(...namespaces) }),
    spec: fc.oneof({ weight: 19, arbitrary: spec }, { weight: 1, arbitrary: absent }),
  });
}

function arbitraryNamespace(name: string): fc.Arbitrary<RawNamespace> {
  return labels.map((own) => ({ metadata: { name, labels: { ...own, [NAME_LABEL]: name } } }));
}

const containerPorts = listOrNothing(
  fc.record({
    name: fc.constantFrom(undefined, ...PORT_NAMES),
    containerPort: fc.constantFrom(80, 81, 82),
    protocol: fc.oneof(protocol, absent),
  }),
  3,
);
const containers: fc.Arbitrary<RawContainer[]> = fc.array(
  fc.record({ name: fc.constant("c"), ports: containerPorts }),
  {
    minLength: 1,
    maxLength: 2,
  },
);
const initContainers: fc.Arbitrary<Maybe<RawContainer[]>> = fc.oneof(
  { weight: 4, arbitrary: absent },
  {
    weight: 1,
    arbitrary: fc.array(
      fc.record({
        name: fc.constant("i"),
        restartPolicy: fc.constantFrom(undefined, "Always"),
        ports: containerPorts,
      }),
      { minLength: 1, maxLength: 2 },
    ),
  },
);

function arbitraryPod(index: number, namespaces: readonly string[]): fc.Arbitrary<RawPod> {
  const ipv4 = { ip: `10.0.${index % 2}.${index + 1}` };
  const ipv6 = { ip: `fd00:0:0:${index % 2}::${index + 1}` };
  return fc.record({
    metadata: fc.record({
      name: fc.constant(`pod${index}`),
      namespace: fc.constantFrom(...namespaces),
      uid: fc.constant(`uid${index}`),
      labels,
    }),
    spec: fc.record({
      containers,
      initContainers,
      hostNetwork: fc.oneof({ weight: 24, arbitrary: fc.constantFrom(undefined, null, false) }, fc.constant(true)),
    }),
    status: fc.record({ podIPs: fc.constantFrom([ipv4], [ipv4], [ipv4], [ipv6], [ipv4, ipv6], [ipv6, ipv4]) }),
  });
}

export const arbitraryCluster: fc.Arbitrary<RawCluster> = fc
  .record({
    namespaces: fc.integer({ min: 2, max: 4 }),
    pods: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 3, max: 5 }) }, fc.integer({ min: 6, max: 7 })),
    policies: fc.oneof({ weight: 24, arbitrary: fc.integer({ min: 1, max: 6 }) }, fc.constant(0)),
  })
  .chain((size) => {
    const names = NAMESPACES.slice(0, size.namespaces);
    return fc.record({
      namespaces: fc.tuple(...names.map(arbitraryNamespace)),
      pods: fc.tuple(...count(size.pods).map((index) => arbitraryPod(index, names))),
      policies: fc.tuple(...count(size.policies).map((index) => arbitraryPolicy(`p${index}`, names))),
    });
  });

function count(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
