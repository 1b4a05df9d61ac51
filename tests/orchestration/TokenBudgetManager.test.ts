import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TokenBudgetManager } from "../../lib/orchestration/TokenBudgetManager.ts";
import { DEFAULT_SETTINGS } from "../../lib/orchestration/budgets/GovernanceSettings.ts";
import { modelSteps } from "../../lib/orchestration/budgets/modelSteps.ts";
import type { BudgetPlan, StepLabel } from "../../lib/orchestration/budgets/types.ts";
import type { Agent, IntentType } from "../../lib/orchestration/types.ts";
import type { WorkflowStep } from "../../lib/workflow/types.ts";
import { modelStep, stepTrees } from "../unit/orchestration/budgets/stepTrees.ts";

const manager = new TokenBudgetManager();

function agent(steps: readonly WorkflowStep[], tokenLimit?: number | null): Agent {
  return { id: "a1", name: "Digest", steps, ...(tokenLimit === undefined ? {} : { token_limit: tokenLimit }) };
}

function labels(given: Readonly<Record<string, StepLabel>>): ReadonlyMap<string, StepLabel> {
  return new Map(Object.entries(given));
}

function sumOf({ memory, pool, steps }: BudgetPlan): number {
  return steps.reduce((sum, { allocated }) => sum + allocated, memory.allocated + pool.allocated);
}

const allocated = ({ steps }: BudgetPlan): readonly number[] => steps.map((step) => step.allocated);

