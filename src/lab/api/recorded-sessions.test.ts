import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ExecClient, type ExecRecord, openExec, sleepUntil, textOn } from "./test-exec.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

interface Recording {
  readonly name: string;
  readonly path: string;
  readonly offered: readonly string[];
  readonly status: number;
  readonly accepted?: string;
  readonly body?: string;
  readonly close?: { readonly code: number; readonly reason: string };
  readonly events: readonly { readonly channel?: number; readonly text?: string; readonly send?: string }[];
  readonly total?: number;
  readonly frameSizes?: readonly number[];
}

const RECORDINGS: readonly Recording[] = JSON.parse(
  readFileSync("test/fixtures/kubernetes-api/exec-websocket.json", "utf8"),
);

const NOT_REPRODUCED: Readonly<Record<string, string>> = { forbidden: "the lab has one user, who may do everything" };
/** Recorded apart: no event by event. */
const LARGE = "large output 200 kB";

let lab: TestServer;

beforeAll(async () => {
  lab = await startTestServer();
  await lab.send("POST", "/api/v1/namespaces", { body: { metadata: { name: "rec" } } });
  const containers = [{ name: "t", image: "i" }];
  await lab.send("POST", "/api/v1/namespaces/rec/pods", { body: { metadata: { name: "t" }, spec: { containers } } });
  lab.store.update("Pod", "rec", "t", (pod) => ({
    ...pod,
    spec: { containers, nodeName: "node1" },
    status: { phase: "Running" },
  }));
});

afterAll(() => lab[Symbol.asyncDispose]());

describe("an exec session goes as a genuine server's did", () => {
  for (const recording of RECORDINGS.filter(({ name }) => name !== LARGE)) {
    const reason = NOT_REPRODUCED[recording.name];
    test.skipIf(reason !== undefined)(`${recording.name}${reason ? ` (skipped: ${reason})` : ""}`, async () => {
      const token = recording.name === "unauthorised" ? "wrong" : lab.server.token;
      const session = openExec(lab, recording.path, { offered: recording.offered, token });
      await play(session, recording.events);
      if (recording.name.endsWith("client closes")) session.close();
      const record = await session.ended;
      expect(record.status).toBe(recording.status);
      if (recording.status === 101) expectSession(record, recording);
      else expect(record.body).toBe(recording.body);
    });
  }

  test("large output 200 kB", async () => {
    const recording = RECORDINGS.find(({ name }) => name === LARGE);
    const record = await openExec(lab, recording?.path ?? "", { offered: recording?.offered ?? [] }).ended;
    const sizes = record.events.map(({ bytes }) => bytes.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(recording?.total);
    expect(sizes[0]).toBe(0);
    // Where frames are cut depends on what the pipe held at the moment.
    expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.max(...(recording?.frameSizes ?? [])));
    expect(record.events.at(-1)).toMatchObject({ channel: 3, text: '{"metadata":{},"status":"Success"}' });
  });
});

/** Sends what was sent, each time after what had come before it. The status comes when it comes. */
async function play(session: ExecClient, events: Recording["events"]): Promise<void> {
  for (const [i, { send, channel = 3 }] of events.entries()) {
    if (send === undefined && channel === 3) continue;
    if (send === undefined) await session.says(channel, textOn(events.slice(0, i + 1), channel).length);
    else {
      await session.opened;
      session.send(Buffer.from(send, "base64"));
    }
  }
}

function expectSession({ events, accepted, close }: ExecRecord, recording: Recording): void {
  expect(accepted).toBe(recording.accepted);
  expect(events[0]).toEqual({ channel: 1, text: "", bytes: Buffer.alloc(0) });
  // stdout and stderr are two pipes: only the order within each is certain.
  for (const channel of [1, 2, 3]) {
    expect(comparable(textOn(events, channel))).toBe(comparable(textOn(recording.events, channel)));
  }
  expect(close).toMatchObject(recording.close?.code === 1000 ? { code: 1000 } : {});
}

function comparable(text: string): string {
  return text.replaceAll(/[0-9a-f]{64}/g, "ID");
}

