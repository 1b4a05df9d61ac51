// Predicts what a whole execution will use: earlier executions as they went, what is new drawn by chance, corrected by how earlier forecasts did.
import type { NanoUsd } from "../../core/money.ts";
import type { ModelStep } from "./modelSteps.ts";
import { quantilesOf, toMoney, type Need, type NeedSample, type PriceOf } from "./predictNeed.ts";
import { Distribution, recencyWeight, type Weighted } from "./quantiles.ts";
import { SeededRandom } from "./SeededRandom.ts";
import type { PastExecution, StepHistory, StepKey, StepSample } from "./StepHistory.ts";
import type { Envelope, NeedSource } from "./types.ts";

export interface ForecastStep {
  readonly model: ModelStep;
  readonly key: StepKey;
  readonly need: Need;
  readonly priceOf?: PriceOf;
}

export interface ForecastRequest {
  readonly agentId: string;
  readonly history: StepHistory;
  readonly steps: readonly ForecastStep[];
  /** @defaultValue 1 */
  readonly seed?: number;
  /** @defaultValue 600, for workflows of more than 400 steps fewer */
  readonly draws?: number;
}

export interface ExecutionForecast {
  readonly envelope: Envelope;
  /** The 90 % quantiles before they were corrected: what is stored, so that the next forecast can be corrected by it. */
  readonly raw: { readonly tokensQ90: number; readonly usdQ90: NanoUsd | null };
  /** What the raw quantiles were multiplied by. */
  readonly factor: { readonly tokens: number; readonly usd: number };
}

interface Drawn {
  tokens: number;
  /** null: unknown. */
  nanoUsd: number | null;
}

/** A workflow may have any number of steps; its forecast takes no longer for it. */
const MOST_DRAWN_STEPS = 240_000;
/** With that many executions of its own, an agent's past and the guess from its shape weigh the same. */
const SHAPE_WEIGHT = 3;

/**
 * Monte Carlo with a seed. A draw is an earlier execution of this agent (recent ones more often), step by step: so
 * branches taken, items of loops, retries, and that long inputs make every step long, come together as they did. Steps
 * that no earlier execution knew, and a part of the draws while there are few, are drawn from the steps' own needs: one
 * option per branch, each step by itself. The 90 % quantile is then multiplied by a conformal factor.
 */
export function forecastExecution(request: ForecastRequest): ExecutionForecast {
  const { agentId, history, steps, seed = 1, draws = Math.min(Math.ceil(MOST_DRAWN_STEPS / steps.length), 600) } = request;
  const past = history.executionsOf(agentId).map((execution) => new PastDraw(execution));
  const known = new Set(past.flatMap(({ signatures }) => signatures));
  const drawer = new Drawer(steps, known, new SeededRandom(seed));
  const pick = cumulative(past.map((_, age) => recencyWeight(age)));
  const total = pick.at(-1) ?? 0;
  const drawn: Drawn[] = [];
  for (let draw = 0; draw < draws; draw += 1) {
    const share = drawer.random.next() * (total + SHAPE_WEIGHT);
    const chosen = share < total ? past[pick.findIndex((upTo) => share < upTo)] : undefined;
    drawn.push(drawer.draw(chosen));
  }
  const tokens = quantilesOf(drawn.map(({ tokens: value }) => ({ value, weight: 1 })));
  const prices = drawn.flatMap(({ nanoUsd }) => (nanoUsd === null ? [] : [nanoUsd]));
  const usd = prices.length < drawn.length ? null : quantilesOf(prices.map((value) => ({ value, weight: 1 })));
  const factor = {
    tokens: conformalFactor(history, agentId, (execution) => ratio(tokensOf(execution), execution.forecast?.tokensQ90 ?? null), tokens.q90),
    usd: conformalFactor(history, agentId, (execution) => ratio(costOf(execution), execution.forecast?.usdQ90 ?? null), usd?.q90 ?? null),
  };
  return {
    envelope: {
      tokens: {
        q10: Math.floor(tokens.q10),
        q50: Math.round(tokens.q50),
        q90: Math.ceil(Math.max(tokens.q90 * factor.tokens, tokens.q50)),
      },
      usd: usd === null ? null : toMoney({ ...usd, q90: Math.max(usd.q90 * factor.usd, usd.q50) }),
      source: past.length > 0 ? "step" : sourceOf(steps),
      samples: past.length,
    },
    raw: { tokensQ90: Math.ceil(tokens.q90), usdQ90: usd === null ? null : BigInt(Math.ceil(usd.q90)) },
    factor,
  };
}

const RANKED: readonly NeedSource[] = ["prior", "intent", "shape", "step"];

/** The least certain one speaks for all. */
function sourceOf(steps: readonly ForecastStep[]): NeedSource {
  const ranks = steps.map(({ need }) => RANKED.indexOf(need.envelope.source));
  return RANKED[Math.min(...ranks, RANKED.length - 1)] ?? "prior";
}

class PastDraw {
  readonly #steps = new Map<string, readonly StepSample[]>();

  constructor({ steps }: PastExecution) {
    for (const step of steps) this.#steps.set(step.signature, [...(this.#steps.get(step.signature) ?? []), step]);
  }

