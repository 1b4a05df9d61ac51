import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideOverBudget, type OverBudgetRequest } from "../../../../lib/orchestration/budgets/decideOverBudget.ts";
import type { Commitment } from "../../../../lib/orchestration/budgets/types.ts";

/** 1 000 tokens in (upper 1 100), 100 expected back, at most 400. */
const COMMITMENT: Commitment = {
  allocated: 1_100,
  inputTokens: 1_000,
  predictedOutputTokens: 100,
  outputCap: 400,
  hardCap: 1_500,
  capSource: "history",
};

const FITS: OverBudgetRequest = {
  commitment: COMMITMENT,
  remainingTokens: 1_100,
  poolTokens: 300,
  windowTokens: 8_000,
  harderViews: [],
  largerWindows: [],
  isSplittable: false,
  policy: "warn",
};

const decide = (change: Partial<OverBudgetRequest>) => decideOverBudget({ ...FITS, ...change });
const names = (change: Partial<OverBudgetRequest>): readonly string[] => decide(change).transitions.map(({ name }) => name);

describe("decideOverBudget", () => {
  test("does nothing when the call fits", () => {
    expect(decide({})).toEqual({ action: "proceed", level: null, borrowedTokens: 0, model: null, outputCap: 400, transitions: [] });
  });

  test("compresses harder, level by level, no further than needed", () => {
    const harderViews = [
      { level: 1, inputTokens: 900 },
      { level: 2, inputTokens: 500 },
      { level: 3, inputTokens: 100 },
    ] as const;

    expect(decide({ remainingTokens: 700, harderViews })).toMatchObject({
      action: "proceed",
      level: 2,
      borrowedTokens: 0,
      transitions: [
        { name: "compress_harder", isEnough: false, fromTokens: 1_100, toTokens: 1_000 },
        { name: "compress_harder", isEnough: true, fromTokens: 1_000, toTokens: 600 },
      ],
    });
  });

  test("passes over a view that is not smaller", () => {
    expect(decide({ remainingTokens: 900, poolTokens: 0, harderViews: [{ level: 1, inputTokens: 1_000 }] })).toMatchObject({ level: null });
  });

  test("then borrows what is missing, and only if that is enough", () => {
    expect(decide({ remainingTokens: 900 })).toMatchObject({ action: "proceed", borrowedTokens: 200 });
    expect(decide({ remainingTokens: 700 })).toMatchObject({ action: "warn", borrowedTokens: 0 });
    expect(names({ remainingTokens: 700 })).toEqual(["borrow_from_pool", "warn"]);
  });

  test("takes a larger window for what the window is too small for, the first that takes it", () => {
    const largerWindows = [
      { model: "a/small", windowTokens: 1_400 },
      { model: "a/large", windowTokens: 2_000 },
      { model: "a/huge", windowTokens: 9_000 },
    ];

    expect(decide({ windowTokens: 1_200, largerWindows })).toMatchObject({ action: "proceed", model: "a/large", borrowedTokens: 0 });
    expect(names({ windowTokens: 1_200, largerWindows })).toEqual(["larger_window"]);
  });

  test("then splits, and says that it cannot fit where that is not possible, whatever the policy", () => {
    expect(decide({ windowTokens: 1_200, isSplittable: true })).toMatchObject({ action: "split" });
    expect(decide({ windowTokens: 1_200, policy: "fail" })).toMatchObject({ action: "cannot_fit" });
  });

  test.each(["warn", "pause", "fail"] as const)("ends with the policy %s", (policy) => {
    expect(decide({ remainingTokens: 0, poolTokens: 0, policy })).toMatchObject({
      action: policy,
      outputCap: 400,
      transitions: [{ name: policy, isEnough: false, why: "needs 1100 tokens, 0 are left" }],
    });
  });

  test("degrades to the answer that what is left can pay, never below the least one", () => {
    expect(decide({ remainingTokens: 1_090, poolTokens: 0, policy: "degrade" })).toMatchObject({ action: "degrade", outputCap: 90 });
    expect(decide({ remainingTokens: 500, poolTokens: 0, policy: "degrade" })).toMatchObject({ action: "degrade", outputCap: 64 });
  });

  test("tries in order, and lets nothing start that does not fit but by a policy that says so", () => {
    const order = ["compress_harder", "borrow_from_pool", "larger_window", "split", "warn", "degrade", "pause", "fail"];
    const tokens = fc.nat(3_000);
    fc.assert(
      fc.property(
        fc.record({
          remainingTokens: tokens,
          poolTokens: fc.nat(1_000),
          windowTokens: fc.option(tokens),
          harderViews: fc
            .subarray([1, 2, 3] as const)
            .chain((levels) => fc.tuple(...levels.map((level) => fc.record({ level: fc.constant(level), inputTokens: tokens })))),
          largerWindows: fc.array(fc.record({ model: fc.constant("m"), windowTokens: tokens }), { maxLength: 2 }),
          isSplittable: fc.boolean(),
          policy: fc.constantFrom("warn" as const, "degrade" as const, "pause" as const, "fail" as const),
        }),
        (change) => {
          const decision = decide(change);
          const positions = decision.transitions.map(({ name }) => order.indexOf(name));
          const view = change.harderViews.find(({ level }) => level === decision.level);
          const input = view?.inputTokens ?? 1_000;
          const fits = input + 100 <= change.remainingTokens + decision.borrowedTokens;

          expect(positions).toEqual([...positions].sort((left, right) => left - right));
          expect(decision.borrowedTokens).toBeLessThanOrEqual(change.poolTokens);
          expect(decision.action === "proceed" ? fits : true).toBe(true);
          expect(decision.transitions.slice(0, -1).every(({ isEnough }) => !isEnough)).toBe(true);
          // Nothing was tried: it fitted at once, or nothing could be tried. A smaller answer may be enough, too.
          const isEnough = decision.transitions.at(-1)?.isEnough ?? decision.action === "proceed";
          expect(isEnough).toBe(decision.action === "proceed" || (decision.action === "degrade" && isEnough));
        },
      ),
      { numRuns: 20_000 },
    );
  });
});
