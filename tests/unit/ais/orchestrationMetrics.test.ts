// Every expected figure was computed by hand; the sum stands beside it.
import { describe, expect, test } from "vitest";
import {
  calculateBudgetAdherence,
  calculateHandlerEffectiveness,
  calculateTokenSavings,
  orchestrationMetrics,
} from "../../../lib/ais/orchestrationMetrics.ts";
import { orchestration } from "./executionFacts.ts";

describe("orchestration_efficiency", () => {
  test.each([
    ["10 000 − 9 000 is 10 % saved, a quarter of 40 %", 10_000, 9_000, 2.5],
    ["10 000 − 6 900 is 31 % saved, 31/40", 10_000, 6_900, 7.75],
    ["40 % saved is all that is asked", 10_000, 6_000, 10],
    ["more is no more than ten", 10_000, 100, 10],
    ["nothing saved", 10_000, 10_000, 0],
    ["more used than the baseline", 10_000, 12_000, 0],
  ])("%s", (_why, baselineTokens, usedTokens, expected) => {
    expect(calculateTokenSavings({ baselineTokens, usedTokens })).toBeCloseTo(expected, 12);
  });

  test.each([
    [null, 100],
    [100, null],
    [0, 0],
  ])("is unknown where nothing was compared: %s, %s", (baselineTokens, usedTokens) => {
    expect(calculateTokenSavings({ baselineTokens, usedTokens })).toBeNull();
  });
});

describe("token_governance_score", () => {
  const commit = (...pairs: readonly (readonly [number, number])[]) => ({
    commitments: pairs.map(([allocatedTokens, usedTokens]) => ({ allocatedTokens, usedTokens })),
  });

  test.each([
    [
      "950 of 1 000 and 1 100 of 1 000 are within 10 %, 1 101 and 899 are not: 2 of 4",
      commit([1_000, 950], [1_000, 1_100], [1_000, 1_101], [1_000, 899]),
      5,
    ],
    ["3 of 3", commit([500, 500], [500, 450], [500, 550]), 10],
    ["0 of 1: far below is no adherence either", commit([1_000, 100]), 0],
    ["nothing committed and nothing used is kept, 1 of 2", commit([0, 0], [0, 1]), 5],
    ["2 of 3", commit([100, 100], [100, 90], [100, 80]), 20 / 3],
  ])("%s", (_why, facts, expected) => {
    expect(calculateBudgetAdherence(facts)).toBeCloseTo(expected, 12);
  });

  test("is unknown where nothing was committed", () => {
    expect(calculateBudgetAdherence(commit())).toBeNull();
  });
});

describe("handler_effectiveness", () => {
  test.each([
    [4, 3, 7.5],
    [4, 0, 0],
    [4, 4, 10],
    [4, 9, 10],
    [4, -1, 0],
  ])("%s checked, %s passed: %s", (checked, passed, expected) => {
    expect(calculateHandlerEffectiveness({ firstAttempts: { checked, passed } })).toBe(expected);
  });

  test("is unknown where nothing was checked", () => {
    expect(calculateHandlerEffectiveness({ firstAttempts: { checked: 0, passed: 0 } })).toBeNull();
  });
});

describe("orchestrationMetrics", () => {
  test("are all unknown for an execution without orchestration", () => {
    expect(orchestrationMetrics(null)).toEqual({
      orchestration_efficiency: null,
      token_governance_score: null,
      handler_effectiveness: null,
    });
  });

  test("come together", () => {
    const facts = orchestration({
      baselineTokens: 2_000,
      usedTokens: 1_600,
      commitments: [{ allocatedTokens: 100, usedTokens: 105 }],
      firstAttempts: { checked: 2, passed: 1 },
    });

    expect(orchestrationMetrics(facts)).toEqual({ orchestration_efficiency: 5, token_governance_score: 10, handler_effectiveness: 5 });
  });
});
