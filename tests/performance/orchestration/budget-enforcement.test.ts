// What a budget check costs: the plan's own limit on the median. Tighter figures are bench's.
import { describe, expect, test } from "vitest";
import { TokenBudgetManager } from "../../../lib/orchestration/TokenBudgetManager.ts";
import { fitsWindow, windowUpper } from "../../../lib/orchestration/budgets/contextGuard.ts";
import { decideOverBudget } from "../../../lib/orchestration/budgets/decideOverBudget.ts";
import { ExecutionBudget } from "../../../lib/orchestration/budgets/ExecutionBudget.ts";
import { StepHistory, type CallSample, type StepSample } from "../../../lib/orchestration/budgets/StepHistory.ts";
import { modelStep } from "../../unit/orchestration/budgets/stepTrees.ts";

const LIMIT_MS = 50;
const RUNS = 60;
const MODEL = "openai/gpt-4o";
const STEPS = Array.from({ length: 40 }, (_, index) => modelStep(`s${index}`));
const AGENT = { id: "a", name: "a", token_limit: 200_000, steps: STEPS };

function medianMs(work: () => void): number {
  const times = Array.from({ length: RUNS }, () => {
    const beganMs = performance.now();
    work();
    return performance.now() - beganMs;
  });
  return times.sort((left, right) => left - right)[RUNS / 2] ?? Number.NaN;
}

const CALLS: readonly CallSample[] = Array.from({ length: 200 }, (_, index) => ({
  inputTokens: 500 + index,
  outputTokens: 100 + (index % 50),
  reasoningTokens: 0,
}));

function createHistory(): StepHistory {
  const sample = (signature: string, index: number): StepSample => ({
    signature,
    shape: "ai_processing@0",
    intent: null,
    model: MODEL,
    runs: 1,
    inputTokens: 1_000 + index,
    outputTokens: 100,
    costUsd: 1_000n,
    calls: CALLS.slice(0, 8),
  });
  return new StepHistory(
    Array.from({ length: 128 }, (_, index) => ({
      executionId: `e${index}`,
      agentId: index % 2 === 0 ? "a" : "b",
      steps: STEPS.map(({ id }) => sample(id, index)),
      forecast: { tokensQ90: 40_000, usdQ90: 40_000n },
    })),
  );
}

describe("budget enforcement", () => {
  const manager = new TokenBudgetManager();

  test("checks one call in less than 50 ms", () => {
    const budget = new ExecutionBudget(manager.calculateBudget(AGENT, 1_000));
    const count = { tokens: 4_000, upperTokens: 4_400 };
    const decide = (): void => {
      const upper = windowUpper(count, false);
      const commitment = manager.commit({
        inputTokens: count.tokens,
        inputUpperTokens: upper,
        history: CALLS,
        intent: "extract",
        maxOutputTokens: 4_096,
        hasThinking: false,
      });
      fitsWindow(upper, commitment.outputCap, 0, 128_000);
      decideOverBudget({
        commitment,
        remainingTokens: budget.remainingOf("s1"),
        poolTokens: budget.poolTokens,
        windowTokens: 126_000,
        harderViews: [{ level: 2, inputTokens: 2_000 }],
        largerWindows: [],
        isSplittable: false,
        policy: "warn",
      });
      budget.book("s1", 10);
      manager.trackBudgetUsage("e1", "s1", commitment.allocated, 10, false);
    };

    expect(medianMs(decide)).toBeLessThan(LIMIT_MS);
  });

  test("divides a budget over 40 steps in less than 50 ms", () => {
    expect(medianMs(() => manager.calculateBudget(AGENT, 1_000))).toBeLessThan(LIMIT_MS);
  });

  test("forecasts 10 000 steps that nothing is known of in seconds, not minutes", () => {
    const steps = Array.from({ length: 10_000 }, (_, index) => modelStep(`s${index}`));
    const beganMs = performance.now();
    manager.forecast({ ...AGENT, steps }, { modelOf: () => ({ model: MODEL }) });

    expect(performance.now() - beganMs).toBeLessThan(10_000);
  });

  test("forecasts an execution of 40 steps from 128 earlier ones in less than 50 ms", () => {
    const history = createHistory();

    expect(medianMs(() => manager.forecast(AGENT, { history, modelOf: () => ({ model: MODEL }) }))).toBeLessThan(LIMIT_MS);
  });
});
