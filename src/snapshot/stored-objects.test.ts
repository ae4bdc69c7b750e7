import { describe, expect, test } from "vitest";
import { UserError } from "../errors/index.ts";
import { parseNamespace, parsePod } from "./index.ts";

const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { namespace: "shop", name: "db-0", uid: "u-1", labels: { app: "db" }, madeUp: [1] },
  spec: {
    nodeName: "node1",
    initContainers: [
      { name: "once", ports: [{ containerPort: 1 }] },
      { name: "sidecar", restartPolicy: "Always", ports: [{ name: "metrics", containerPort: 9090, protocol: "TCP" }] },
    ],
    containers: [
      {
        name: "db",
        ports: [
          { name: "sql", containerPort: 5432 },
          { containerPort: 53, protocol: "UDP" },
        ],
      },
    ],
  },
  status: { phase: "Running", podIP: "10.244.0.5", podIPs: [{ ip: "10.244.0.5" }, { ip: "fd00::5" }] },
};

describe("a stored Pod", () => {
  test("is read with the ports of its containers and of its restartable init containers", () => {
    expect(parsePod(POD)).toEqual({
      namespace: "shop",
      name: "db-0",
      uid: "u-1",
      labels: { app: "db" },
      ports: [
        { name: "sql", port: 5432, protocol: "TCP" },
        { port: 53, protocol: "UDP" },
        { name: "metrics", port: 9090, protocol: "TCP" },
      ],
      addresses: ["10.244.0.5", "fd00::5"],
      hostNetwork: false,
      node: "node1",
    });
  });

  test.each([
    { name: "not yet has an address", status: {}, addresses: [] },
    { name: "has no status", status: null, addresses: [] },
    { name: "has podIP alone", status: { podIP: "10.0.0.1" }, addresses: ["10.0.0.1"] },
    { name: "has ended", status: { phase: "Succeeded", podIPs: [{ ip: "10.0.0.1" }] }, addresses: [] },
    { name: "has failed", status: { phase: "Failed", podIP: "10.0.0.1" }, addresses: [] },
  ])("that $name has the addresses $addresses", ({ status, addresses }) => {
    expect(parsePod({ ...POD, status }).addresses).toEqual(addresses);
  });

  test("without a node, labels and ports is read as well", () => {
    const pod = parsePod({ metadata: { namespace: "a", name: "b", uid: "c" }, spec: { hostNetwork: true } });
    expect(pod).toEqual({
      namespace: "a",
      name: "b",
      uid: "c",
      labels: {},
      ports: [],
      addresses: [],
      hostNetwork: true,
    });
  });

  test("keeps a label that is called __proto__", () => {
    const pod = parsePod({ ...POD, metadata: { ...POD.metadata, labels: JSON.parse('{"__proto__":"x"}') } });
    expect(Object.entries(pod.labels)).toEqual([["__proto__", "x"]]);
  });

  test.each([
    { name: "a pod that is a list", pod: [], message: "Cannot read Pod: expected an object, found []" },
    {
      name: "a pod without a name",
      pod: { metadata: { namespace: "a" } },
      message: "Cannot read Pod metadata.name: expected a name, found nothing",
    },
    {
      name: "labels that are numbers",
      pod: { metadata: { namespace: "a", name: "b", labels: { x: 1 } } },
      message: "Cannot read Pod a/b metadata.labels[x]: expected a string, found 1",
    },
    {
      name: "containers that are an object",
      pod: { metadata: { namespace: "a", name: "b" }, spec: { containers: {} } },
      message: "Cannot read Pod a/b spec.containers: expected a list, found {}",
    },
    {
      name: "a port without number",
      pod: { metadata: { namespace: "a", name: "b" }, spec: { containers: [{ ports: [{}] }] } },
      message: "Cannot read Pod a/b spec.containers[0].ports[0].containerPort: expected a port, found nothing",
    },
    {
      name: "an unknown protocol",
      pod: {
        metadata: { namespace: "a", name: "b" },
        spec: { containers: [{ ports: [{ containerPort: 1, protocol: "ICMP" }] }] },
      },
      message:
        'Cannot read Pod a/b spec.containers[0].ports[0].protocol: expected one of "TCP", "UDP", "SCTP", found "ICMP"',
    },
  ])("$name cannot be understood", ({ pod, message }) => {
    expect(() => parsePod(pod)).toThrow(new UserError("OBJECT_UNREADABLE", message));
  });
});

test("a stored Namespace carries its name as a label, as the server sets it", () => {
  expect(parseNamespace({ metadata: { name: "shop", labels: { team: "a" } } })).toEqual({
    name: "shop",
    labels: { team: "a", "kubernetes.io/metadata.name": "shop" },
  });
  expect(parseNamespace({ metadata: { name: "shop" } }).labels).toEqual({ "kubernetes.io/metadata.name": "shop" });
});
