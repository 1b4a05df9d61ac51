import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitsWindow, windowUpper } from "../../../../lib/orchestration/budgets/contextGuard.ts";
import { TokenCounter } from "../../../../lib/tokens/TokenCounter.ts";

describe("fitsWindow", () => {
  test.each([
    [8_192, 512],
    [51_200, 512],
    [128_000, 1_280],
    [1_000_000, 10_000],
  ])("keeps the larger of 1 %% and 512 tokens of a window of %i", (window, safety) => {
    expect(fitsWindow(window - safety - 150, 100, 50, window)).toEqual({ fits: true, spareTokens: 0, safetyTokens: safety });
    expect(fitsWindow(window - safety - 149, 100, 50, window)).toMatchObject({ fits: false, spareTokens: -1 });
  });

  test("lets nothing through that is not a number", () => {
    expect(fitsWindow(Number.NaN, 1, 0, 8_192).fits).toBe(false);
  });

  test("lets no call through that overflows, in 100 000 steps with an estimator that is off by up to 15 % either way", () => {
    const overflows: unknown[] = [];
    let through = 0;
    const facts = fc.tuple(
      fc.integer({ min: 1_024, max: 1_000_000 }),
      fc.double({ min: 0.2, max: 1.1, noNaN: true }),
      fc.double({ min: 0.85, max: 1.15, noNaN: true }),
      fc.nat(8_000),
    );
    fc.assert(
      fc.property(facts, ([window, share, lie, cap]) => {
        const truth = Math.ceil(window * share);
        const counted = Math.ceil(truth * lie);
        const upper = windowUpper({ tokens: counted, upperTokens: counted }, false);
        const isThrough = fitsWindow(upper, cap, 0, window).fits;
        through += Number(isThrough);
        if (isThrough && truth + cap > window) overflows.push({ window, truth, counted, cap });
        return true;
      }),
      { numRuns: 100_000 },
    );

    expect(overflows).toEqual([]);
    expect(through).toBeGreaterThan(20_000);
  });
});

describe("windowUpper", () => {
  test("trusts the model's own vocabulary, and no other", () => {
    expect(windowUpper({ tokens: 1_000, upperTokens: 1_020 }, true)).toBe(1_020);
    expect(windowUpper({ tokens: 1_000, upperTokens: 1_020 }, false)).toBe(1_250);
    expect(windowUpper({ tokens: 1_000, upperTokens: 1_800 }, false)).toBe(1_800);
  });

  test.each([
    ["one unbroken word", "a".repeat(20_000)],
    ["emoji", "🧑‍🚀🏳️‍🌈".repeat(500)],
    ["base64", Buffer.from("x".repeat(9_000)).toString("base64")],
    ["Chinese", "预算管理".repeat(800)],
    ["special tokens", "<|endoftext|>".repeat(300)],
  ])("counts %s without failing, above the plain count", async (_name, text) => {
    const counter = await TokenCounter.load();
    const count = counter.countRequest({ provider: "custom", model: "unheard-of", messages: [{ role: "user", content: text }] });

    expect(windowUpper(count, false)).toBeGreaterThanOrEqual(Math.ceil(counter.count(text) * 1.25));
  });
});
