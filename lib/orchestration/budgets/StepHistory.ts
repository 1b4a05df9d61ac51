// What earlier executions used, step by step, ready to be asked by likeness. In memory; StepHistoryStore.ts loads it.
import type { NanoUsd } from "../../core/money.ts";
import type { IntentType } from "../types.ts";
import { Distribution, recencyWeight } from "./quantiles.ts";

/** One model call of the past. */
export interface CallSample {
  readonly inputTokens: number;
  /** Reasoning included. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** What the call answered, where that is known: a tool's name, `user`. Calls under the same condition answer alike. */
  readonly condition?: string;
}

/** What one execution used for one step, all its iterations and calls. */
export interface StepSample {
  /** As `signatureOf` gives it. */
  readonly signature: string;
  /** As `shapeOf` gives it. */
  readonly shape: string;
  /** null: executed without intents. */
  readonly intent: IntentType | null;
  /** `provider/model`. */
  readonly model: string;
  /** How often the step ran. */
  readonly runs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** null: at least one call's price is unknown. */
  readonly costUsd: NanoUsd | null;
  /** The first few calls. */
  readonly calls: readonly CallSample[];
}

export interface PastExecution {
  readonly executionId: string;
  readonly agentId: string;
  /** Only steps that called a model. */
  readonly steps: readonly StepSample[];
  /** What was predicted when it started, before the conformal factor; null: nothing was. */
  readonly forecast: { readonly tokensQ90: number; readonly usdQ90: NanoUsd | null } | null;
}

/** What a prediction is asked for. */
export interface StepKey {
  readonly agentId: string;
  readonly signature: string;
  readonly shape: string;
  readonly intent: IntentType | null;
  readonly model: string;
}

const MOST_PER_KEY = 200;
const MOST_EXECUTIONS = 256;
/** Earlier samples that an interval needs before it can be judged. */
const MIN_TO_JUDGE = 5;
const MIN_SCORES = 20;
const MOST_SCORES = 200;
/** An interval of identical values still has a width: 0.5 % of the value. */
const LEAST_WIDTH = 0.005;

export class StepHistory {
  /** Oldest first. */
  readonly #executions: PastExecution[] = [];
  readonly #samples = new Map<string, StepSample[]>();
  readonly #scores = new Map<IntentType | null, number[]>();

  /** @param executions oldest first */
  constructor(executions: readonly PastExecution[] = []) {
    for (const execution of executions) this.add(execution);
  }

  /** Learns from one more execution, the newest so far. */
  add(execution: PastExecution): void {
    this.#executions.push(execution);
    if (this.#executions.length > MOST_EXECUTIONS) this.#executions.shift();
    for (const sample of execution.steps) {
      const own = keysOf({ ...sample, agentId: execution.agentId });
      this.#judge(sample, this.#samples.get(own.step) ?? []);
      for (const key of Object.values(own)) this.#keep(key, sample);
    }
  }

  /** Newest first. */
  executionsOf(agentId: string): readonly PastExecution[] {
    return this.#executions.filter((execution) => execution.agentId === agentId).toReversed();
  }

  /** Newest first, all agents. */
  executions(): readonly PastExecution[] {
    return this.#executions.toReversed();
  }

  /** Newest first: the very step; like steps of any agent; the intent's. */
  samples(key: StepKey): {
    readonly step: readonly StepSample[];
    readonly shape: readonly StepSample[];
    readonly intent: readonly StepSample[];
  } {
    const keys = keysOf(key);
    const of = (name: string): readonly StepSample[] => (this.#samples.get(name) ?? []).toReversed();
    return { step: of(keys.step), shape: of(keys.shape), intent: of(keys.intent) };
  }

  /** Newest first: calls of the very step, with whatever model; else of like steps. */
  calls(key: StepKey): readonly CallSample[] {
    const { step, shape } = this.samples(key);
    const from = step.length > 0 ? step : shape;
    return from.flatMap(({ calls }) => calls.toReversed()).slice(0, MOST_PER_KEY);
  }

  /**
   * By how much an interval [q10, q90] must be widened around its median (in logarithms) to have held 80 % of what came
   * next: the 80 % quantile of the scores of one-step-ahead predictions (adaptive split conformal prediction).
   *
   * @returns 1 while there are fewer than 20 scores; 0.5–4
   */
  spreadFactor(intent: IntentType | null): number {
    const scores = this.#scores.get(intent) ?? [];
    if (scores.length < MIN_SCORES) return 1;
    const newest = scores.length - 1;
    const factor = new Distribution(scores.map((value, index) => ({ value, weight: recencyWeight(newest - index) }))).quantile(0.8);
    return Math.min(Math.max(factor, 0.5), 4);
  }

  #judge(sample: StepSample, earlier: readonly StepSample[]): void {
    if (earlier.length < MIN_TO_JUDGE) return;
    const newest = earlier.length - 1;
    const known = new Distribution(earlier.map((past, index) => ({ value: tokensOf(past), weight: recencyWeight(newest - index) })));
    const [q10, q50, q90] = [known.quantile(0.1), known.quantile(0.5), known.quantile(0.9)].map((tokens) => Math.log(Math.max(tokens, 1)));
    const value = Math.log(Math.max(tokensOf(sample), 1));
    const median = q50 ?? value;
    const above = (value - median) / Math.max((q90 ?? value) - median, LEAST_WIDTH);
    const below = (median - value) / Math.max(median - (q10 ?? value), LEAST_WIDTH);
    const scores = this.#scores.get(sample.intent) ?? [];
    this.#scores.set(sample.intent, scores);
    scores.push(Math.max(above, below));
    if (scores.length > MOST_SCORES) scores.shift();
  }

  #keep(key: string, sample: StepSample): void {
    const kept = this.#samples.get(key) ?? [];
    this.#samples.set(key, kept);
    kept.push(sample);
    if (kept.length > MOST_PER_KEY) kept.shift();
  }
}

export function tokensOf({ inputTokens, outputTokens }: Pick<StepSample, "inputTokens" | "outputTokens">): number {
  return inputTokens + outputTokens;
}

/** NUL cannot stand in a step id, so no two keys meet. */
function keysOf({ agentId, signature, shape, intent, model }: StepKey): {
  readonly step: string;
  readonly shape: string;
  readonly intent: string;
} {
  return {
    step: `step\0${agentId}\0${signature}\0${model}`,
    shape: `shape\0${intent ?? ""}\0${shape}\0${model}`,
    intent: `intent\0${intent ?? ""}`,
  };
}