describe("TokenBudgetManager", () => {
  test("allocates budget proportionally", () => {
    const steps = [modelStep("read"), modelStep("write")];
    const plan = manager.calculateBudget(agent(steps, 20_000), 0, {
      labels: labels({ read: { intent: "extract", estimatedTokens: 1_000 }, write: { intent: "extract", estimatedTokens: 3_000 } }),
    });

    expect(allocated(plan)).toEqual([4_400, 13_200]);
    expect(plan).toMatchObject({ allocated: 20_000, used: 0, remaining: 20_000, compressed: false, outcome: "ok" });
    expect(plan.pool.allocated).toBe(2_400);
  });

  test("weighs intents and tiers by the settings", () => {
    const steps = [modelStep("a"), modelStep("b")];
    const same = { estimatedTokens: 1_000, intent: "extract" as const };
    const plan = (own: Partial<StepLabel>): readonly number[] =>
      allocated(manager.calculateBudget(agent(steps, 10_000), 0, { labels: labels({ a: same, b: { ...same, ...own } }) }));

    const [a = 0, b = 0] = plan({ intent: "generate" });
    expect(b / a).toBeCloseTo(DEFAULT_SETTINGS.intentMultipliers.generate, 2);
    const [c = 0, d = 0] = plan({ tier: "capable" });
    expect(d / c).toBeCloseTo(DEFAULT_SETTINGS.tierMultipliers.capable, 2);
    expect(plan({})).toEqual([4_400, 4_400]);
  });

  test("weighs steps equally without intents", () => {
    expect(allocated(manager.calculateBudget(agent([modelStep("a"), modelStep("b"), modelStep("c")]), 0))).toEqual([2_934, 2_933, 2_933]);
  });

  test("takes the author's own figure as the need", () => {
    const plan = manager.calculateBudget(agent([modelStep("a", { token_budget: 100 }), modelStep("b", { token_budget: 300 })]), 0);

    expect(allocated(plan)).toEqual([2_200, 6_600]);
  });

  test("tracks consumption per step", () => {
    const tracked = manager.trackBudgetUsage("e1", "s2[3].send", 1_000, 400, true, { tokensIn: 800, tokensOut: 200 });

    expect(tracked.budget).toEqual({ allocated: 1_000, used: 400, remaining: 600, compressed: true });
    expect(tracked).toMatchObject({ isOver: false, overTokens: 0 });
    expect(tracked.part).toEqual({
      kind: "token_budgets",
      rows: [
        { executionId: "e1", stepPath: "s2[3].send", allocatedTokens: 1_000, usedTokens: 400, isCompressed: true, compressionRatio: 0.25 },
      ],
    });
  });

  test("flags budget overages", () => {
    const tracked = manager.trackBudgetUsage("e1", "s1", 1_000, 1_250, false);

    expect(tracked).toMatchObject({ isOver: true, overTokens: 250, budget: { used: 1_250, remaining: 0 } });
    expect(manager.trackBudgetUsage("e1", "s1", 1_000, 1_000, false).isOver).toBe(false);
  });

  test("reserves budget for memory context", () => {
    const plan = manager.calculateBudget(agent([modelStep("a")], 10_000), 2_000);

    expect(plan.memory).toMatchObject({ allocated: 2_000, remaining: 2_000 });
    expect(plan.pool.allocated).toBe(960);
    expect(allocated(plan)).toEqual([7_040]);
    expect(sumOf(plan)).toBe(10_000);
  });

  test.each([
    [undefined, 10_000],
    [null, 10_000],
    [0, 0],
    [1, 1],
  ])("takes a token limit of %s as %i", (limit, total) => {
    expect(manager.calculateBudget(agent([modelStep("a")], limit), 0).allocated).toBe(total);
  });

  test.each([Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, 2 ** 60])("refuses a token limit of %s, saying so", (limit) => {
    const calculate = (): unknown => manager.calculateBudget(agent([modelStep("a")], limit), 0);

    expect(calculate).toThrow(expect.objectContaining({ code: "USAGE", message: expect.stringContaining(`token_limit is ${limit}`) }));
    expect(() => manager.calculateBudget(agent([]), limit)).toThrow(/memoryTokens/);
    expect(() => manager.trackBudgetUsage("e", "s", limit, 0, false)).toThrow(/allocated/);
  });

  test("says that memory is larger than the budget, and gives it what there is", () => {
    const plan = manager.calculateBudget(agent([modelStep("a"), modelStep("b")], 1_000), 1_500);

    expect(plan).toMatchObject({ outcome: "memory_exceeds_budget", memory: { allocated: 1_000 }, pool: { allocated: 0 } });
    expect(allocated(plan)).toEqual([0, 0]);
    expect(plan.shortTokens).toBe(500 + 2 * 64);
  });

  test.each([[[]], [[{ id: "d", type: "delay", duration: 1 } as const]]])(
    "puts everything into the pool when no step asks a model",
    (steps) => {
      const plan = manager.calculateBudget(agent(steps, 5_000), 1_000);

      expect(plan).toMatchObject({ outcome: "no_model_steps", steps: [], pool: { allocated: 4_000 }, shortTokens: 0 });
    },
  );

  test("says when there is too little for the floors, and divides it evenly", () => {
    const plan = manager.calculateBudget(agent([modelStep("a"), modelStep("b"), modelStep("c")], 100), 0);

    expect(plan).toMatchObject({ outcome: "below_floors", shortTokens: 3 * 64 - 88 });
    expect(allocated(plan)).toEqual([30, 29, 29]);
  });

  test("keeps the floor for a step that needs next to nothing", () => {
    const plan = manager.calculateBudget(agent([modelStep("a"), modelStep("b")], 10_000), 0, {
      labels: labels({ a: { intent: "conditional", estimatedTokens: 1 }, b: { intent: "generate", estimatedTokens: 50_000 } }),
    });

    expect(allocated(plan)).toEqual([64, 8_736]);
  });

  test("divides any tree of steps exactly, never below zero, with a floor for each where there is enough", () => {
    const intents: readonly IntentType[] = ["extract", "generate", "send"];
    fc.assert(
      fc.property(stepTrees(), fc.nat(200_000), fc.nat(50_000), fc.boolean(), (steps, limit, memory, isLabelled) => {
        const found = modelSteps(steps);
        const given = new Map(
          found.map(({ step }, index): [string, StepLabel] => [
            step.id,
            { intent: intents[index % 3] ?? "send", estimatedTokens: 1 + ((index * 7_919) % 9_000) },
          ]),
        );
        const plan = manager.calculateBudget(agent(steps, limit), memory, isLabelled ? { labels: given } : {});

        expect(sumOf(plan)).toBe(limit);
        expect(plan.steps).toHaveLength(found.length);
        for (const part of [...plan.steps, plan.pool, plan.memory]) expect(part.allocated).toBeGreaterThanOrEqual(0);
        const isOk = plan.outcome === "ok";
        for (const step of plan.steps) expect(step.allocated).toBeGreaterThanOrEqual(isOk ? 64 : 0);
        expect(plan.shortTokens > 0).toBe(plan.outcome === "memory_exceeds_budget" || plan.outcome === "below_floors");
      }),
      { numRuns: 500 },
    );
  });

  test("divides totals near the largest whole number exactly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2 ** 52, max: Number.MAX_SAFE_INTEGER }), fc.integer({ min: 1, max: 40 }), (limit, count) => {
        const steps = Array.from({ length: count }, (_, index) =>
          modelStep(`s${index}`, { token_budget: 1 + ((index * 104_729) % 7_777) }),
        );
        const plan = manager.calculateBudget(agent(steps, limit), 0);

        expect(plan.steps.reduce((sum, step) => sum + BigInt(step.allocated), BigInt(plan.pool.allocated))).toBe(BigInt(limit));
        expect(Math.min(...allocated(plan))).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("takes ten thousand levels of nesting", () => {
    let steps: readonly WorkflowStep[] = [modelStep("inner")];
    for (let level = 0; level < 10_000; level += 1)
      steps = [{ id: `l${level}`, type: "loop", iterateOver: "{{input.x}}", loopSteps: steps, maxIterations: 9, parallel: false }];

    expect(allocated(manager.calculateBudget(agent(steps, 1_000), 0))).toEqual([880]);
  });
});
