// What is left of one execution's planning total, step by step, while it runs. In memory; a takeover rebuilds it from the rows of token_budgets.
import type { TokenBudget } from "../types.ts";
import type { BudgetPlan } from "./types.ts";

interface Account {
  /** With what was borrowed. */
  allocated: number;
  used: number;
  /** Its own and neither used nor given back. */
  rest: number;
  compressed: boolean;
}

export interface UsedStep {
  readonly stepId: string;
  readonly used: number;
  readonly compressed: boolean;
}

/**
 * Accounts: one per step (all its iterations and calls together), memory, the pool, and what finished or skipped steps gave
 * back (`spare`). What a call uses comes out of its step's rest, then the spare, then the pool; nothing is ever negative, and
 * what is spent beyond all that shows as `used > allocated`. Steps that the plan does not know (from a sub-workflow) have
 * nothing of their own and live on spare and pool.
 */
export class ExecutionBudget {
  readonly #steps = new Map<string, Account>();
  readonly #memory: Account;
  readonly #allocated: number;
  #pool: number;
  #spare = 0;

  constructor(plan: BudgetPlan, usedBefore: readonly UsedStep[] = []) {
    this.#allocated = plan.allocated;
    this.#memory = account(plan.memory.allocated);
    this.#pool = plan.pool.allocated;
    for (const { stepId, allocated } of plan.steps) this.#steps.set(stepId, account(allocated));
    for (const { stepId, used, compressed } of usedBefore) this.book(stepId, used, compressed);
  }

  /** Tokens that a call of the step may still use before anything has to give way: its own rest and the spare. */
  remainingOf(stepId: string): number {
    return (this.#steps.get(stepId)?.rest ?? 0) + this.#spare;
  }

  get poolTokens(): number {
    return this.#pool;
  }

  /** Set aside for memory and not used yet. */
  get memoryTokens(): number {
    return this.#memory.rest;
  }

  get spareTokens(): number {
    return this.#spare;
  }

  /** Used ÷ allocated of the execution; null when nothing was allocated. */
  get usedShare(): number | null {
    return this.#allocated === 0 ? null : this.total.used / this.#allocated;
  }

  get total(): TokenBudget {
    const accounts = [...this.#steps.values(), this.#memory];
    const used = accounts.reduce((sum, account) => sum + account.used, 0);
    return budget(
      this.#allocated,
      used,
      accounts.some(({ compressed }) => compressed),
    );
  }

  /** Its own allocation, loans included. */
  budgetOf(stepId: string): TokenBudget {
    const { allocated, used, compressed } = this.#steps.get(stepId) ?? account(0);
    return budget(allocated, used, compressed);
  }

  /** @returns what the pool gave: all that was asked for, or nothing */
  borrow(stepId: string, tokens: number): number {
    if (!(tokens > 0) || tokens > this.#pool) return 0;
    this.#pool -= tokens;
    const step = this.#open(stepId);
    step.allocated += tokens;
    step.rest += tokens;
    return tokens;
  }

  book(stepId: string, tokens: number, compressed = false): TokenBudget {
    const step = this.#open(stepId);
    step.compressed ||= compressed;
    this.#take(step, tokens);
    return this.budgetOf(stepId);
  }

  bookMemory(tokens: number): void {
    this.#take(this.#memory, tokens);
  }

  /** A step is done, or its branch is not taken: what it did not use is there for others. Twice is once. @returns tokens given back */
  release(stepId: string): number {
    const step = this.#steps.get(stepId);
    return step === undefined ? 0 : this.#giveBack(step);
  }

  /** Memory that was reserved and not needed. @returns tokens given back */
  releaseMemory(): number {
    return this.#giveBack(this.#memory);
  }

  #take(from: Account, tokens: number): void {
    // What is not a number of tokens must never give anything back.
    if (!(tokens > 0)) return;
    from.used += tokens;
    const own = Math.min(tokens, from.rest);
    from.rest -= own;
    const spare = Math.min(tokens - own, this.#spare);
    this.#spare -= spare;
    this.#pool -= Math.min(tokens - own - spare, this.#pool);
  }

  #giveBack(from: Account): number {
    const { rest } = from;
    from.rest = 0;
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
  return { allocated, used: 0, rest: allocated, compressed: false };
}

export function budget(allocated: number, used: number, compressed: boolean): TokenBudget {
  return { allocated, used, remaining: Math.max(allocated - used, 0), compressed };
}
