import { describe, expect, it } from "vitest";
import { ApiError, ApiUnreachable } from "./api-error.ts";
import { type Pacing, withRetries } from "./retry.ts";

const never = new AbortController().signal;
const server = new URL("https://k8s.example:6443");

describe("a call is done again", () => {
  it.each([
    { name: "after 429", failure: answer(429), pauses: [75] },
    { name: "after 429, no sooner than the server asks", failure: answer(429, 3), pauses: [3000] },
    { name: "after 429 that asks for less than we would wait", failure: answer(429, 0.01), pauses: [75] },
    { name: "after 429 that asks for an hour, in ten seconds", failure: answer(429, 3600), pauses: [10_000] },
    { name: "after 500", failure: answer(500), pauses: [75] },
    { name: "after 502", failure: answer(502), pauses: [75] },
    { name: "after 503 with Retry-After", failure: answer(503, 1), pauses: [1000] },
    { name: "after 504", failure: answer(504), pauses: [75] },
    { name: "after a reset", failure: broken("ECONNRESET"), pauses: [75] },
    { name: "after a refused connection", failure: broken("ECONNREFUSED"), pauses: [75] },
    { name: "after 401, at once: its credentials have been renewed", failure: answer(401), pauses: [0] },
  ])("$name", async ({ failure, pauses }) => {
    const pacing = new FakePacing();
    const attempts: number[] = [];
    const result = await withRetries(
      async (attempt) => {
        attempts.push(attempt);
        if (attempt === 0) throw failure;
        return "done";
      },
      never,
      pacing,
    );
    expect(result).toBe("done");
    expect(attempts).toEqual([0, 1]);
    expect(pacing.pauses).toEqual(pauses);
  });

  it("six times in all, with pauses that grow", async () => {
    const { tries, pauses, thrown } = await failing(answer(503));
    expect(tries).toBe(6);
    expect(pauses).toEqual([75, 150, 300, 600, 1200]);
    expect(thrown).toMatchObject({ status: { code: 503 } });
  });

  it("fewer times where each try to reach the server takes long", async () => {
    expect((await failing(broken("ETIMEDOUT"), { costMs: 5_000 })).tries).toBe(3);
    expect((await failing(broken("ETIMEDOUT"), { costMs: 30_000 })).tries).toBe(2);
    expect((await failing(answer(503), { costMs: 30_000 })).tries).toBe(6);
  });
});

describe("a call is not done again", () => {
  it.each([
    { name: "after 400", failure: answer(400), tries: 1 },
    { name: "after 403", failure: answer(403), tries: 1 },
    { name: "after 404", failure: answer(404), tries: 1 },
    { name: "after 409", failure: answer(409), tries: 1 },
    { name: "after a second 401", failure: answer(401), tries: 2 },
    { name: "where the name is unknown", failure: broken("ENOTFOUND"), tries: 1 },
    { name: "where the certificate does not fit", failure: broken("ERR_TLS_CERT_ALTNAME_INVALID"), tries: 1 },
    { name: "where the authority is another", failure: broken("SELF_SIGNED_CERT_IN_CHAIN"), tries: 1 },
    { name: "after an error of our own", failure: new TypeError("a bug"), tries: 1 },
  ])("$name", async ({ failure, tries }) => {
    const ended = await failing(failure);
    expect(ended.tries).toBe(tries);
    expect(ended.thrown).toBe(failure);
  });

  it("once the run is interrupted, though it failed for another reason", async () => {
    const interrupted = new AbortController();
    const reason = new Error("interrupted");
    let tries = 0;
    const call = async (): Promise<never> => {
      tries += 1;
      interrupted.abort(reason);
      throw answer(503);
    };
    await expect(withRetries(call, interrupted.signal, new FakePacing())).rejects.toBe(reason);
    expect(tries).toBe(1);
  });

  it("once the run is interrupted during the pause, which ends at once", async () => {
    const interrupted = new AbortController();
    const reason = new Error("interrupted");
    let tries = 0;
    const call = async (): Promise<never> => {
      tries += 1;
      queueMicrotask(() => setImmediate(() => interrupted.abort(reason)));
      throw answer(429, 10);
    };
    await expect(withRetries(call, interrupted.signal)).rejects.toBe(reason);
    expect(tries).toBe(1);
  });
});

/** A clock that only pauses move; the dice always fall on the middle. */
class FakePacing implements Pacing {
  readonly pauses: number[] = [];
  #now = 0;
  readonly now = (): number => this.#now;
  readonly random = (): number => 0.5;
  readonly sleep = async (ms: number): Promise<void> => {
    this.pauses.push(ms);
    this.pass(ms);
  };

  pass(ms: number): void {
    this.#now += ms;
  }
}

async function failing(
  failure: Error,
  { costMs = 0 } = {},
): Promise<{ tries: number; pauses: readonly number[]; thrown: unknown }> {
  const pacing = new FakePacing();
  let tries = 0;
  const call = async (): Promise<never> => {
    tries += 1;
    pacing.pass(costMs);
    throw failure;
  };
  const thrown = await withRetries(call, never, pacing).catch((error: unknown) => error);
  return { tries, pauses: pacing.pauses, thrown };
}

function answer(code: number, retryAfterSeconds?: number): ApiError {
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterMs: retryAfterSeconds * 1000 };
  return new ApiError("list pods", { code, reason: "", message: "no", ...wait });
}

function broken(code: string): ApiUnreachable {
  return new ApiUnreachable("list pods", server, Object.assign(new Error(code), { code }));
}
