import { describe, expect, test } from "vitest";
import { repeatEvery } from "../../../lib/core/repeatEvery.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";

describe("repeatEvery", () => {
  test("waits for a round to end before the next one is due", async () => {
    const clock = new ManualClock();
    const round = Promise.withResolvers<void>();
    let rounds = 0;
    const stop = repeatEvery({
      clock,
      everyMs: 1_000,
      work: async () => {
        rounds += 1;
        await round.promise;
      },
      onError: () => undefined,
    });

    await clock.advance(5_000);
    expect(rounds).toBe(1);
    round.resolve();
    await clock.advance(0);
    await clock.advance(1_000);

    expect(rounds).toBe(2);
    stop();
  });

  test("reports a failed round and goes on, until it is stopped", async () => {
    const clock = new ManualClock();
    const errors: unknown[] = [];
    const stop = repeatEvery({
      clock,
      everyMs: 1_000,
      work: async () => {
        throw new Error("no");
      },
      onError: (error) => errors.push(error),
    });

    await clock.advance(1_000);
    await clock.advance(1_000);
    stop();
    await clock.advance(5_000);

    expect(errors).toHaveLength(2);
  });
});
