import { expect, test } from "vitest";
import { readPodSpec } from "./pod-spec.ts";
import { bound, type Placement, place } from "./scheduler.ts";
import { podObject } from "./testing/pods.ts";

const ROOMS = [
  { node: "node1", free: 2 },
  { node: "node2", free: 2 },
];
const NODE2 = { ...podObject({ metadata: { name: "node2", labels: { disk: "ssd" } } }), kind: "Node" };

const CASES: readonly { name: string; spec: object; rooms?: typeof ROOMS; expected: readonly Placement[] }[] = [
  {
    name: "without a wish goes to the nodes in turn",
    spec: {},
    expected: [
      { kind: "node", node: "node1" },
      { kind: "node", node: "node2" },
      { kind: "node", node: "node1" },
    ],
  },
  {
    name: "that selects a host name goes there each time",
    spec: { nodeSelector: { "kubernetes.io/hostname": "node2" } },
    expected: [
      { kind: "node", node: "node2" },
      { kind: "node", node: "node2" },
    ],
  },
  {
    name: "that selects a label goes to the node that has it",
    spec: { nodeSelector: { disk: "ssd" } },
    expected: [{ kind: "node", node: "node2" }],
  },
  {
    name: "is spread over the nodes that have room",
    spec: {},
    rooms: [
      { node: "node1", free: 0 },
      { node: "node2", free: 1 },
    ],
    expected: [
      { kind: "node", node: "node2" },
      { kind: "node", node: "node2" },
    ],
  },
  {
    name: "that no node may have stays without",
    spec: { nodeSelector: { disk: "tape" } },
    expected: [
      {
        kind: "unschedulable",
        message: "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
      },
    ],
  },
  {
    name: "for which no node has room stays without",
    spec: { nodeSelector: { disk: "ssd" } },
    rooms: [
      { node: "node1", free: 1 },
      { node: "node2", free: 0 },
    ],
    expected: [
      {
        kind: "unschedulable",
        message: "0/2 nodes are available: 1 Too many pods, 1 node(s) didn't match Pod's node affinity/selector.",
      },
    ],
  },
];

test.each(CASES)("a pod $name", ({ spec, rooms = ROOMS, expected }) => {
  const pod = readPodSpec(podObject({ spec }));
  expect(expected.map((_, turn) => place(pod, rooms, { nodes: [NODE2], turn }))).toEqual(expected);
});

test("a pod with outside addresses is on no node and on no network that policies govern", () => {
  const annotations = { "lab.netproof.dev/outside-addresses": "203.0.113.10, 198.51.100.7" };
  const pod = podObject({ metadata: { annotations } });
  expect(readPodSpec(pod).outside).toEqual(["203.0.113.10", "198.51.100.7"]);
  const placement = place(readPodSpec(pod), ROOMS, { nodes: [], turn: 0 });
  expect(placement).toEqual({ kind: "outside" });
  expect(bound(pod, placement, "now")).toMatchObject({ spec: { nodeName: "outside", hostNetwork: true } });
});

test("what the scheduler writes is its one condition", () => {
  const pod = podObject({ status: { conditions: [{ type: "PodScheduled", status: "False" }, { type: "other" }] } });
  expect(bound(pod, { kind: "node", node: "node1" }, "now")).toMatchObject({
    spec: { nodeName: "node1" },
    status: {
      phase: "Pending",
      conditions: [
        { type: "other" },
        { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: "now" },
      ],
    },
  });
  expect(bound(pod, { kind: "unschedulable", message: "no room" }, "now")).toMatchObject({
    status: { conditions: [{ type: "other" }, { status: "False", reason: "Unschedulable", message: "no room" }] },
  });
});
