// Predicts what a step will use in one execution: its own history first, then that of like steps, then a shipped guess. Pure.
import type { NanoUsd } from "../../core/money.ts";
import { priorSamples } from "./priorNeeds.ts";
import { Distribution, recencyWeight, type Weighted } from "./quantiles.ts";
import type { StepHistory, StepKey, StepSample } from "./StepHistory.ts";
import type { Envelope, NeedSource, Quantiles } from "./types.ts";

/** What that many tokens cost with the step's model now; null: unknown. */
export type PriceOf = (inputTokens: number, outputTokens: number) => NanoUsd | null;

export interface NeedRequest {
  readonly history: StepHistory;
  readonly key: StepKey;
  /** Runs of the step per execution, as `modelSteps` guesses them; used where its own history says nothing. */
  readonly expectedRuns: number;
  /** The classifier's estimate for one run. */
  readonly estimatedTokens?: number;
  /** Absent: every price is unknown but those that history holds for this very model. */
  readonly priceOf?: PriceOf;
}

/** One way it may go. */
export interface NeedSample {
  readonly tokens: number;
  /** As a number, because forecasts are statistics, not books; null: unknown. */
  readonly nanoUsd: number | null;
  readonly weight: number;
}

export interface Need {
  readonly envelope: Envelope;
  /** What the envelope was read from. */
  readonly samples: readonly NeedSample[];
}

/** Samples of the step itself, weighted by recency, after which those of others no longer count. */
const ENOUGH = 8;

/**
 * Back-off by weight: the step's own samples count in full, like steps fill up to a weight of eight, then the intent, then
 * the shipped table; so a step with three executions leans on others for five eighths.
 */
export function predictNeed(request: NeedRequest): Need {
  const { samples, source, own } = mixture(request);
  const tokens = widened(quantilesOf(samples.map(({ tokens: value, weight }) => ({ value, weight }))), factorOf(request, source));
  const priced = samples.flatMap(({ nanoUsd, weight }) => (nanoUsd === null ? [] : [{ value: nanoUsd, weight }]));
  const usd = priced.length < samples.length ? null : toMoney(widened(quantilesOf(priced), factorOf(request, source)));
  return { samples, envelope: { tokens: whole(tokens), usd, source, samples: Math.round(own * 10) / 10 } };
}

interface Mixture {
  readonly samples: readonly NeedSample[];
  readonly source: NeedSource;
  readonly own: number;
}

function mixture({ history, key, expectedRuns, estimatedTokens, priceOf }: NeedRequest): Mixture {
  const levels = history.samples(key);
  const samples: NeedSample[] = [];
  let missing = ENOUGH;
  let own = 0;
  let source: NeedSource | null = null;
  const take = (from: NeedSource, list: readonly NeedSample[], isAll: boolean): void => {
    const sum = list.reduce((before, { weight }) => before + weight, 0);
    if (sum === 0 || missing <= 0) return;
    const scale = isAll ? 1 : Math.min(missing / sum, 1);
    samples.push(...list.map((sample) => ({ ...sample, weight: sample.weight * scale })));
    missing -= sum * scale;
    source ??= from;
    if (from !== "prior") own += sum * scale;
  };
  const cost = (sample: Pick<StepSample, "inputTokens" | "outputTokens"> & Partial<StepSample>, scale: number): number | null => {
    // A call of this very model was billed with its cache hits: nearer to what comes than the list price.
    if (sample.model === key.model && sample.costUsd !== undefined && sample.costUsd !== null) return Number(sample.costUsd) * scale;
    const priced = priceOf?.(Math.round(sample.inputTokens * scale), Math.round(sample.outputTokens * scale));
    return priced === undefined || priced === null ? null : Number(priced);
  };
  const aged = (list: readonly StepSample[], isPerRun: boolean): readonly NeedSample[] =>
    list.map((sample, age) => {
      const scale = isPerRun ? expectedRuns / Math.max(sample.runs, 1) : 1;
      return { tokens: (sample.inputTokens + sample.outputTokens) * scale, nanoUsd: cost(sample, scale), weight: recencyWeight(age) };
    });
  take("step", aged(levels.step, false), true);
  take("shape", aged(levels.shape, false), false);
  take("intent", aged(levels.intent, true), false);
  const prior = priorSamples(key.intent, Math.max(expectedRuns, 1), estimatedTokens).map((sample): NeedSample => ({
    tokens: sample.inputTokens + sample.outputTokens,
    nanoUsd: cost(sample, 1),
    weight: 1,
  }));
  take("prior", prior, false);
  return { samples, source: source ?? "prior", own };
}

/** Scores are made of a step's own history, so they say nothing about what was borrowed. */
function factorOf({ history, key }: NeedRequest, source: NeedSource): number {
  return source === "step" ? history.spreadFactor(key.intent) : 1;
}

export function quantilesOf(samples: readonly Weighted[]): Quantiles {
  const known = new Distribution(samples);
  return { q10: known.quantile(0.1), q50: known.quantile(0.5), q90: known.quantile(0.9) };
}

function widened({ q10, q50, q90 }: Quantiles, factor: number): Quantiles {
  if (factor === 1 || q50 <= 0) return { q10, q50, q90 };
  return { q10: q50 * (Math.max(q10, 1e-9) / q50) ** factor, q50, q90: q50 * (q90 / q50) ** factor };
}

function whole({ q10, q50, q90 }: Quantiles): Quantiles {
  return { q10: Math.floor(q10), q50: Math.round(q50), q90: Math.ceil(q90) };
}

export function toMoney({ q10, q50, q90 }: Quantiles): Quantiles<NanoUsd> {
  return { q10: BigInt(Math.floor(q10)), q50: BigInt(Math.round(q50)), q90: BigInt(Math.ceil(q90)) };
}