  get signatures(): readonly string[] {
    return [...this.#steps.keys()];
  }

  /** What the step used then, at what it costs now. */
  use({ key, priceOf }: ForecastStep): Drawn {
    const sum: Drawn = { tokens: 0, nanoUsd: 0 };
    for (const sample of this.#steps.get(key.signature) ?? []) {
      sum.tokens += sample.inputTokens + sample.outputTokens;
      const cost = sample.model === key.model ? sample.costUsd : null;
      add(sum, cost ?? priceOf?.(sample.inputTokens, sample.outputTokens) ?? null);
    }
    return sum;
  }
}

function add(sum: Drawn, cost: NanoUsd | number | null): void {
  sum.nanoUsd = sum.nanoUsd === null || cost === null ? null : sum.nanoUsd + Number(cost);
}

class Drawer {
  readonly random: SeededRandom;
  readonly #steps: readonly { readonly step: ForecastStep; readonly isKnown: boolean; readonly pick: readonly number[] }[];
  readonly #past = new Map<PastDraw, Drawn>();

  constructor(steps: readonly ForecastStep[], known: ReadonlySet<string>, random: SeededRandom) {
    this.random = random;
    this.#steps = steps.map((step) => ({
      step,
      isKnown: known.has(step.key.signature),
      pick: cumulative(step.need.samples.map(({ weight }) => weight)),
    }));
  }

  draw(past: PastDraw | undefined): Drawn {
    const taken = new Map<string, number>();
    const sum = past === undefined ? { tokens: 0, nanoUsd: 0 } : { ...this.#knownSteps(past) };
    for (const { step, isKnown, pick } of this.#steps) {
      if (past !== undefined && isKnown) continue;
      if (!this.#isTaken(step.model, taken)) continue;
      const sample = this.#sample(step.need.samples, pick);
      if (sample === undefined) continue;
      sum.tokens += sample.tokens;
      add(sum, sample.nanoUsd);
    }
    return sum;
  }

  #knownSteps(past: PastDraw): Drawn {
    const found = this.#past.get(past);
    if (found !== undefined) return found;
    const sum: Drawn = { tokens: 0, nanoUsd: 0 };
    for (const { step, isKnown } of this.#steps) {
      if (!isKnown) continue;
      const used = past.use(step);
      sum.tokens += used.tokens;
      add(sum, used.nanoUsd);
    }
    this.#past.set(past, sum);
    return sum;
  }

  #isTaken(step: ModelStep, taken: Map<string, number>): boolean {
    for (let choice = step.choice; choice !== null; choice = choice.outer) {
      const chosen = taken.get(choice.of) ?? Math.floor(this.random.next() * choice.options);
      taken.set(choice.of, chosen);
      if (chosen !== choice.option) return false;
    }
    return true;
  }

  #sample(samples: readonly NeedSample[], pick: readonly number[]): NeedSample | undefined {
    const share = this.random.next() * (pick.at(-1) ?? 0);
    return samples[pick.findIndex((upTo) => share < upTo)];
  }
}

function cumulative(weights: readonly number[]): readonly number[] {
  let sum = 0;
  return weights.map((weight) => (sum += weight));
}

/** Actual ÷ predicted 90 % quantile before anything was learned: on the safe side, soon outweighed. */
const FIRST_SCORES: readonly Weighted[] = [0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.9, 1.1].map((value) => ({ value, weight: 0.4 }));
/** Weight of scores of one's own from which those of other agents no longer count. */
const OWN_ENOUGH = 25;

/** `actual ÷ predicted`; `predicted` null: nothing was predicted then. */
interface Score {
  readonly actual: number;
  readonly predicted: number | null;
}

/**
 * The 90 % quantile of actual ÷ predicted over earlier executions: of this agent first, filled up from all others of the
 * workspace. What it multiplies then covers nine in ten, if tomorrow is like the days before (split conformal prediction).
 * Executions of the agent that nothing was predicted for are compared with the present prediction.
 */
function conformalFactor(
  history: StepHistory,
  agentId: string,
  scoreOf: (execution: PastExecution) => Score | null,
  presentQ90: number | null,
): number {
  const own: Weighted[] = [];
  const others: Weighted[] = [];
  for (const execution of history.executions()) {
    const score = scoreOf(execution);
    const isOwn = execution.agentId === agentId;
    const predicted = score?.predicted ?? (isOwn ? presentQ90 : null);
    if (score === null || predicted === null || predicted <= 0) continue;
    const list = isOwn ? own : others;
    list.push({ value: score.actual / predicted, weight: recencyWeight(list.length) });
  }
  const missing = Math.max(OWN_ENOUGH - sumOf(own), 0);
  const rest = [...others, ...FIRST_SCORES];
  const scale = Math.min(missing / sumOf(rest), 1);
  const scores = [...own, ...(scale === 0 ? [] : rest.map(({ value, weight }) => ({ value, weight: weight * scale })))];
  return Math.min(Math.max(new Distribution(scores).quantile(0.9), 0.2), 10);
}

function sumOf(list: readonly Weighted[]): number {
  return list.reduce((before, { weight }) => before + weight, 0);
}

function ratio(actual: number | null, predicted: number | bigint | null): Score | null {
  return actual === null ? null : { actual, predicted: predicted === null ? null : Number(predicted) };
}

function tokensOf({ steps }: PastExecution): number {
  return steps.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
}

/** null: a price was unknown. */
function costOf({ steps }: PastExecution): number | null {
  let sum = 0n;
  for (const { costUsd } of steps) {
    if (costUsd === null) return null;
    sum += costUsd;
  }
  return Number(sum);
}
