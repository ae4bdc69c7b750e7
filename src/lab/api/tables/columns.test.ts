import { describe, expect, test } from "vitest";
import { humanDuration, selectorText } from "./cells.ts";
import { columnsOf } from "./columns.ts";

const NOW = new Date("2026-01-01T00:10:00Z");
const AGO = "2026-01-01T00:09:30Z";

const RUNNING = { ready: true, restartCount: 0, state: { running: {} } };

describe("the row of", () => {
  test.each([
    {
      name: "a pod that runs",
      kind: "Pod",
      object: {
        spec: { containers: [{}], nodeName: "node1" },
        status: { phase: "Running", podIPs: [{ ip: "10.0.0.1" }], containerStatuses: [RUNNING] },
      },
      cells: ["x", "1/1", "Running", "0", "30s", "10.0.0.1", "node1", "<none>", "<none>"],
    },
    {
      name: "a pod that is waited for",
      kind: "Pod",
      object: {
        spec: { containers: [{}, {}], readinessGates: [{ conditionType: "a" }] },
        status: {
          phase: "Pending",
          containerStatuses: [
            { ready: false, state: { waiting: { reason: "ErrImagePull" } } },
            { ready: false, state: { waiting: { reason: "ContainerCreating" } } },
          ],
        },
      },
      cells: ["x", "0/2", "ErrImagePull", "0", "30s", "<none>", "<none>", "<none>", "0/1"],
    },
    {
      name: "a pod that restarts",
      kind: "Pod",
      object: {
        spec: { containers: [{}] },
        status: {
          phase: "Running",
          containerStatuses: [
            {
              ready: false,
              restartCount: 3,
              state: { waiting: { reason: "CrashLoopBackOff" } },
              lastState: { terminated: { finishedAt: "2026-01-01T00:09:50Z" } },
            },
          ],
        },
      },
      cells: ["x", "0/1", "CrashLoopBackOff", "3 (10s ago)", "30s", "<none>", "<none>", "<none>", "<none>"],
    },
    {
      name: "a pod one of whose containers is done",
      kind: "Pod",
      object: {
        spec: { containers: [{}, {}] },
        status: {
          phase: "Running",
          containerStatuses: [{ ready: false, state: { terminated: { exitCode: 0, reason: "Completed" } } }, RUNNING],
        },
      },
      cells: ["x", "1/2", "NotReady", "0", "30s", "<none>", "<none>", "<none>", "<none>"],
    },
    {
      name: "a pod that is being deleted",
      kind: "Pod",
      object: {
        metadata: { deletionTimestamp: AGO },
        spec: { containers: [{}] },
        status: { phase: "Running", containerStatuses: [RUNNING] },
      },
      cells: ["x", "1/1", "Terminating", "0", "30s", "<none>", "<none>", "<none>", "<none>"],
    },
    {
      name: "a node",
      kind: "Node",
      object: {
        metadata: { labels: { "node-role.kubernetes.io/worker": "" } },
        spec: { unschedulable: true },
        status: {
          conditions: [{ type: "Ready", status: "True" }],
          addresses: [{ type: "InternalIP", address: "10.1.0.1" }],
          nodeInfo: { kubeletVersion: "v1", kernelVersion: "6.1", architecture: "amd64" },
        },
      },
      cells: [
        "x",
        "Ready,SchedulingDisabled",
        "worker",
        "30s",
        "v1",
        "10.1.0.1",
        "<none>",
        "<unknown>",
        "6.1 (amd64)",
        "<unknown>",
      ],
    },
    {
      name: "a job that is done",
      kind: "Job",
      object: {
        spec: {
          completions: 2,
          selector: { matchLabels: { a: "b" } },
          template: {
            spec: {
              containers: [
                { name: "c", image: "i" },
                { name: "d", image: "j" },
              ],
            },
          },
        },
        status: {
          succeeded: 2,
          startTime: AGO,
          completionTime: "2026-01-01T00:09:40Z",
          conditions: [{ type: "Complete", status: "True" }],
        },
      },
      cells: ["x", "Complete", "2/2", "10s", "30s", "c,d", "i,j", "a=b"],
    },
    {
      name: "a job that is suspended",
      kind: "Job",
      object: { status: { conditions: [{ type: "Suspended", status: "True" }] } },
      cells: ["x", "Suspended", "0/1", "", "30s", "", "", "<none>"],
    },
    {
      name: "a service",
      kind: "Service",
      object: {
        spec: {
          type: "NodePort",
          clusterIP: "10.96.0.1",
          selector: { b: "2", a: "1" },
          ports: [
            { port: 80, nodePort: 30080, protocol: "TCP" },
            { port: 53, protocol: "UDP" },
          ],
        },
      },
      cells: ["x", "NodePort", "10.96.0.1", "<none>", "80:30080/TCP,53/UDP", "30s", "a=1,b=2"],
    },
    {
      name: "a quota",
      kind: "ResourceQuota",
      object: { status: { hard: { pods: "20", "limits.cpu": "2", configmaps: "9" }, used: { pods: "1" } } },
      cells: ["x", "configmaps: 0/9, pods: 1/20", "limits.cpu: 0/2", "30s"],
    },
    {
      name: "an endpoint slice",
      kind: "EndpointSlice",
      object: {
        addressType: "IPv4",
        ports: [{ port: 8080 }],
        endpoints: [
          { addresses: ["10.0.0.1"] },
          { addresses: ["10.0.0.2"] },
          { addresses: ["10.0.0.3"] },
          { addresses: ["10.0.0.4"] },
        ],
      },
      cells: ["x", "IPv4", "8080", "10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...", "30s"],
    },
    {
      name: "an event",
      kind: "Event",
      object: {
        type: "Normal",
        reason: "Pulled",
        message: "done\n",
        count: 2,
        firstTimestamp: "2026-01-01T00:00:00Z",
        lastTimestamp: AGO,
        source: { component: "kubelet", host: "node1" },
        involvedObject: { kind: "Pod", name: "web", fieldPath: "spec" },
      },
      cells: ["30s", "Normal", "Pulled", "pod/web", "spec", "kubelet, node1", "done", "10m", 2, "x"],
    },
    { name: "a kind without columns of its own", kind: "ServiceAccount", object: {}, cells: ["x", "30s"] },
  ])("$name is what a genuine server would show", ({ kind, object, cells }) => {
    const { metadata = {} } = object as { metadata?: object };
    const whole = { ...object, metadata: { name: "x", creationTimestamp: AGO, ...metadata } };
    expect(columnsOf(kind).map(({ cell }) => cell(whole, NOW))).toEqual(cells);
  });
});

test.each([
  [-5, "<invalid>"],
  [-1, "0s"],
  [119, "119s"],
  [120, "2m"],
  [599, "9m59s"],
  [10_799, "179m"],
  [10_800, "3h"],
  [28_799, "7h59m"],
  [172_799, "47h"],
  [172_800, "2d"],
  [691_199, "7d23h"],
  [691_200, "8d"],
  [2 * 31_536_000, "2y"],
  [3 * 31_536_000 + 86_400, "3y1d"],
  [9 * 31_536_000, "9y"],
])("%d seconds are written %s", (seconds, expected) => {
  expect(humanDuration(seconds * 1000)).toBe(expected);
});

test("a selector is written in the order of its keys", () => {
  const matchExpressions = [
    { key: "tier", operator: "NotIn", values: ["b", "a"] },
    { key: "b", operator: "Exists" },
    { key: "c", operator: "DoesNotExist" },
  ];
  expect(selectorText({ matchLabels: { app: "db" }, matchExpressions })).toBe("app=db,b,!c,tier notin (a,b)");
});
