// Divides an agent's planning total, predicts needs, commits calls, tracks what was used. It limits nothing: that is the ledger's (lib/ledger).
import type { UnitPart } from "../db/UnitPart.ts";
import type { BudgetUsageRow } from "./budgets/BudgetUsageStore.ts";
import { commit, requireTokens, type CommitRequest } from "./budgets/commitment.ts";
import { divideTokens } from "./budgets/divideTokens.ts";
import { budget } from "./budgets/ExecutionBudget.ts";
import { forecastExecution, type ExecutionForecast, type ForecastStep } from "./budgets/forecastExecution.ts";
import { DEFAULT_SETTINGS, EQUAL_MULTIPLIERS, type GovernanceSettings } from "./budgets/GovernanceSettings.ts";
import { modelSteps, shapeOf, type ModelStep } from "./budgets/modelSteps.ts";
import { predictNeed, type Need, type PriceOf } from "./budgets/predictNeed.ts";
import { typicalNeed } from "./budgets/priorNeeds.ts";
import { StepHistory, type StepKey } from "./budgets/StepHistory.ts";
import type { BudgetOutcome, BudgetPlan, Commitment, StepBudget, StepLabel } from "./budgets/types.ts";
import type { Agent, TokenBudget } from "./types.ts";

/** The plan's total for an agent that names none. */
export const DEFAULT_TOKEN_LIMIT = 10_000;

export interface BudgetOptions {
  /** Labels by step id. Absent: governance without intents, every step that asks a model weighs its need alone. */
  readonly labels?: ReadonlyMap<string, StepLabel>;
  /** Predicted needs by step id (`forecast`); absent: labels' estimates, then the shipped table. */
  readonly needs?: ReadonlyMap<string, Need>;
}

export interface ForecastOptions {
  readonly labels?: ReadonlyMap<string, StepLabel>;
  /** Absent: nothing was ever measured. */
  readonly history?: StepHistory;
  /** Model of a step as `provider/model`, and what it costs. */
  readonly modelOf: (step: ModelStep["step"]) => { readonly model: string; readonly priceOf?: PriceOf };
  readonly seed?: number;
}

export interface WorkflowForecast extends ExecutionForecast {
  /** By step id; steps that call no model are not in it. */
  readonly needs: ReadonlyMap<string, Need>;
}

export interface TrackedUsage {
  /** To ride in the step's unit. */
  readonly part: UnitPart<BudgetUsageRow>;
  readonly budget: TokenBudget;
  /** More was used than allocated. */
  readonly isOver: boolean;
  /** By how much; 0 when not over. */
  readonly overTokens: number;
}

export class TokenBudgetManager {
  readonly settings: GovernanceSettings;

  constructor({ settings = DEFAULT_SETTINGS }: { readonly settings?: GovernanceSettings } = {}) {
    this.settings = settings;
  }

