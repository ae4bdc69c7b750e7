import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { RunRecord } from "../../src/report/index.ts";
import { netproof } from "../testing/netproof.ts";
import { IMAGE } from "./testing/cluster.ts";

const isEnforced = inject("enforcement") === "enforced";
/** This machine, as the pods of a genuine cluster of ours see it. */
const net = process.env.NETPROOF_CLUSTER_NET;
const host = `${net}.1`;
const OPEN = 18_443;
const CLOSED = 18_444;
const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: egress, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: ${host}/32}}], ports: [{port: ${OPEN}}]}]
`;

const skipped = net === undefined ? " (skipped: NETPROOF_CLUSTER_NET does not say where this machine is)" : "";

describe.skipIf(net === undefined)(`an address outside the cluster that is not ours${skipped}`, () => {
  const servers: Server[] = [];
  beforeAll(async () => {
    for (const port of [OPEN, CLOSED]) {
      const server = createServer((socket) => socket.on("error", () => {}));
      await new Promise<void>((done, failed) => server.once("error", failed).listen(port, host, done));
      servers.push(server);
    }
  });
  afterAll(() => {
    for (const server of servers) server.close();
  });

  it("is reached on the port that is allowed, and not on another", async () => {
    const targets = [OPEN, CLOSED].flatMap((port) => ["--external", `${host}:${port}`]);
    const args = ["prove", "-f", "-", ...targets, "--probe-image", IMAGE, "-o", "json"];
    const { code, stdout, stderr } = await netproof(args, { stdin: POLICY });
    if (stdout === "") throw new Error(`no record, exit ${code}: ${stderr}`);
    const record: RunRecord = JSON.parse(stdout);
    expect(code, record.outcome.reasons.join("; ")).toBe(isEnforced ? 0 : 4);
    const verdicts = record.connections
      .filter(({ id }) => id.startsWith("shop/web > "))
      .map(({ id, verdict }) => [id, verdict]);
    expect(Object.fromEntries(verdicts)).toMatchObject({
      [`shop/web > ${host} ${OPEN}/TCP`]: "conforms",
      [`shop/web > ${host} ${CLOSED}/TCP`]: isEnforced ? "conforms" : "leaks",
    });
    expect(record.notTested.filter(({ what }) => what.startsWith("ipBlock"))).toEqual([]);
  });
});
