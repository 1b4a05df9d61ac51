import { describe, expect, test } from "vitest";
import { OrchestrationBreaker } from "../../../lib/orchestration/OrchestrationBreaker.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";

function breaker() {
  const clock = new ManualClock();
  const opened = { times: 0 };
  const subject = new OrchestrationBreaker({
    clock,
    onOpen: () => {
      opened.times += 1;
    },
  });
  const fail = (times: number): void => {
    for (let index = 0; index < times; index += 1) subject.noteFailure();
  };
  return { clock, opened, subject, fail };
}

describe("OrchestrationBreaker", () => {
  test("opens at the fifth failure within a minute, once, for half a minute", async () => {
    const { clock, opened, subject, fail } = breaker();

    fail(4);
    expect(subject.isOpen).toBe(false);
    fail(1);
    expect([subject.isOpen, opened.times]).toEqual([true, 1]);
    await clock.advance(29_999);
    expect(subject.isOpen).toBe(true);
    await clock.advance(1);
    expect(subject.isOpen).toBe(false);
  });

  test("does not count failures older than a minute", async () => {
    const { clock, subject, fail } = breaker();

    fail(4);
    await clock.advance(60_000);
    fail(4);
    expect(subject.isOpen).toBe(false);
  });

  test("begins to count anew once it has opened", async () => {
    const { clock, opened, subject, fail } = breaker();

    fail(5);
    await clock.advance(30_000);
    fail(4);
    expect(subject.isOpen).toBe(false);
    fail(1);
    expect([subject.isOpen, opened.times]).toEqual([true, 2]);
  });
});
