import { describe, expect, inject, it } from "vitest";
import type { RunRecord } from "../../src/report/index.ts";
import { netproof } from "../testing/netproof.ts";
import { IMAGE } from "./testing/cluster.ts";

const isEnforced = inject("enforcement") === "enforced";
const deployment = (name: string, ports: string) =>
  `{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: shop, name: ${name}}, spec: {selector: {matchLabels: {app: ${name}}}, template: {metadata: {labels: {app: ${name}}}, spec: {containers: [{name: main, image: x, ports: ${ports}}]}}}}`;
const service = (name: string, spec: string) =>
  `{apiVersion: v1, kind: Service, metadata: {namespace: shop, name: ${name}}, spec: ${spec}}`;
const FILES = [
  "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {namespace: shop, name: db}, spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 5432}]}]}}",
  deployment("db", "[{name: pg, containerPort: 5432}]"),
  deployment("api", "[]"),
  deployment("web", "[]"),
  service("db", "{selector: {app: db}, ports: [{port: 80, targetPort: pg}]}"),
  service("other", "{selector: {app: db}, ports: [{port: 5432, targetPort: 8080}]}"),
  service("peers", "{clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}"),
].join("\n---\n");

describe("a Service", () => {
  it("is judged by the address and the port of the pod behind it", async () => {
    const args = ["prove", "-f", "-", "--probe-image", IMAGE, "-o", "json"];
    const { code, stdout, stderr } = await netproof(args, { stdin: FILES });
    if (stdout === "") throw new Error(`no record, exit ${code}: ${stderr}`);
    const record: RunRecord = JSON.parse(stdout);
    expect(code, record.outcome.reasons.join("; ")).toBe(isEnforced ? 0 : 4);
    const seen = record.connections
      .filter(({ path, source }) => path === "service" && source !== "shop/unlabelled")
      .filter(({ source }) => source.startsWith("shop/"))
      .map(({ id, expectation, verdict }) => [id, `${expectation} ${verdict}`]);
    const denied = isEnforced ? "deny conforms" : "deny leaks";
    expect(Object.fromEntries(seen)).toMatchObject({
      "shop/api > service shop/db 80/TCP": "allow conforms",
      "shop/web > service shop/db 80/TCP": denied,
      "shop/api > service shop/other 5432/TCP": denied,
    });
    expect(record.notTested.map(({ what }) => what)).toContain("service shop/peers");
  });
});
