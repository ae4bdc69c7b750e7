import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { createAddressPool } from "./address-pool.ts";
import { createLogBuffer } from "./log-buffer.ts";
import { microbatch } from "./microbatch.ts";
import { readPodSpec } from "./pod-spec.ts";
import { agentContainer, podObject } from "./testing/pods.ts";

test("addresses go round before one comes back", () => {
  const pool = createAddressPool(3, ["IPv4", "IPv6"]);
  const first = pool.take();
  expect(first).toEqual(["10.244.3.2", "fd00:10:244:3::2"]);
  pool.give(first ?? []);
  pool.give(first ?? []);
  expect(pool.free).toBe(253);
  const all = Array.from({ length: 253 }, () => pool.take()?.[0]);
  expect([all[0], all[251], all[252]]).toEqual(["10.244.3.3", "10.244.3.254", "10.244.3.2"]);
  expect(pool.take()).toBeUndefined();
  pool.give(["10.244.3.77", "fd00:10:244:3::4d"]);
  expect(pool.take()).toEqual(["10.244.3.77", "fd00:10:244:3::4d"]);
});

test("a microbatch takes what comes soon, and while the one before is worked on", async () => {
  const batches: (readonly number[])[] = [];
  const add = microbatch(async (items: readonly number[]) => {
    batches.push(items);
    await delay(30);
    if (items.includes(3)) throw new Error("no threes");
  }, 2);
  const early = [add(1), add(2)];
  await delay(15);
  const late = [add(3), add(4)];
  await delay(10);
  late.push(add(5));
  expect((await Promise.allSettled([...early, ...late])).map(({ status }) => status)).toEqual([
    "fulfilled",
    "fulfilled",
    "rejected",
    "rejected",
    "rejected",
  ]);
  await add(6);
  expect(batches).toEqual([[1, 2], [3, 4, 5], [6]]);
});

test("a log is read as a whole, by its last lines, or as it grows", async () => {
  const log = createLogBuffer();
  log.write(Buffer.from("one\ntwo\nth"));
  log.write(Buffer.from("ree\n"));
  const read = (tailLines?: number) => text(log.read({ follow: false, ...(tailLines !== undefined && { tailLines }) }));
  expect([await read(), await read(0), await read(1), await read(2), await read(9)]).toEqual([
    "one\ntwo\nthree\n",
    "",
    "three\n",
    "two\nthree\n",
    "one\ntwo\nthree\n",
  ]);
  const following = text(log.read({ follow: true, tailLines: 1 }));
  log.write(Buffer.from("four"));
  log.end();
  expect(await following).toBe("three\nfour");
  expect(await text(log.read({ follow: true, tailLines: 1 }))).toBe("four");
});

test("a log forgets its oldest part", async () => {
  const log = createLogBuffer();
  for (let i = 0; i < 20; i++) log.write(Buffer.alloc(100_000, String(i % 10)));
  const known = await text(log.read({ follow: false }));
  expect(known.length).toBe(1_000_000);
  expect(known.startsWith("0")).toBe(true);
});

test("a probe's port may be named, and what a probe leaves out has the API's defaults", () => {
  const container = agentContainer({
    ports: [{ name: "health", containerPort: 61001 }],
    readinessProbe: { tcpSocket: { port: "health" } },
    livenessProbe: { httpGet: { port: 80 } },
    startupProbe: { tcpSocket: { port: 80 }, periodSeconds: 2, failureThreshold: 30 },
  });
  const [read] = readPodSpec(podObject({ spec: { containers: [container] } })).containers;
  const defaults = { initialDelayMs: 0, timeoutMs: 1000, successThreshold: 1 };
  expect(read?.readiness).toEqual({ port: 61001, periodMs: 10_000, failureThreshold: 3, ...defaults });
  expect(read?.liveness).toBeUndefined();
  expect(read?.startup).toEqual({ port: 80, periodMs: 2000, failureThreshold: 30, ...defaults });
});
