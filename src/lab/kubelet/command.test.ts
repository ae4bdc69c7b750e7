import { expect, test } from "vitest";
import { backOff, commandOf } from "./command.ts";
import { readPodSpec } from "./pod-spec.ts";
import { agentContainer, podObject } from "./testing/pods.ts";

function commandFor(container: object) {
  const pod = podObject({
    metadata: { labels: { app: "web" }, annotations: { note: "x" } },
    spec: { nodeName: "node1", containers: [agentContainer(container)] },
    status: { podIP: "10.244.1.2", hostIP: "10.250.0.2" },
  });
  const [spec] = readPodSpec(pod).containers;
  if (spec === undefined) throw new Error("no container");
  return { spec, command: commandOf(spec, pod) };
}

const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });

const COMMANDS = [
  {
    name: "the image's own entrypoint takes the arguments",
    container: { args: ["serve"], env: [] },
    expected: { argv: ["/netproof-probe", "serve"], env: {} },
  },
  {
    name: "a command takes the entrypoint's place",
    container: { command: ["sh", "-c"], args: ["exit 3"], env: [] },
    expected: { argv: ["sh", "-c", "exit 3"], env: {} },
  },
  {
    name: "variables stand for themselves, earlier ones and the pod's fields",
    container: {
      args: ["$(WHERE):80", "$$(WHERE)", "$(UNKNOWN)"],
      env: [
        field("IP", "status.podIP"),
        { name: "WHERE", value: "at $(IP)" },
        field("UID", "metadata.uid"),
        field("NAME", "metadata.name"),
        field("SPACE", "metadata.namespace"),
        field("NODE", "spec.nodeName"),
        field("HOST", "status.hostIP"),
        field("APP", "metadata.labels['app']"),
        field("NOTE", "metadata.annotations['note']"),
        { name: "EMPTY" },
      ],
    },
    expected: {
      argv: ["/netproof-probe", "at 10.244.1.2:80", "$(WHERE)", "$(UNKNOWN)"],
      env: {
        IP: "10.244.1.2",
        WHERE: "at 10.244.1.2",
        UID: "0b2c",
        NAME: "web",
        SPACE: "shop",
        NODE: "node1",
        HOST: "10.250.0.2",
        APP: "web",
        NOTE: "x",
        EMPTY: "",
      },
    },
  },
];

test.each(COMMANDS)("$name", ({ container, expected }) => {
  expect(commandFor(container).command).toEqual(expected);
});

const IMAGES = [
  { image: "localhost/netproof-probe:0.1.0", isKnown: true },
  { image: "localhost/netproof-probe", isKnown: true },
  { image: "localhost/netproof-probe@sha256:00", isKnown: true },
  { image: "localhost/netproof-probe-other:1", isKnown: false },
  { image: "nginx:1", isKnown: false },
];

test.each(IMAGES)("the image $image is known: $isKnown", ({ image, isKnown }) => {
  expect("argv" in commandFor({ image, env: [] }).command).toBe(isKnown);
});

test("an image that is not there is waited for as a kubelet does it", () => {
  const { spec, command } = commandFor({ image: "nginx:1" });
  if ("argv" in command) throw new Error("it is there");
  expect(command.reason).toBe("ErrImagePull");
  const later = backOff(spec, command);
  expect(later.reason).toBe("ImagePullBackOff");
  expect(later.message).toContain('Back-off pulling image "nginx:1": ErrImagePull: failed to pull');
  expect(commandFor({ image: "nginx:1", imagePullPolicy: "Never" }).command).toEqual({
    reason: "ErrImageNeverPull",
    message: 'Container image "nginx:1" is not present with pull policy of Never',
  });
});

test("a variable from somewhere that the lab does not have keeps the container from starting", () => {
  const env = [{ name: "PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }];
  expect(commandFor({ env }).command).toEqual({
    reason: "CreateContainerConfigError",
    message: 'the lab cannot fill the environment variable "PASSWORD"',
  });
});
