// What the executor says about repeating a call: looking whether it happened, and whether another try is harmless.
import { describe, expect, test } from "vitest";
import { AppError } from "../../../lib/core/errors.ts";
import { createGuardedFetch } from "../../../lib/core/guardedFetch.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";
import { callOf, executorOf, pluginWith } from "./executorOf.ts";
import { hang, LoopbackServer } from "./LoopbackServer.ts";

describe("verify", () => {
  test("passes on what the action saw, with the key of the call", async () => {
    const plugin = pluginWith({ verify: async ({ idempotencyKey }) => ({ happened: true, output: idempotencyKey }) });
    expect(await executorOf([plugin]).verify(callOf("p", "a", {}, { idempotencyKey: "k" }))).toEqual({ happened: true, output: "k" });
  });

  test.each([
    ["an action without verify", pluginWith({})],
    ["a look that fails", pluginWith({ verify: async () => Promise.reject(new Error("down")) })],
    ["an output that cannot be stored", pluginWith({ verify: async () => ({ happened: true, output: 1n as never }) })],
  ])("%s knows nothing", async (_, plugin) => {
    expect(await executorOf([plugin]).verify(callOf("p", "a", {}))).toEqual({ happened: "unknown" });
  });

  test("a look that hangs ends at the time-out", async () => {
    await using server = await LoopbackServer.open({ "/": hang });
    await using client = createGuardedFetch({ allowedPrivateHosts: ["127.0.0.1"] });
    const plugin = pluginWith({
      timeoutMs: 100,
      verify: async (context) => {
        await context.fetch(server.url);
        return { happened: false };
      },
    });
    expect(await executorOf([plugin], { fetch: client.fetch }).verify(callOf("p", "a", {}))).toEqual({
      happened: "unknown",
    });
  });
});

describe("mayRetry", () => {
  const broken = { ok: false, error: new AppError("UPSTREAM_UNAVAILABLE", "x"), effectHappened: "maybe", durationMs: 1 } as const;
  test.each([
    {
      claim: "none, and it may have happened",
      idempotency: { by: "none", windowHours: 0 },
      failure: broken,
      elapsedMs: 0,
      expected: false,
    },
    {
      claim: "none, and it did not happen",
      idempotency: { by: "none", windowHours: 0 },
      failure: { ...broken, effectHappened: "no" },
      elapsedMs: 0,
      expected: true,
    },
    {
      claim: "header, within the window",
      idempotency: { by: "header", windowHours: 1 },
      failure: broken,
      elapsedMs: 3_500_000,
      expected: true,
    },
    {
      claim: "header, when the retry could outlast the window",
      idempotency: { by: "header", windowHours: 1 },
      failure: broken,
      elapsedMs: 3_590_000,
      expected: false,
    },
    {
      claim: "natural, but hopeless",
      idempotency: { by: "natural", windowHours: 1 },
      failure: { ...broken, error: new AppError("PARAMS_INVALID", "x") },
      elapsedMs: 0,
      expected: false,
    },
  ] as const)("$claim", async ({ idempotency, failure, elapsedMs, expected }) => {
    const clock = new ManualClock();
    const executor = executorOf([pluginWith({ idempotency })], { clock });
    const firstAttemptAtMs = clock.nowMs();
    await clock.advance(elapsedMs);
    expect(executor.mayRetry(callOf("p", "a", {}), failure, firstAttemptAtMs)).toBe(expected);
  });
});
