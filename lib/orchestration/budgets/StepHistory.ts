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
  /** Of another step that is like this one: good for a guess of the answer's length, not for a cap on it. */
  readonly isBorrowed?: true;
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
/** Of those, the newest that it is judged by. */
const JUDGED_BY = 50;
const MIN_SCORES = 20;
const MOST_SCORES = 200;
/** An interval of identical values still has a width: 0.5 % of the value. */
const LEAST_WIDTH = 0.005;

export class StepHistory {
  /** Oldest first. */
  readonly #executions: PastExecution[] = [];
  /** Oldest first. */
  readonly #samples = new Map<string, StepSample[]>();
  /** Per intent, oldest first: what came, and what was known of the step before it. Scored only when somebody asks. */
  readonly #judged = new Map<IntentType | null, Judged[]>();
  readonly #factors = new Map<IntentType | null, number>();

  /** @param executions oldest first */
  constructor(executions: readonly PastExecution[] = []) {
    for (const execution of executions) this.add(execution);
  }

  /** Learns from one more execution, the newest so far. */
  add(execution: PastExecution): void {
    this.#executions.push(execution);
    if (this.#executions.length > MOST_EXECUTIONS) this.#executions.shift();
    for (const sample of execution.steps) {
      const keys = keysOf({ ...sample, agentId: execution.agentId });
      this.#remember(sample, this.#samples.get(keys.step) ?? []);
      for (const key of Object.values(keys)) this.#keep(key, sample);
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

  /** Newest first, at most 200: calls of the very step with this model; where there are none, borrowed ones of like steps. */
  calls(key: StepKey): readonly CallSample[] {
    const { step, shape } = this.samples(key);
    return step.length > 0 ? callsOf(step) : callsOf(shape).map((call) => ({ ...call, isBorrowed: true }));
  }

  /**
   * By how much an interval [q10, q90] must be widened around its median (in logarithms) to have held 80 % of what came
   * next: the 80 % quantile of the scores of one-step-ahead predictions (adaptive split conformal prediction).
   *
   * @returns 1 while there are fewer than 20 scores; 0.5–4
   */
  spreadFactor(intent: IntentType | null): number {
    const known = this.#factors.get(intent);
    if (known !== undefined) return known;
    const scores = (this.#judged.get(intent) ?? []).map(scoreOf);
    const newest = scores.length - 1;
    const scored = new Distribution(scores.map((value, index) => ({ value, weight: recencyWeight(newest - index) })));
    const factor = scores.length < MIN_SCORES ? 1 : Math.min(Math.max(scored.quantile(0.8), 0.5), 4);
    this.#factors.set(intent, factor);
    return factor;
  }

  #remember(sample: StepSample, earlier: readonly StepSample[]): void {
    this.#factors.delete(sample.intent);
    if (earlier.length < MIN_TO_JUDGE) return;
    const judged = this.#judged.get(sample.intent) ?? [];
    this.#judged.set(sample.intent, judged);
    judged.push({ sample, earlier: earlier.slice(-JUDGED_BY) });
    if (judged.length > MOST_SCORES) judged.shift();
  }

  #keep(key: string, sample: StepSample): void {
    const kept = this.#samples.get(key) ?? [];
    this.#samples.set(key, kept);
    kept.push(sample);
    if (kept.length > MOST_PER_KEY) kept.shift();
  }
}

function callsOf(samples: readonly StepSample[]): readonly CallSample[] {
  return samples.flatMap(({ calls }) => calls.toReversed()).slice(0, MOST_PER_KEY);
}

interface Judged {
  readonly sample: StepSample;
  readonly earlier: readonly StepSample[];
}

/** How many half-widths of the interval that was known before it the sample lies from the median, in logarithms. */
function scoreOf({ sample, earlier }: Judged): number {
  const newest = earlier.length - 1;
  const known = new Distribution(earlier.map((past, index) => ({ value: tokensOf(past), weight: recencyWeight(newest - index) })));
  const [value, q10, q50, q90] = [tokensOf(sample), known.quantile(0.1), known.quantile(0.5), known.quantile(0.9)].map((tokens) =>
    Math.log(Math.max(tokens, 1)),
  ) as [number, number, number, number];
  return Math.max((value - q50) / Math.max(q90 - q50, LEAST_WIDTH), (q50 - value) / Math.max(q50 - q10, LEAST_WIDTH));
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
