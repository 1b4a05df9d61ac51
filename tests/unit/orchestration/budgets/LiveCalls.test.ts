import { describe, expect, test } from "vitest";
import { LiveCalls } from "../../../../lib/orchestration/budgets/LiveCalls.ts";
import { StepHistory, type CallSample, type StepKey } from "../../../../lib/orchestration/budgets/StepHistory.ts";

const KEY: StepKey = { agentId: "a", signature: "l[].ask", shape: "ai_processing@1", intent: "extract", model: "openai/gpt-4o" };

function call(outputTokens: number): CallSample {
  return { inputTokens: 100, outputTokens, reasoningTokens: 0 };
}

function past(outputTokens: number): StepHistory {
  const { signature, shape, intent, model } = KEY;
  const step = { signature, shape, intent, model, runs: 1, inputTokens: 100, outputTokens, costUsd: null, calls: [call(outputTokens)] };
  return new StepHistory([{ executionId: "e", agentId: "a", steps: [step], forecast: null }]);
}

describe("LiveCalls", () => {
  test("puts this execution's calls, all iterations together, before those of earlier ones", () => {
    const live = new LiveCalls();
    live.note("l[0].ask", call(1));
    live.note("l[1].ask", call(2));
    live.note("other", call(3));

    expect(live.before(KEY, past(9)).map(({ outputTokens }) => outputTokens)).toEqual([2, 1, 9]);
  });

  test("has nothing to add before the first call, and forgets the oldest of very many", () => {
    const live = new LiveCalls();

    expect(live.before(KEY, past(9))).toEqual([call(9)]);
    for (let count = 0; count < 80; count += 1) live.note("l[0].ask", call(count));
    expect(live.before(KEY, new StepHistory())).toHaveLength(50);
    expect(live.before(KEY, new StepHistory())[0]).toEqual(call(79));
  });
});