describe("a session", () => {
  const path = "/api/v1/namespaces/rec/pods/t/exec?stdin=true&stdout=true&stderr=true";
  const sh = (script: string): string => `${path}&command=sh&command=-c&command=${encodeURIComponent(script)}`;

  test("kills its process when the peer vanishes without a word", async () => {
    const session = openExec(lab, sh("echo $$; exec sleep 1000"));
    const pid = Number(await session.says(1, /\n/));
    expect(isAlive(pid)).toBe(true);
    session.vanish();
    await sleepUntil(() => !isAlive(pid));
  });

  test("kills its process when the peer vanishes while the process does not read", async () => {
    const session = openExec(lab, sh("echo $$; exec sleep 1000"));
    const pid = Number(await session.says(1, /\n/));
    for (let i = 0; i < 100; i += 1) session.send(Buffer.alloc(32_769));
    await session.isTaken(Buffer.alloc(1), 200);
    session.vanish();
    await sleepUntil(() => !isAlive(pid), 15_000);
  });

  test("carries every byte both ways, also to a process that reads late", async () => {
    const session = openExec(lab, sh("sleep 0.3; cat"), { offered: ["v5.channel.k8s.io"] });
    await session.opened;
    const chunk = Buffer.alloc(50_001, "x");
    chunk[0] = 0;
    for (let i = 0; i < 100; i += 1) session.send(chunk);
    session.send(Buffer.from([255, 0]));
    const { events } = await session.ended;
    const echoed = events.filter(({ channel }) => channel === 1).reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(echoed).toBe(5_000_000);
  });

  test("takes no more than it can pass on", async () => {
    const session = openExec(lab, sh("exec sleep 1000"));
    await session.opened;
    let taken = 0;
    while (taken < 1000 && (await session.isTaken(Buffer.alloc(50_001), 1000))) taken += 1;
    // The rest lies in the buffers of both kernels' ends.
    expect(taken).toBeLessThan(500);
    session.vanish();
  });

  test("delivers all output to a peer that reads slowly, though the process has long ended", async () => {
    const session = openExec(lab, sh("head -c 30000000 /dev/zero & exit 0"));
    await session.opened;
    session.pause();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    session.resume();
    const { events } = await session.ended;
    expect(events.reduce((sum, { channel, bytes }) => sum + (channel === 1 ? bytes.length : 0), 0)).toBe(30_000_000);
    expect(events.at(-1)?.text).toBe('{"metadata":{},"status":"Success"}');
  });

  test("ends although a grandchild holds the output open", async () => {
    const session = openExec(lab, sh("sleep 20 & echo started"));
    const { events } = await session.ended;
    expect(events.at(-1)?.text).toBe('{"metadata":{},"status":"Success"}');
  });

  test("closes the input at once where the client wants none", async () => {
    const { events } = await openExec(lab, sh("cat; echo over").replace("stdin=true&", "")).ended;
    expect(events.map(({ text }) => text)).toEqual(["", "over\n", '{"metadata":{},"status":"Success"}']);
  });

  test("ignores a change of the terminal's size", async () => {
    const session = openExec(lab, sh("read line; echo got $line"));
    await session.opened;
    session.send(Buffer.from('\u0004{"Width":80,"Height":24}'));
    session.send(Buffer.from("\u0000hello\n"));
    const { events } = await session.ended;
    expect(events[1]?.text).toBe("got hello\n");
  });

  test("is refused for a pod that does not run, before the upgrade", async () => {
    lab.store.create({ apiVersion: "v1", kind: "Pod", metadata: { name: "new", namespace: "rec" }, spec: {} });
    const record = await openExec(lab, "/api/v1/namespaces/rec/pods/new/exec?command=a&stdout=true").ended;
    expect(record.status).toBe(400);
    expect(record.body).toContain("pod new does not have a host assigned");
  });

  test("is refused to a client that offers no protocol of ours", async () => {
    const record = await openExec(lab, sh("true"), { offered: ["channel.k8s.io"] }).ended;
    expect(record.status).toBe(403);
  });

  test("is refused where it names no stream or no command", async () => {
    const noStream = await openExec(lab, "/api/v1/namespaces/rec/pods/t/exec?command=a").ended;
    expect(noStream.body).toContain("you must specify at least 1 of stdin, stdout, stderr");
    const noCommand = await openExec(lab, "/api/v1/namespaces/rec/pods/t/exec?stdout=true").ended;
    expect(noCommand.status).toBe(400);
  });

  test("asked for without an upgrade is a bad request", async () => {
    const answer = await lab.send("POST", sh("true"));
    expect(answer.body).toMatchObject({ code: 400, message: "Upgrade request required" });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
