// What is left of one execution's planning total, step by step, while it runs. In memory; a takeover rebuilds it from the rows of token_budgets.
import type { TokenBudget } from "../types.ts";
import type { BudgetPlan } from "./types.ts";

interface Account {
  readonly allocated: number;
  used: number;
  borrowed: number;
  /** Given back for others; never more than the step did not use. */
  returned: number;
  compressed: boolean;
}

export interface UsedStep {
  readonly stepId: string;
  readonly used: number;
  readonly compressed: boolean;
}

/**
 * Accounts: one per step (all its iterations and calls together), memory, the pool, and what finished or skipped steps gave
 * back (`spare`). Nothing is ever negative; what is spent beyond shows as `used > allocated`. Steps that the plan does not
 * know (from a sub-workflow) have nothing of their own and live on spare and pool.
 */
export class ExecutionBudget {
  readonly #steps = new Map<string, Account>();
  readonly #allocated: number;
  readonly #memory: number;
  #memoryUsed = 0;
  #isMemoryReleased = false;
  #pool: number;
  #spare = 0;

  constructor(plan: BudgetPlan, usedBefore: readonly UsedStep[] = []) {
    this.#allocated = plan.allocated;
    this.#memory = plan.memory.allocated;
    this.#pool = plan.pool.allocated;
    for (const { stepId, allocated } of plan.steps) this.#steps.set(stepId, account(allocated));
    for (const { stepId, used, compressed } of usedBefore) this.book(stepId, used, compressed);
  }

  /** Tokens that a call of the step may still use before anything has to give way: its own rest and the spare. */
  remainingOf(stepId: string): number {
    const step = this.#steps.get(stepId);
    return (step === undefined ? 0 : Math.max(step.allocated + step.borrowed - step.used - step.returned, 0)) + this.#spare;
  }

  get poolTokens(): number {
    return this.#pool;
  }

  get spareTokens(): number {
    return this.#spare;
  }

  /** Used ÷ allocated of the execution; null when nothing was allocated. */
  get usedShare(): number | null {
    return this.#allocated === 0 ? null : this.total.used / this.#allocated;
  }

  get total(): TokenBudget {
    const steps = [...this.#steps.values()];
    const used = steps.reduce((sum, step) => sum + step.used, this.#memoryUsed);
    return budget(
      this.#allocated,
      used,
      steps.some(({ compressed }) => compressed),
    );
  }

  /** Its own allocation, loans included. */
  budgetOf(stepId: string): TokenBudget {
    const step = this.#steps.get(stepId);
    return step === undefined ? budget(0, 0, false) : budget(step.allocated + step.borrowed, step.used, step.compressed);
  }

  /** @returns what the pool gave: all that was asked for, or nothing */
  borrow(stepId: string, tokens: number): number {
    if (!(tokens > 0) || tokens > this.#pool) return 0;
    this.#pool -= tokens;
    this.#open(stepId).borrowed += tokens;
    return tokens;
  }

  /** Books what a call used. What passes the step's own rest comes out of the spare, then of the pool, as far as they go. */
  book(stepId: string, tokens: number, compressed = false): TokenBudget {
    const step = this.#open(stepId);
    const own = Math.max(step.allocated + step.borrowed - step.used - step.returned, 0);
    step.used += tokens;
    step.compressed ||= compressed;
    const beyond = Math.max(tokens - own, 0);
    const fromSpare = Math.min(beyond, this.#spare);
    this.#spare -= fromSpare;
    this.#pool -= Math.min(beyond - fromSpare, this.#pool);
    return this.budgetOf(stepId);
  }

  bookMemory(tokens: number): void {
    this.#memoryUsed += tokens;
  }

  /** A step is done, or its branch is not taken: what it did not use is there for others. Twice is once. @returns tokens given back */
  release(stepId: string): number {
    const step = this.#steps.get(stepId);
    if (step === undefined) return 0;
    const rest = Math.max(step.allocated + step.borrowed - step.used - step.returned, 0);
    step.returned += rest;
    this.#spare += rest;
    return rest;
  }

  /** Memory that was reserved and not needed. Twice is once. @returns tokens given back */
  releaseMemory(): number {
    if (this.#isMemoryReleased) return 0;
    this.#isMemoryReleased = true;
    const rest = Math.max(this.#memory - this.#memoryUsed, 0);
    this.#spare += rest;
    return rest;
  }

  #open(stepId: string): Account {
    const found = this.#steps.get(stepId);
    if (found !== undefined) return found;
    const opened = account(0);
    this.#steps.set(stepId, opened);
    return opened;
  }
}

function account(allocated: number): Account {
  return { allocated, used: 0, borrowed: 0, returned: 0, compressed: false };
}

export function budget(allocated: number, used: number, compressed: boolean): TokenBudget {
  return { allocated, used, remaining: Math.max(allocated - used, 0), compressed };
}
