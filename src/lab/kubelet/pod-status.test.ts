import { expect, test } from "vitest";
import { readPodSpec } from "./pod-spec.ts";
import { type ContainerFacts, type PodFacts, phaseOf, renderStatus } from "./pod-status.ts";
import { podObject } from "./testing/pods.ts";

const GATED = { readinessGates: [{ conditionType: "netproof.dev/never" }] };
const WAITING = { kind: "waiting", waiting: { reason: "ContainerCreating" } } as const;
const RUNNING = { kind: "running", startedAt: "t1", id: "lab://0b2c/probe/0" } as const;
const ENDED = {
  kind: "terminated",
  exitCode: 0,
  reason: "Completed",
  startedAt: "t1",
  finishedAt: "t2",
  id: "lab://0b2c/probe/0",
} as const;
const CRASHED = { ...ENDED, exitCode: 1, reason: "Error" } as const;

function factsOf(container: Partial<ContainerFacts>, pod: Partial<PodFacts> = {}, given: object = {}): PodFacts {
  const spec = readPodSpec(podObject({ spec: given }));
  const [first] = spec.containers;
  if (first === undefined) throw new Error("no container");
  const containers = [
    {
      spec: first,
      state: WAITING,
      last: undefined,
      restarts: 0,
      isStarted: true,
      isReady: true,
      willRestart: false,
      ...container,
    },
  ];
  const addresses = ["10.244.1.2"];
  return { spec, startTime: "t0", hostIP: "10.250.0.2", addresses, containers, failure: undefined, ...pod };
}

test("a pod that is not wired yet has no address and waits", () => {
  const status = renderStatus(podObject(), factsOf({}, { addresses: [] }), "now");
  const unready = { reason: "ContainersNotReady", message: "containers with unready status: [probe]" };
  const times = { lastProbeTime: null, lastTransitionTime: "now" };
  expect(status).toEqual({
    phase: "Pending",
    conditions: [
      { type: "PodReadyToStartContainers", status: "False", ...times },
      { type: "Initialized", status: "True", ...times },
      { type: "Ready", status: "False", ...times, ...unready },
      { type: "ContainersReady", status: "False", ...times, ...unready },
      { type: "PodScheduled", status: "True", ...times },
    ],
    hostIP: "10.250.0.2",
    hostIPs: [{ ip: "10.250.0.2" }],
    startTime: "t0",
    containerStatuses: [
      {
        name: "probe",
        state: { waiting: { reason: "ContainerCreating" } },
        lastState: {},
        ready: false,
        restartCount: 0,
        image: "localhost/netproof-probe:0.1.0",
        imageID: "",
        started: false,
      },
    ],
  });
});

test("a running pod behind a readiness gate that nobody opens has ready containers and is not ready", () => {
  const pod = podObject({ metadata: { generation: 3 }, spec: GATED });
  const status = renderStatus(pod, factsOf({ state: RUNNING }, {}, GATED), "now");
  expect(status).toMatchObject({
    observedGeneration: 3,
    phase: "Running",
    podIP: "10.244.1.2",
    podIPs: [{ ip: "10.244.1.2" }],
    conditions: [
      { type: "PodReadyToStartContainers", status: "True", observedGeneration: 3 },
      { type: "Initialized", status: "True" },
      {
        type: "Ready",
        status: "False",
        reason: "ReadinessGatesNotReady",
        message: 'corresponding condition of pod readiness gate "netproof.dev/never" does not exist.',
      },
      { type: "ContainersReady", status: "True" },
      { type: "PodScheduled", status: "True" },
    ],
    containerStatuses: [
      { ready: true, started: true, state: { running: { startedAt: "t1" } }, containerID: "lab://0b2c/probe/0" },
    ],
  });
});

const ready = (status: object) =>
  (status as { conditions: { type: string; status: string }[] }).conditions.find(({ type }) => type === "Ready");

test("the conditions of others stay, and open readiness gates", () => {
  const gate = { type: "netproof.dev/never", status: "True" };
  const pod = podObject({ spec: GATED, status: { conditions: [gate] } });
  const status = renderStatus(pod, factsOf({ state: RUNNING }, {}, GATED), "now");
  expect(ready(status)).toMatchObject({ status: "True" });
  expect(status).toMatchObject({ conditions: expect.arrayContaining([gate]) });
  const shut = podObject({ spec: GATED, status: { conditions: [{ ...gate, status: "False" }] } });
  expect(ready(renderStatus(shut, factsOf({ state: RUNNING }, {}, GATED), "now"))).toMatchObject({
    message:
      'corresponding condition of pod readiness gate "netproof.dev/never" has status "False", but expected status is "True"',
  });
});

test("a condition keeps the time at which it came to be", () => {
  const before = renderStatus(podObject(), factsOf({ state: RUNNING }), "before");
  const after = renderStatus(podObject({ status: before }), factsOf({ state: RUNNING, isReady: false }), "after");
  const times = (after as { conditions: { type: string; lastTransitionTime: string }[] }).conditions;
  expect(Object.fromEntries(times.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]))).toEqual({
    PodReadyToStartContainers: "before",
    Initialized: "before",
    Ready: "after",
    ContainersReady: "after",
    PodScheduled: "before",
  });
});

const PHASES = [
  { name: "waits", container: { state: WAITING }, phase: "Pending" },
  { name: "runs", container: { state: RUNNING }, phase: "Running" },
  { name: "ended well", container: { state: ENDED }, phase: "Succeeded" },
  { name: "ended badly", container: { state: CRASHED }, phase: "Failed" },
  { name: "ended and will start again", container: { state: CRASHED, willRestart: true }, phase: "Running" },
  { name: "waits to start again", container: { state: WAITING, last: CRASHED }, phase: "Running" },
] as const;

test.each(PHASES)("a pod whose container $name is $phase", ({ container, phase }) => {
  expect(phaseOf(factsOf(container))).toBe(phase);
});

test("a pod past its deadline has failed, whatever its containers do", () => {
  const failure = { reason: "DeadlineExceeded", message: "too long" };
  const status = renderStatus(podObject(), factsOf({ state: CRASHED }, { failure }), "now");
  expect(status).toMatchObject({
    phase: "Failed",
    ...failure,
    containerStatuses: [{ state: { terminated: { exitCode: 1, containerID: "lab://0b2c/probe/0" } }, ready: false }],
  });
  expect(ready(status)).toMatchObject({ status: "False", reason: "PodFailed" });
});
