import { describe, expect, it } from "vitest";
import type { ContainerPort } from "../snapshot/index.ts";
import { podObject } from "./pod-shape.ts";

const http = (port: number, protocol: ContainerPort["protocol"] = "TCP") => ({ name: "http", port, protocol });

describe("the ports of a probe pod", () => {
  it("are all the agent's where their names differ", () => {
    expect(portsOf([http(80), { port: 81, protocol: "TCP" }, { port: 82, protocol: "TCP" }])).toEqual([
      "probe: http 80/TCP, 81/TCP, 82/TCP",
    ]);
  });

  it("stand in several containers where one name means several, as the API wants it", () => {
    const dns = { name: "dns", port: 53, protocol: "UDP" } as const;
    expect(portsOf([http(80), http(8080), dns, http(80, "UDP")])).toEqual([
      "probe: http 80/TCP, dns 53/UDP",
      "probe-2: http 8080/TCP",
      "probe-3: http 80/UDP",
    ]);
  });

  it("leave one container where there are none", () => {
    expect(portsOf([])).toEqual(["probe: "]);
  });
});

function portsOf(ports: readonly ContainerPort[]): readonly string[] {
  const pod = {
    namespace: "shop",
    name: "web",
    labels: {},
    ports,
    listen: { TCP: [80], UDP: [], SCTP: [] },
    healthPort: 61_001,
  };
  const { spec } = podObject(pod, { image: "probe", deadlineSeconds: 60, isShielded: false }) as {
    spec: { containers: { name: string; ports: { name?: string; containerPort: number; protocol: string }[] }[] };
  };
  return spec.containers.map(({ name, ports: own }) => {
    const shown = own.map((port) => `${port.name ? `${port.name} ` : ""}${port.containerPort}/${port.protocol}`);
    return `${name}: ${shown.join(", ")}`;
  });
}
