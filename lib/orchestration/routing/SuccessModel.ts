// How likely a model's first answer passes a step's check: Beta posteriors by step, then what the text adds. It learns from first attempts only.
import { nextTurn } from "../../core/clock.ts";
import { betaLowerBound } from "./betaBound.ts";
import { TEXT_BUCKETS } from "./textBuckets.ts";
import type { SuccessEstimate } from "./types.ts";

/** Which step of which definition. Evidence of another version counts for the intent, not for the step. */
export interface EvidenceKey {
  readonly intent: string;
  /** `plugin.action`, or the step's type. */
  readonly tool: string;
  /** The step's place without indices, with whose it is: `agent/s2[].send`. */
  readonly signature: string;
  /** Hash of prompt, schema and tools. */
  readonly version: string;
  /** As called: another version of a model is another model. */
  readonly model: string;
}

/** `first`: the model was asked first. All others saw only what had failed before, and would make a strong model look weak. */
export type AttemptKind = "first" | "retry" | "repair" | "escalation" | "fallback";

export interface RouteOutcome extends EvidenceKey {
  readonly kind: AttemptKind;
  /** The answer passed its check. */
  readonly isSuccess: boolean;
  /** As `textBuckets` gives them. */
  readonly buckets: readonly number[];
}

/** Tries that a coarser level counts for: Beta(mean × 4, (1 − mean) × 4). */
export const PRIOR_TRIES = 4;
/** Of a model that nothing is known of. */
export const PRIOR_MEAN = 0.75;
/** So many newer outcomes of the same step halve the weight of an old one. */
export const HALF_LIFE = 50;
/** Intent and tool gather the outcomes of many steps. */
const COARSE_HALF_LIFE = 10 * HALF_LIFE;
/** Passes of the text's weights over the outcomes that are loaded; one that is added later is passed over once. */
const PASSES = 4;
const LEARNING_RATE = 0.015;
/** Pull of every weight towards 0: words that say nothing stay there. */
const SHRINKAGE = 0.03;
/** What the text may add to or take from a step's mean. */
const MOST_SHIFT = 0.35;
const LEAST_CHANCE = 0.01;
/** Outcomes that are fitted before others have their turn. */
const PIECE = 200;

interface Tally {
  readonly successes: number;
  readonly failures: number;
}

export class SuccessModel {
  readonly #tallies = new Map<string, Tally>();
  readonly #weights = new Map<string, Float64Array>();

  /** @param outcomes oldest first; all but first attempts are passed over */
  constructor(outcomes: readonly RouteOutcome[] = []) {
    const first = outcomes.filter(({ kind }) => kind === "first");
    for (const outcome of first) this.#count(outcome);
    for (let pass = 0; pass < PASSES; pass += 1) for (const outcome of first) this.#fitText(outcome);
  }

  /** As the constructor, in pieces: thousands of outcomes take longer than the event loop may be held up. */
  static async build(outcomes: readonly RouteOutcome[]): Promise<SuccessModel> {
    const model = new SuccessModel();
    const first = outcomes.filter(({ kind }) => kind === "first");
    for (const outcome of first) model.#count(outcome);
    for (let pass = 0; pass < PASSES; pass += 1) {
      for (const [index, outcome] of first.entries()) {
        model.#fitText(outcome);
        if (index % PIECE === PIECE - 1) await nextTurn();
      }
    }
    return model;
  }

  /** Learns from one more outcome, the newest so far. */
  add(outcome: RouteOutcome): void {
    if (outcome.kind !== "first") return;
    this.#count(outcome);
    this.#fitText(outcome);
  }

  /** @param buckets of the text at hand; none: the step's own posterior stands alone */
  estimate(key: EvidenceKey, buckets: readonly number[] = []): SuccessEstimate {
    const samples = this.#samples(key);
    const mean = this.#mean(key, buckets);
    const tries = samples + PRIOR_TRIES;
    return { mean, lower: betaLowerBound(mean * tries, (1 - mean) * tries), samples };
  }

  /** By how much more likely `strong` passes than `cheap`, -1 to 1. */
  gain(
    step: Omit<EvidenceKey, "model">,
    { cheap, strong }: { readonly cheap: string; readonly strong: string },
    buckets: readonly number[] = [],
  ): number {
    return this.#mean({ ...step, model: strong }, buckets) - this.#mean({ ...step, model: cheap }, buckets);
  }

  #samples(key: EvidenceKey): number {
    const tally = this.#tallies.get(levelsOf(key)[2].name);
    return tally === undefined ? 0 : tally.successes + tally.failures;
  }

  /** Each level is the prior of the next finer one; the text moves the finest. */
  #mean(key: EvidenceKey, buckets: readonly number[]): number {
    let mean = PRIOR_MEAN;
    for (const { name } of levelsOf(key)) {
      const tally = this.#tallies.get(name);
      if (tally !== undefined) mean = (tally.successes + mean * PRIOR_TRIES) / (tally.successes + tally.failures + PRIOR_TRIES);
    }
    return Math.min(Math.max(mean + this.#shift(key.model, buckets), LEAST_CHANCE), 1 - LEAST_CHANCE);
  }

  #count(outcome: RouteOutcome): void {
    for (const { name, decay } of levelsOf(outcome)) {
      const { successes, failures } = this.#tallies.get(name) ?? { successes: 0, failures: 0 };
      const [passed, failed] = outcome.isSuccess ? [1, 0] : [0, 1];
      this.#tallies.set(name, { successes: successes * decay + passed, failures: failures * decay + failed });
    }
  }

  /** One step of least squares on what the step's mean leaves unexplained. */
  #fitText(outcome: RouteOutcome): void {
    const { buckets, model, isSuccess } = outcome;
    if (buckets.length === 0) return;
    const error = (isSuccess ? 1 : 0) - this.#mean(outcome, buckets);
    const weights = this.#weights.get(model) ?? new Float64Array(TEXT_BUCKETS);
    this.#weights.set(model, weights);
    const scale = 1 / Math.sqrt(buckets.length);
    for (const bucket of buckets) {
      const weight = weights[bucket];
      if (weight !== undefined) weights[bucket] = weight + LEARNING_RATE * (error * scale - SHRINKAGE * weight);
    }
  }

  #shift(model: string, buckets: readonly number[]): number {
    const weights = this.#weights.get(model);
    if (weights === undefined || buckets.length === 0) return 0;
    const sum = buckets.reduce((total, bucket) => total + (weights[bucket] ?? 0), 0) / Math.sqrt(buckets.length);
    return Math.min(Math.max(sum, -MOST_SHIFT), MOST_SHIFT);
  }
}

interface Level {
  readonly name: string;
  readonly decay: number;
}

const STEP_DECAY = 0.5 ** (1 / HALF_LIFE);
const COARSE_DECAY = 0.5 ** (1 / COARSE_HALF_LIFE);

/** Coarsest first. NUL cannot stand in the names, so no two keys meet. */
function levelsOf({ intent, tool, signature, version, model }: EvidenceKey): readonly [Level, Level, Level] {
  const byModel = `${model}\0${intent}`;
  const byTool = `${byModel}\0${tool}`;
  return [
    { name: byModel, decay: COARSE_DECAY },
    { name: byTool, decay: COARSE_DECAY },
    { name: `${byTool}\0${signature}\0${version}`, decay: STEP_DECAY },
  ];
}
