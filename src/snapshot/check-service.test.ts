import { expect, test } from "vitest";
import type { Manifests } from "./model.ts";
import { parseManifests } from "./parse-manifests.ts";

test("Services are read with their ports, of which an absent target is the port itself", () => {
  const service = (name: string, spec: string) =>
    `{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: shop}, spec: ${spec}}`;
  const { services } = parse(
    [
      service(
        "db",
        "{selector: {app: db}, ports: [{port: 80, targetPort: http}, {name: dns, port: 53, protocol: UDP}]}",
      ),
      service("peers", "{clusterIP: None, selector: {app: db}, ports: [{port: 7000, targetPort: 7001}]}"),
      service("elsewhere", "{type: ExternalName, externalName: example.org, selector: {app: db}}"),
    ].join("\n---\n"),
  );
  expect(services).toMatchObject([
    {
      namespace: "shop",
      name: "db",
      selector: { app: "db" },
      isHeadless: false,
      ports: [
        { port: 80, targetPort: "http", protocol: "TCP" },
        { name: "dns", port: 53, targetPort: 53, protocol: "UDP" },
      ],
    },
    { name: "peers", isHeadless: true, ports: [{ port: 7000, targetPort: 7001 }] },
    { name: "elsewhere", selector: {} },
  ]);
});

test.each([
  { spec: "{ports: [{targetPort: 80}]}", reason: /spec\.ports\[0\]\.port: Required value/ },
  { spec: "{ports: [{port: 70000}]}", reason: /70000/ },
  { spec: "{ports: [{port: 80, protocol: tcp}]}", reason: /TCP/ },
])("a Service that the server would refuse is refused: $spec", ({ spec, reason }) => {
  expect(() => parse(`{apiVersion: v1, kind: Service, metadata: {name: db}, spec: ${spec}}`)).toThrow(reason);
});

function parse(text: string): Manifests {
  return parseManifests([{ name: "a.yaml", text }], { defaultNamespace: "default" });
}
