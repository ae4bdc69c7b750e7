import { setTimeout as delay } from "node:timers/promises";
import { UserError } from "../errors/index.ts";
import { isStatus } from "./api-error.ts";
import type { ApiClient, Json } from "./client.ts";
import { collectionPath, type Kind, list } from "./objects.ts";
import { pauseAfter } from "./retry.ts";

export interface WaitOptions {
  readonly kind: Kind;
  readonly namespace: string;
  /** Names of the objects that are waited for. */
  readonly names: readonly string[];
  /** True once the object is as wanted; throws if it never will be. */
  readonly isDone: (object: Json) => boolean;
  readonly timeoutMs: number;
  readonly onDone?: (name: string) => void;
  /** Shown when time is up, with the objects that are not done: `pods to run`. */
  readonly forWhat: string;
}

const WATCH_SECONDS = 60;

/** Watches objects until all are as wanted. Throws a UserError naming those that are not, with their last state. */
export async function waitFor(
  client: ApiClient,
  options: WaitOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Json>> {
  const limit = AbortSignal.timeout(options.timeoutMs);
  const both = AbortSignal.any([signal, limit]);
  const done = new Map<string, Json>();
  const last = new Map<string, Json>();
  const take = (object: Json): void => {
    const { name } = object.metadata as { name: string };
    if (done.has(name) || !options.names.includes(name)) return;
    last.set(name, object);
    if (!options.isDone(object)) return;
    done.set(name, object);
    options.onDone?.(name);
  };
  const isOver = (): boolean => done.size === options.names.length;
  try {
    for (let failures = 0; !isOver(); ) {
      const broken = await watchOnce(client, options, { take, isOver, signal: both });
      failures = broken === undefined ? 0 : failures + 1;
      if (broken !== undefined) await pause(broken, failures, both);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.aborted) throw error;
    const missing = options.names.filter((name) => !done.has(name));
    const states = missing.slice(0, 3).map((name) => `${options.namespace}/${name}: ${describeState(last.get(name))}`);
    const more = missing.length > 3 ? `; and ${missing.length - 3} more` : "";
    throw new UserError(
      "WAITED_TOO_LONG",
      `Waited ${options.timeoutMs / 1000} s for ${options.forWhat}: ${states.join("; ")}${more}`,
      {
        hint: `Look with \`kubectl -n ${options.namespace} describe ${options.kind.plural}\`, or give more time with --ready-timeout`,
      },
    );
  }
  return done;
}

async function pause(broken: unknown, failures: number, signal: AbortSignal): Promise<void> {
  const pauseMs = pauseAfter(broken, failures);
  if (pauseMs === undefined) throw broken;
  await delay(pauseMs, undefined, { signal });
}

/**
 * One list and one watch after it. The server ends watches now and then, and may have forgotten the version (410): then
 * the next list tells all. Gives what broke the watch, if something did.
 */
async function watchOnce(
  client: ApiClient,
  { kind, namespace }: WaitOptions,
  { take, isOver, signal }: { take: (object: Json) => void; isOver: () => boolean; signal: AbortSignal },
): Promise<unknown> {
  const { items, resourceVersion } = await list(client, { kind, namespace }, signal);
  for (const item of items) take(item);
  if (isOver()) return undefined;
  const query = { watch: true, allowWatchBookmarks: true, timeoutSeconds: WATCH_SECONDS, resourceVersion };
  const ended = new AbortController();
  const what = `watch ${kind.plural} in namespace "${namespace}"`;
  const call = { path: collectionPath(kind, namespace), query, what };
  try {
    for await (const line of client.lines(call, AbortSignal.any([signal, ended.signal]))) {
      const event = JSON.parse(line) as { type: string; object: Json };
      if (event.type === "ERROR") return undefined;
      if (event.type === "ADDED" || event.type === "MODIFIED") take(event.object);
      if (isOver()) return undefined;
    }
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return isStatus(error, 410) ? undefined : error;
  } finally {
    ended.abort();
  }
}

/** What a pod's status says about why it does not run. */
export function describeState(object: Json | undefined): string {
  if (object === undefined) return "it does not exist";
  const status = (object.status ?? {}) as {
    phase?: string;
    reason?: string;
    conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: readonly { state?: Record<string, { reason?: string; message?: string } | undefined> }[];
  };
  const waiting = status.containerStatuses?.flatMap(({ state = {} }) =>
    [state.waiting ?? state.terminated ?? []].flat(),
  );
  const why = [...(waiting ?? []), ...(status.conditions ?? []).filter((condition) => condition.status === "False")];
  const [first] = why.filter(({ reason }) => reason !== undefined);
  const detail = first === undefined ? (status.reason ?? "") : [first.reason, first.message].filter(Boolean).join(": ");
  return [status.phase ?? "no status", detail].filter((word) => word !== "").join(", ");
}
