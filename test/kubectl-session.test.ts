import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { genuineKubectl, openShell, parseSession, renderSession, type Shell } from "./testing/kubectl.ts";
import { labReason } from "./testing/lab.ts";
import { netproof, ROOT, temporaryFolder } from "./testing/netproof.ts";

// Written sessions with what a genuine cluster of one node answered. To record them anew, name its kubeconfig in
// NETPROOF_RECORD_KUBECTL and run this file: it then plays on that cluster, in one namespace of its own, and rewrites them.

const FOLDER = join(ROOT, "test/fixtures/kubectl");
const SESSIONS = ["namespaces", "policies", "refusals", "explained", "objects", "pods", "ending"];
const recordFrom = process.env.NETPROOF_RECORD_KUBECTL;
const kubectl = "path" in genuineKubectl ? genuineKubectl.path : "";
const reason = "reason" in genuineKubectl ? genuineKubectl.reason : recordFrom === undefined ? labReason : undefined;

describe.skipIf(reason)(`kubectl on the lab prints what it prints on a genuine cluster${reason ?? ""}`, () => {
  const folder = temporaryFolder();
  const env = { XDG_STATE_HOME: folder };
  let shell: Shell;

  beforeAll(async () => {
    if (recordFrom === undefined)
      expect(await netproof(["lab", "up", "--nodes", "1"], { env })).toMatchObject({ code: 0 });
    const kubeconfig = recordFrom ?? join(folder, "netproof/lab.kubeconfig");
    shell = await openShell({
      kubectl,
      kubeconfig,
      namespace: "shop-test",
      folder: FOLDER,
      home: join(folder, "home"),
    });
  });
  afterAll(() => netproof(["lab", "down"], { env }));

  for (const session of SESSIONS) {
    describe(session, () => {
      const file = join(FOLDER, `${session}.session`);
      const exchanges = parseSession(readFileSync(file, "utf8"));
      const seen = exchanges.map(({ command }) => ({ command, output: "" }));
      afterAll(() => recordFrom && writeFileSync(file, renderSession(seen)));

      it.each(exchanges.map((exchange, index) => ({ ...exchange, index })))(
        "$command",
        async ({ command, output, index }) => {
          const printed = await shell(command);
          seen[index] = { command, output: printed };
          if (recordFrom === undefined) expect(printed).toBe(output);
        },
      );
    });
  }

  it.skipIf(recordFrom)("the lab's resources are a genuine cluster's, though fewer", async () => {
    const genuine = readFileSync(join(FOLDER, "api-resources.txt"), "utf8").split("\n");
    const columns = (line: string): string => line.replace(/ +/g, " ");
    const ours = (await shell("kubectl api-resources --no-headers")).trim().split("\n");
    expect(ours.length).toBeGreaterThan(10);
    expect(ours.map(columns).filter((line) => !genuine.map(columns).includes(line))).toEqual([]);
  });
});