  /**
   * The agent's total taken apart: memory first, then the pool, then each step that may call a model, by intent × tier ×
   * predicted need, with a floor for each; memory + pool + steps = total, exactly. What cannot be done is an `outcome`,
   * never a negative figure.
   *
   * @param memoryTokens what memory injection may use in this execution
   * @throws AppError `USAGE` when a figure is not a whole number of tokens, 0 or more
   */
  calculateBudget(agent: Agent, memoryTokens: number, options: BudgetOptions = {}): BudgetPlan {
    const total = requireTokens("token_limit", agent.token_limit ?? DEFAULT_TOKEN_LIMIT);
    const memory = Math.min(requireTokens("memoryTokens", memoryTokens), total);
    const steps = modelSteps(agent.steps, options.labels);
    const rest = total - memory;
    const held = steps.length === 0 ? rest : Math.floor(rest * this.settings.poolShare);
    const weighed = steps.map((step) => this.#weigh(step, options));
    const { parts, shortTokens } = divideTokens(
      rest - held,
      weighed.map(({ weight }) => weight),
      this.settings.floorTokens,
    );
    const memoryShort = memoryTokens - memory;
    return {
      ...budget(total, 0, false),
      memory: budget(memory, 0, false),
      pool: budget(held, 0, false),
      steps: steps.map(({ step }, index): StepBudget => ({
        ...budget(parts[index] ?? 0, 0, false),
        stepId: step.id,
        intent: options.labels?.get(step.id)?.intent ?? null,
        needTokens: weighed[index]?.needTokens ?? 0,
      })),
      outcome: outcomeOf({ memoryShort, steps: steps.length, shortTokens }),
      shortTokens: memoryShort + shortTokens,
    };
  }

  /** Predicts every model step and the whole execution, in tokens and money. Pure: the same history gives the same forecast. */
  forecast(agent: Agent, { labels, history = new StepHistory(), modelOf, seed = 1 }: ForecastOptions): WorkflowForecast {
    const needs = new Map<string, Need>();
    const steps = modelSteps(agent.steps, labels).map((model): ForecastStep => {
      const { step, signature, expectedRuns } = model;
      const label = labels?.get(step.id);
      const { model: name, priceOf } = modelOf(step);
      const key: StepKey = {
        agentId: agent.id,
        signature,
        shape: shapeOf(step.type, signature),
        intent: label?.intent ?? null,
        model: name,
      };
      const price = priceOf === undefined ? {} : { priceOf };
      const estimate = label === undefined ? {} : { estimatedTokens: label.estimatedTokens };
      // A branch that is taken at all is predicted; how often it is taken is the forecast's work.
      const need = predictNeed({ history, key, expectedRuns: Math.max(expectedRuns, 1), ...price, ...estimate });
      needs.set(step.id, need);
      return { model, key, need, ...price };
    });
    return { ...forecastExecution({ agentId: agent.id, history, steps, seed }), needs };
  }

  /** The exact allocation of one call, at dispatch; see `budgets/commitment.ts`. @throws AppError `USAGE` */
  commit(request: CommitRequest): Commitment {
    return commit(request);
  }

  /**
   * What a step path has used so far, as the row that rides in its unit. Figures are totals of the path, all its calls and
   * attempts, so that writing them twice changes nothing.
   *
   * @param view tokens before and after compression, over all views of the step
   * @throws AppError `USAGE` when a figure is not a whole number of tokens, 0 or more
   */
  // oxlint-disable-next-line max-params -- the plan's signature
  trackBudgetUsage(
    executionId: string,
    stepId: string,
    allocated: number,
    used: number,
    compressed: boolean,
    view?: { readonly tokensIn: number; readonly tokensOut: number },
  ): TrackedUsage {
    const tracked = budget(requireTokens("allocated", allocated), requireTokens("used", used), compressed);
    const ratio = view === undefined || view.tokensIn <= 0 ? null : view.tokensOut / view.tokensIn;
    const row: BudgetUsageRow = {
      executionId,
      stepPath: stepId,
      allocatedTokens: allocated,
      usedTokens: used,
      isCompressed: compressed,
      compressionRatio: ratio,
    };
    const overTokens = Math.max(used - allocated, 0);
    return { part: { kind: "token_budgets", rows: [row] }, budget: tracked, isOver: overTokens > 0, overTokens };
  }

  #weigh({ step, expectedRuns }: ModelStep, { labels, needs }: BudgetOptions): { readonly weight: number; readonly needTokens: number } {
    const label = labels?.get(step.id);
    const predicted = needs?.get(step.id)?.envelope.tokens.q50;
    // What its author wrote is the need: no multiplier knows better.
    if (step.token_budget !== undefined && predicted === undefined) {
      const needTokens = step.token_budget * expectedRuns;
      return { weight: needTokens, needTokens: Math.round(needTokens) };
    }
    // Predictions hold for executions in which the step runs; a branch that is one of three counts a third.
    const needTokens =
      predicted === undefined ? (label?.estimatedTokens ?? typicalTokens(label)) * expectedRuns : predicted * Math.min(expectedRuns, 1);
    const multipliers = labels === undefined ? EQUAL_MULTIPLIERS : this.settings.intentMultipliers;
    const byIntent = label === undefined ? 1 : multipliers[label.intent];
    const byTier = label?.tier === undefined ? 1 : this.settings.tierMultipliers[label.tier];
    return { weight: needTokens * byIntent * byTier, needTokens: Math.round(needTokens) };
  }
}

function typicalTokens(label: StepLabel | undefined): number {
  const { inputTokens, outputTokens } = typicalNeed(label?.intent ?? null);
  return inputTokens + outputTokens;
}

function outcomeOf(facts: { readonly memoryShort: number; readonly steps: number; readonly shortTokens: number }): BudgetOutcome {
  if (facts.memoryShort > 0) return "memory_exceeds_budget";
  if (facts.steps === 0) return "no_model_steps";
  return facts.shortTokens > 0 ? "below_floors" : "ok";
}
