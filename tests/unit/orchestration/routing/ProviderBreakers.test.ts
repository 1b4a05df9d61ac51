import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../../../lib/core/errors.ts";
import { failureClassOf, type FailureClass } from "../../../../lib/orchestration/routing/failureClass.ts";
import {
  CLOSED,
  mayCall,
  nextState,
  ProviderBreakers,
  type Account,
  type BreakerEvent,
} from "../../../../lib/orchestration/routing/ProviderBreakers.ts";
import { ManualClock } from "../../../../lib/testing/ManualClock.ts";

const main: Account = { provider: "openai" };
const outage: BreakerEvent = { kind: "failed", failure: "outage" };
const failed = (failure: FailureClass, afterMs?: number): BreakerEvent => ({
  kind: "failed",
  failure,
  ...(afterMs === undefined ? {} : { afterMs }),
});

function start(): { readonly clock: ManualClock; readonly breakers: ProviderBreakers; readonly opened: Account[] } {
  const clock = new ManualClock();
  const opened: Account[] = [];
  return { clock, opened, breakers: new ProviderBreakers({ clock, onOpen: (account) => opened.push(account) }) };
}

function fail(breakers: ProviderBreakers, times: number, event: BreakerEvent = outage): void {
  for (let time = 0; time < times; time += 1) breakers.note(main, event);
}

describe("ProviderBreakers", () => {
  test("opens at the fifth outage within a minute, for half a minute, for that account alone", async () => {
    const { breakers, opened, clock } = start();
    fail(breakers, 4);
    expect(breakers.mayCall(main)).toBe(true);

    fail(breakers, 1);

    expect(breakers.mayCall(main)).toBe(false);
    expect(breakers.mayCall({ provider: "openai", account: "second key" })).toBe(true);
    expect(breakers.mayCall({ provider: "anthropic" })).toBe(true);
    expect(opened).toEqual([main]);
    await clock.advance(29_999);
    expect(breakers.mayCall(main)).toBe(false);
    await clock.advance(1);
    expect(breakers.mayCall(main)).toBe(true);
  });

  test("does not count outages that lie apart", async () => {
    const { breakers, clock } = start();
    for (let time = 0; time < 20; time += 1) {
      fail(breakers, 1);
      await clock.advance(15_001);
    }

    expect(breakers.mayCall(main)).toBe(true);
  });

  test("lets one trial through; its success closes, its failure doubles the time", async () => {
    const { breakers, clock, opened } = start();
    fail(breakers, 5);
    await clock.advance(30_000);
    breakers.note(main, { kind: "dispatched" });
    expect(breakers.mayCall(main)).toBe(false);
    fail(breakers, 1);
    await clock.advance(59_999);
    expect(breakers.mayCall(main)).toBe(false);
    await clock.advance(1);
    breakers.note(main, { kind: "dispatched" });
    breakers.note(main, { kind: "succeeded" });

    expect(breakers.mayCall(main)).toBe(true);
    expect(breakers.stateOf(main)).toEqual(CLOSED);
    expect(opened).toHaveLength(2);
    fail(breakers, 4);
    expect(breakers.mayCall(main)).toBe(true);
  });

  test("allows another trial when the first tells nothing, or is never heard of again", async () => {
    const { breakers, clock } = start();
    fail(breakers, 5);
    await clock.advance(30_000);
    breakers.note(main, { kind: "dispatched" });
    breakers.note(main, failed("aborted"));
    expect(breakers.mayCall(main)).toBe(true);

    breakers.note(main, { kind: "dispatched" });
    await clock.advance(120_000);
    expect(breakers.mayCall(main)).toBe(true);
  });

  test("is not opened further by calls that were under way", async () => {
    const { breakers, opened, clock } = start();
    fail(breakers, 9);
    await clock.advance(30_000);

    expect(breakers.mayCall(main)).toBe(true);
    expect(opened).toHaveLength(1);
  });

  test("opens at once, for five minutes, for an account that is refused", async () => {
    const { breakers, clock } = start();
    fail(breakers, 1, failed("account"));
    await clock.advance(299_999);
    expect(breakers.mayCall(main)).toBe(false);
    await clock.advance(1);
    expect(breakers.mayCall(main)).toBe(true);
  });

  test("waits as long as it is asked, which is no failure", async () => {
    const { breakers, clock } = start();
    fail(breakers, 20, failed("rate_limit", 2_000));
    expect(breakers.mayCall(main)).toBe(true);
    expect(breakers.waitMs(main)).toBe(2_000);
    fail(breakers, 1, failed("rate_limit"));
    await clock.advance(1_500);
    breakers.note(main, { kind: "succeeded" });
    expect(breakers.waitMs(main)).toBe(500);
    await clock.advance(500);
    expect(breakers.waitMs(main)).toBe(0);
    fail(breakers, 1, failed("rate_limit", 1e12));
    expect(breakers.waitMs(main)).toBe(3_600_000);
    fail(breakers, 1, failed("rate_limit", -5));
  });

  test("forgets the account that was heard of longest ago, so that names from outside cannot fill the memory", () => {
    const { breakers } = start();
    fail(breakers, 5);
    for (let account = 0; account < 1_000; account += 1) breakers.note({ provider: "p", account: String(account) }, outage);

    expect(breakers.stateOf(main)).toEqual(CLOSED);
  });

  test("needs nobody to be told", () => {
    const breakers = new ProviderBreakers({ clock: new ManualClock() });
    fail(breakers, 5);

    expect(breakers.mayCall(main)).toBe(false);
  });
});

