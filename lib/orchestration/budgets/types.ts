// The words of budgets: quantiles, envelopes, plans, commitments. Types only. README.md has the idea.
import type { NanoUsd } from "../../core/money.ts";
import type { IntentType, Tier, TokenBudget } from "../types.ts";

/** `q10` ≤ `q50` ≤ `q90`: one execution in ten stays below the first, one in ten passes the last. */
export interface Quantiles<Amount = number> {
  readonly q10: Amount;
  readonly q50: Amount;
  readonly q90: Amount;
}

/** Where a prediction comes from, most exact first: this agent's step, like steps, the intent, the shipped table. */
export type NeedSource = "step" | "shape" | "intent" | "prior";

/** What a step, or a whole execution, is expected to use. A plan, judged by coverage; never a limit. */
export interface Envelope {
  /** Input and output tokens of all calls of one execution, all iterations of the step included. */
  readonly tokens: Quantiles;
  /** null: at least one price is unknown. */
  readonly usd: Quantiles<NanoUsd> | null;
  readonly source: NeedSource;
  /** Earlier executions that it rests on, weighted by recency; 0 = the shipped table alone. */
  readonly samples: number;
}

/** What is known of a step before the run; a step without a label is weighed by its type alone. */
export interface StepLabel {
  readonly intent: IntentType;
  /** Tokens of one run; 0: it calls no model. */
  readonly estimatedTokens: number;
  readonly tier?: Tier;
}

export interface StepBudget extends TokenBudget {
  readonly stepId: string;
  /** null: governance runs without intents. */
  readonly intent: IntentType | null;
  /** Predicted tokens of one execution that the share was made from. */
  readonly needTokens: number;
}

/**
 * `ok`; `no_model_steps`: nothing to divide, all is in the pool; `memory_exceeds_budget`: memory alone takes everything;
 * `below_floors`: too little for the least that each step should have.
 */
export type BudgetOutcome = "ok" | "no_model_steps" | "memory_exceeds_budget" | "below_floors";

/** The planning total of one execution, taken apart: memory + pool + steps = `allocated`, exactly. */
export interface BudgetPlan extends TokenBudget {
  readonly memory: TokenBudget;
  /** Contingency that nobody owns yet. */
  readonly pool: TokenBudget;
  /** Every step that may call a model, nested ones too, in the order of the file; an untaken branch gives its share back. */
  readonly steps: readonly StepBudget[];
  readonly outcome: BudgetOutcome;
  /** Tokens by which the total is too small for memory and floors; 0 when it is not. */
  readonly shortTokens: number;
}

/** An exact allocation, made once the request is rendered and counted. It is never changed after dispatch. */
export interface Commitment {
  /** Counted input + median predicted output: the plan's "allocated". */
  readonly allocated: number;
  readonly inputTokens: number;
  readonly predictedOutputTokens: number;
  /** The provider is asked for no more, reasoning included. */
  readonly outputCap: number;
  /** Upper count of the input + `outputCap`: what is reserved; no call can use more. */
  readonly hardCap: number;
  /** Where the cap comes from. */
  readonly capSource: "history" | "intent" | "limit";
}
