import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExecutionBudget } from "../../../../lib/orchestration/budgets/ExecutionBudget.ts";
import { TokenBudgetManager } from "../../../../lib/orchestration/TokenBudgetManager.ts";
import { modelStep } from "./stepTrees.ts";

/** Total 10 000: memory 1 000, pool 1 080, a and b 3 960 each. */
function plan() {
  const agent = { id: "a", name: "a", token_limit: 10_000, steps: [modelStep("a"), modelStep("b")] };
  return new TokenBudgetManager().calculateBudget(agent, 1_000);
}

describe("ExecutionBudget", () => {
  test("books what calls use, step by step and in total", () => {
    const budget = new ExecutionBudget(plan());

    expect(budget.book("a", 500)).toEqual({ allocated: 3_960, used: 500, remaining: 3_460, compressed: false });
    budget.book("a", 300, true);
    budget.bookMemory(200);

    expect(budget.budgetOf("a")).toEqual({ allocated: 3_960, used: 800, remaining: 3_160, compressed: true });
    expect(budget.total).toEqual({ allocated: 10_000, used: 1_000, remaining: 9_000, compressed: true });
    expect(budget.usedShare).toBe(0.1);
    expect(budget.remainingOf("a")).toBe(3_160);
  });

  test("knows what is set aside for memory and not used yet", () => {
    const budget = new ExecutionBudget(plan());
    const before = budget.memoryTokens;
    budget.bookMemory(200);

    expect(before - budget.memoryTokens).toBe(200);
    expect(budget.remainingOf("a")).toBe(new ExecutionBudget(plan()).remainingOf("a"));
  });

  test("gives what a finished or skipped step left to others, once", () => {
    const budget = new ExecutionBudget(plan());
    budget.book("a", 960);

    expect([budget.release("a"), budget.release("a"), budget.release("nobody")]).toEqual([3_000, 0, 0]);
    expect([budget.releaseMemory(), budget.releaseMemory()]).toEqual([1_000, 0]);
    expect(budget.remainingOf("b")).toBe(3_960 + 3_000 + 1_000);
    expect(budget.poolTokens).toBe(1_080);
  });

  test("lends from the pool all that is asked or nothing", () => {
    const budget = new ExecutionBudget(plan());

    expect([budget.borrow("a", 1_081), budget.borrow("a", Number.NaN), budget.borrow("a", 80)]).toEqual([0, 0, 80]);
    expect(budget.budgetOf("a").allocated).toBe(4_040);
    expect(budget.poolTokens).toBe(1_000);
  });

  test("takes what passes a step's own budget out of the spare, then of the pool", () => {
    const budget = new ExecutionBudget(plan());
    budget.release("b");
    budget.book("a", 3_960 + 3_960 + 80);

    expect([budget.spareTokens, budget.poolTokens, budget.remainingOf("a")]).toEqual([0, 1_000, 0]);
  });

  test.each([Number.NaN, -500])("gives nothing back for a use of %s", (tokens) => {
    const budget = new ExecutionBudget(plan());
    budget.book("a", tokens);

    expect([budget.total.used, budget.remainingOf("a")]).toEqual([0, 3_960]);
  });

  test("knows steps that the plan does not", () => {
    const budget = new ExecutionBudget(plan());

    expect([budget.remainingOf("inner"), budget.budgetOf("inner").allocated]).toEqual([0, 0]);
    budget.book("inner", 80);
    expect([budget.total.used, budget.poolTokens]).toEqual([80, 1_000]);
  });

  test("goes on where a lost owner stopped", () => {
    const budget = new ExecutionBudget(plan(), [{ stepId: "a", used: 700, compressed: true }]);

    expect(budget.total).toMatchObject({ used: 700, compressed: true });
    expect(budget.remainingOf("a")).toBe(3_260);
  });

  test("says null for the share of nothing", () => {
    const empty = new TokenBudgetManager().calculateBudget({ id: "a", name: "a", token_limit: 0, steps: [] }, 0);

    expect(new ExecutionBudget(empty).usedShare).toBeNull();
  });

  test("keeps every token: own rests + spare + pool + memory = total − used, until more is used than there is", () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant("book" as const), step: fc.constantFrom("a", "b", "c"), tokens: fc.nat(2_000) }),
      fc.record({ kind: fc.constant("borrow" as const), step: fc.constantFrom("a", "b", "c"), tokens: fc.nat(800) }),
      fc.record({ kind: fc.constant("release" as const), step: fc.constantFrom("a", "b", "c"), tokens: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        const budget = new ExecutionBudget(plan());
        for (const { kind, step, tokens } of operations) {
          if (kind === "book") budget.book(step, tokens);
          else if (kind === "borrow") budget.borrow(step, tokens);
          else budget.release(step);
        }
        const rests = ["a", "b", "c"].map((step) => budget.remainingOf(step) - budget.spareTokens);
        const free = rests.reduce((sum, rest) => sum + rest, budget.spareTokens + budget.poolTokens + 1_000);
        const unused = 10_000 - budget.total.used;

        expect(Math.min(budget.spareTokens, budget.poolTokens, ...rests)).toBeGreaterThanOrEqual(0);
        // More is free than is unused only when a step used more than rest, spare and pool could give: others keep theirs.
        expect(free).toBeGreaterThanOrEqual(unused);
        expect(budget.poolTokens > 0 ? free : unused).toBe(unused);
      }),
      { numRuns: 1_000 },
    );
  });
});
