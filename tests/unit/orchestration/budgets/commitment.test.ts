import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commit, predictOutput, type CommitRequest } from "../../../../lib/orchestration/budgets/commitment.ts";
import type { CallSample } from "../../../../lib/orchestration/budgets/StepHistory.ts";

const REQUEST: CommitRequest = { inputTokens: 1_000, history: [], intent: "extract", maxOutputTokens: 8_000, hasThinking: false };

function calls(count: number, outputTokens: number, facts: Partial<CallSample> = {}): CallSample[] {
  return Array.from({ length: count }, () => ({ inputTokens: 1_000, outputTokens, reasoningTokens: 0, ...facts }));
}

describe("commit", () => {
  test("allocates the input as counted and the output as it was", () => {
    expect(commit({ ...REQUEST, inputUpperTokens: 1_050, history: calls(40, 300) })).toEqual({
      allocated: 1_300,
      inputTokens: 1_000,
      predictedOutputTokens: 300,
      outputCap: 375,
      hardCap: 1_425,
      capSource: "history",
    });
  });

  test("caps at the intent's ceiling while there is no history", () => {
    expect(commit(REQUEST)).toMatchObject({ outputCap: 2_048, capSource: "intent" });
    expect(commit({ ...REQUEST, intent: "generate" })).toMatchObject({ outputCap: 4_096 });
    expect(commit({ ...REQUEST, intent: "generate", history: calls(5, 9_000), maxOutputTokens: 20_000 })).toMatchObject({
      outputCap: 11_250,
    });
  });

  test("always reserves an eighth of the input, up to 512 tokens", () => {
    expect(commit({ ...REQUEST, history: calls(40, 8) }).outputCap).toBe(125);
    expect(commit({ ...REQUEST, inputTokens: 90_000, history: calls(40, 8) }).outputCap).toBe(512);
  });

  test("adds the budget for reasoning to what is seen, and takes no cap from what is seen when that is unknown", () => {
    const history = calls(40, 900, { reasoningTokens: 700 });

    expect(commit({ ...REQUEST, history, hasThinking: true, thinkingTokens: 2_000 })).toMatchObject({
      outputCap: 2_250,
      predictedOutputTokens: 900,
    });
    expect(commit({ ...REQUEST, history, hasThinking: true })).toMatchObject({ outputCap: 8_000, capSource: "limit" });
  });

  test("knows a model that reasons by its answers", () => {
    const history = calls(40, 900, { reasoningTokens: 700 });

    expect(commit({ ...REQUEST, history })).toMatchObject({ outputCap: 8_000, capSource: "limit" });
  });

  test("guesses by the answers of like steps, but takes no cap from them", () => {
    const made = commit({ ...REQUEST, history: calls(100, 30, { isBorrowed: true }) });

    expect(made).toMatchObject({ predictedOutputTokens: 30, outputCap: 2_048, capSource: "intent" });
  });

  test("never asks for less than the model takes, nor for more than is allowed", () => {
    expect(commit({ ...REQUEST, inputTokens: 0, history: calls(40, 0), minOutputTokens: 32 }).outputCap).toBe(32);
    expect(commit({ ...REQUEST, history: calls(40, 900), maxOutputTokens: 50 })).toMatchObject({
      outputCap: 50,
      predictedOutputTokens: 50,
      capSource: "limit",
    });
  });

  test.each([Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY])("refuses a count of %s", (inputTokens) => {
    expect(() => commit({ ...REQUEST, inputTokens })).toThrow(/inputTokens is .+; expected a whole number/);
    expect(() => commit({ ...REQUEST, maxOutputTokens: 0 })).toThrow(/at least 1/);
  });

  test("keeps its order whatever the history: input ≤ allocated ≤ hard cap, cap within its bounds", () => {
    const call = fc.record({ inputTokens: fc.nat(1e6), outputTokens: fc.nat(1e5), reasoningTokens: fc.nat(1e5) });
    fc.assert(
      fc.property(
        fc.array(call, { maxLength: 60 }),
        fc.nat(1e6),
        fc.integer({ min: 16, max: 1e5 }),
        fc.boolean(),
        (history, inputTokens, maxOutputTokens, hasThinking) => {
          const made = commit({ ...REQUEST, history, inputTokens, maxOutputTokens, hasThinking, thinkingTokens: 500 });

          expect(made.allocated).toBeGreaterThanOrEqual(inputTokens);
          expect(made.hardCap).toBeGreaterThanOrEqual(made.allocated);
          expect(made.outputCap).toBeGreaterThanOrEqual(16);
          expect(made.outputCap).toBeLessThanOrEqual(maxOutputTokens);
          expect(Object.values(made).every((value) => typeof value === "string" || Number.isSafeInteger(value))).toBe(true);
        },
      ),
    );
  });
});

describe("predictOutput", () => {
  test("follows calls with like input", () => {
    const history = [...calls(30, 50), ...calls(30, 800, { inputTokens: 40_000 })];

    expect(predictOutput({ history, intent: null, inputTokens: 1_000 })).toBe(50);
    expect(predictOutput({ history, intent: null, inputTokens: 40_000 })).toBe(800);
  });

  test("follows calls under the same condition", () => {
    const history = [...calls(20, 30, { condition: "search" }), ...calls(20, 400, { condition: "user" })];

    expect(predictOutput({ history, intent: null, inputTokens: 1_000, condition: "user" })).toBe(400);
    expect(predictOutput({ history, intent: null, inputTokens: 1_000, condition: "search" })).toBe(30);
  });

  test("follows newer calls before older ones", () => {
    expect(predictOutput({ history: [...calls(60, 100), ...calls(100, 900)], intent: null, inputTokens: 1_000 })).toBe(100);
  });
});
