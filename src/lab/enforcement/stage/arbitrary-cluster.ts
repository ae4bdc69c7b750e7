import fc from "fast-check";
import type { KubeObject } from "../../contracts.ts";
import { object } from "./cluster.ts";

// Few words and few addresses, so that selectors hit, blocks overlap and sets coincide. Everything here is admissible.
const word = fc.constantFrom("a", "b", "c");
const name = fc.constantFrom("http", "dns", "metrics");
const namespace = fc.constantFrom("one", "two", "three");
const protocol = fc.constantFrom(undefined, "TCP", "UDP", "SCTP");
const port = fc.oneof(fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 79, max: 83 }));
const labels = fc.dictionary(word, fc.constantFrom("x", "y", ""), { maxKeys: 2 });

const expression = fc.oneof(
  fc.record({
    key: word,
    operator: fc.constantFrom("In", "NotIn"),
    values: fc.subarray(["x", "y", ""], { minLength: 1 }),
  }),
  fc.record({ key: word, operator: fc.constantFrom("Exists", "DoesNotExist") }),
);
const selector = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) },
  { requiredKeys: [] },
);

const block4 = fc.record({ prefix: fc.integer({ min: 0, max: 32 }), low: fc.integer({ min: 0, max: 0xffff }) });
const block6 = fc.record({ prefix: fc.integer({ min: 0, max: 128 }), low: fc.integer({ min: 0, max: 0xffff }) });
const ipBlock = fc
  .oneof(
    fc.array(block4, { minLength: 1, maxLength: 4 }).map((blocks) => blocks.map(cidr4)),
    fc.array(block6, { minLength: 1, maxLength: 4 }).map((blocks) => blocks.map(cidr6)),
  )
  .map(([cidr, ...except]) => ({ ipBlock: { cidr, ...(except.length > 0 && { except }) } }));
const peer = fc.oneof(
  ipBlock,
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ namespaceSelector: selector, podSelector: selector }),
);
const portItem = fc.oneof(
  fc.record({ protocol }),
  fc.record({ protocol, port: fc.oneof(port, name) }),
  fc.record({ protocol, port, length: fc.integer({ min: 0, max: 70000 }) }).map(({ length, ...item }) => ({
    ...item,
    endPort: Math.min(65535, item.port + length),
  })),
);
const list = <T>(item: fc.Arbitrary<T>) => fc.option(fc.array(item, { maxLength: 4 }));
const rules = (peers: "from" | "to") =>
  list(fc.record({ [peers]: list(peer), ports: list(portItem) }, { requiredKeys: [] }));

const policySpec = fc.record(
  {
    podSelector: selector,
    policyTypes: fc.subarray(["Ingress", "Egress"]),
    ingress: rules("from"),
    egress: rules("to"),
  },
  { requiredKeys: [] },
);

export const policies: fc.Arbitrary<readonly KubeObject[]> = fc
  .array(fc.record({ namespace, spec: policySpec }), { maxLength: 8 })
  .map((all) => all.map(({ namespace, spec }, i) => object("NetworkPolicy", { namespace, name: `p${i}` }, { spec })));

const podPort = fc.record({ name: fc.option(name, { nil: undefined }), containerPort: port, protocol });
export const pods: fc.Arbitrary<readonly KubeObject[]> = fc
  .array(
    fc.record({
      namespace,
      labels,
      node: fc.constantFrom("node1", "node2", undefined),
      families: fc.subarray([0, 1]),
      ports: fc.array(podPort, { maxLength: 3 }),
      phase: fc.constantFrom("Pending", "Running", "Running", "Failed"),
      hostNetwork: fc.constantFrom(false, false, true),
    }),
    { maxLength: 12 },
  )
  .map((all) =>
    all.map(({ namespace, labels, node, families, ports, phase, hostNetwork }, i) => {
      const podIPs = families.map((family) => ({ ip: [`10.244.1.${i + 2}`, `fd00:10:244:1::${i + 2}`][family] }));
      const spec = { nodeName: node, hostNetwork, containers: [{ ports }] };
      return object("Pod", { namespace, name: `pod${i}`, labels }, { spec, status: { phase, podIPs } });
    }),
  );

export const namespaces: fc.Arbitrary<readonly KubeObject[]> = fc
  .tuple(labels, labels)
  .map(([one, two]) => [
    object("Namespace", { name: "one", labels: one }, {}),
    object("Namespace", { name: "two", labels: two }, {}),
  ]);

function cidr4({ prefix, low }: { readonly prefix: number; readonly low: number }): string {
  const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  const network = ((0x0af40000 | low) & mask) >>> 0;
  return `${[24, 16, 8, 0].map((shift) => (network >>> shift) & 0xff).join(".")}/${prefix}`;
}

function cidr6({ prefix, low }: { readonly prefix: number; readonly low: number }): string {
  const mask = ((1n << 128n) - 1n) ^ ((1n << BigInt(128 - prefix)) - 1n);
  const network = ((0xfd00_0010_0244_0001n << 64n) | BigInt(low)) & mask;
  const groups = Array.from({ length: 8 }, (_, i) => (network >> BigInt(112 - 16 * i)) & 0xffffn);
  return `${groups.map((group) => group.toString(16)).join(":")}/${prefix}`;
}