describe("nextState", () => {
  test("never opens for what the caller did or ended, however often", () => {
    const harmless = fc.constantFrom<FailureClass>("caller", "aborted", "refused", "overflow", "model", "rate_limit");
    fc.assert(
      fc.property(fc.array(harmless, { maxLength: 50 }), (failures) => {
        const state = failures.reduce((now, failure) => nextState(now, { kind: "failed", failure }, 0), CLOSED);

        expect(mayCall(state, 0)).toBe(true);
      }),
    );
  });

  test("never stays open for more than five minutes without news", () => {
    const kinds = fc.constantFrom<BreakerEvent>(
      outage,
      failed("account"),
      failed("aborted"),
      { kind: "dispatched" },
      { kind: "succeeded" },
    );
    fc.assert(
      fc.property(fc.array(fc.record({ event: kinds, afterMs: fc.nat({ max: 400_000 }) }), { maxLength: 40 }), (events) => {
        let [state, nowMs] = [CLOSED, 0];
        for (const { event, afterMs } of events) {
          nowMs += afterMs;
          state = nextState(state, event, nowMs);
        }

        expect(mayCall(state, nowMs + 300_000)).toBe(true);
      }),
    );
  });
});

describe("failureClassOf", () => {
  test.each([
    [new AppError("RATE_LIMITED", "slow down"), "rate_limit"],
    [new AppError("UPSTREAM_UNAVAILABLE", "gone"), "outage"],
    [new AppError("CONNECTION_MISSING", "no key"), "account"],
    [new AppError("UPSTREAM_REJECTED", "no credit"), "account"],
    [new AppError("MODEL_UNKNOWN", "who"), "model"],
    [new AppError("CONTEXT_OVERFLOW", "too long"), "overflow"],
    [new AppError("MODEL_REFUSED", "no"), "refused"],
    [new AppError("MODEL_FAILED", "bad request", { retry: "never" }), "caller"],
    [new AppError("MODEL_FAILED", "broke", { retry: "later" }), "outage"],
    [new AppError("EXECUTION_CANCELLED", "stop"), "aborted"],
    [new AppError("STEP_TIMEOUT", "too slow"), "aborted"],
    [new AppError("PARAMS_INVALID", "wrong"), "caller"],
    [new TypeError("ours"), "caller"],
    [undefined, "caller"],
  ] as const)("%s is %s", (thrown, expected) => {
    expect(failureClassOf(thrown)).toBe(expected);
  });

  test("takes whatever an aborted call throws for ours", () => {
    expect(failureClassOf(new AppError("UPSTREAM_UNAVAILABLE", "gone"), AbortSignal.abort())).toBe("aborted");
    expect(failureClassOf(new AppError("UPSTREAM_UNAVAILABLE", "gone"), new AbortController().signal)).toBe("outage");
  });
});
