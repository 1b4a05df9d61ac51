import { describe, expect, test } from "vitest";
import { RateLimiter } from "../../../lib/plugins/RateLimiter.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";

const LIMIT = { calls: 2, perMs: 1_000 };

describe("RateLimiter", () => {
  test("lets a burst through, then one call per share of the time, in order", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ clock, maxWaitMs: 10_000 });
    const went: string[] = [];
    for (const name of ["a", "b", "c", "d"])
      void limiter.acquire("k", LIMIT, undefined).then(() => went.push(`${name}@${clock.monotonicMs()}`));
    await clock.advance(0);
    expect(went).toEqual(["a@0", "b@0"]);
    await clock.advance(499);
    expect(went).toHaveLength(2);
    await clock.advance(501);
    expect(went).toEqual(["a@0", "b@0", "c@500", "d@1000"]);
  });

  test("keeps keys apart", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ clock, maxWaitMs: 0 });
    for (const key of ["a", "b", "a", "b"]) await limiter.acquire(key, LIMIT, undefined);
    await expect(limiter.acquire("a", LIMIT, undefined)).rejects.toThrow(
      expect.objectContaining({ code: "RATE_LIMITED", retry: { afterMs: 500 } }),
    );
  });

  test("who is aborted leaves its turn to the next", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ clock, maxWaitMs: 10_000 });
    const abort = new AbortController();
    for (let call = 0; call < 2; call += 1) await limiter.acquire("k", LIMIT, undefined);
    const aborted = limiter.acquire("k", LIMIT, abort.signal);
    abort.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    const next = limiter.acquire("k", LIMIT, undefined).then(() => clock.monotonicMs());
    await clock.advance(500);
    await expect(next).resolves.toBe(500);
    expect(clock.waiting).toBe(0);
  });

  test("a wall clock that jumps back stops nobody", async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ clock, maxWaitMs: 0 });
    for (let call = 0; call < 2; call += 1) await limiter.acquire("k", LIMIT, undefined);
    clock.jumpWall(-3_600_000);
    await clock.advance(1_000);
    await expect(limiter.acquire("k", LIMIT, undefined)).resolves.toBeUndefined();
  });
});
