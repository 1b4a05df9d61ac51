// Trains the n-gram model from labelled sentences: deterministic for a seed, on one thread, in seconds. Reads and writes no files.
import type { Effect } from "../../lib/workflow/types.ts";
import { BUCKETS, featuresOf } from "../../lib/orchestration/intents/ngramFeatures.ts";
import { EFFECT_ORDER, ROW_LENGTH } from "../../lib/orchestration/intents/NgramModel.ts";
import { INTENT_ORDER } from "../../lib/orchestration/intents/scores.ts";
import type { IntentType } from "../../lib/orchestration/types.ts";

export interface Sentence {
  readonly text: string;
  readonly intent: IntentType;
  readonly effect: Effect;
}

export interface TrainedWeights {
  /** One byte a class and bucket. */
  readonly bytes: Int8Array;
  /** What a byte of 1 is worth. */
  readonly scale: number;
}

interface Example {
  readonly features: readonly number[];
  readonly norm: number;
  readonly intent: number;
  readonly effect: number;
}

const EPOCHS = 30;
const RATE = 0.6;
const DECAY = 2e-5;

/** Stochastic gradient descent with a falling rate (AdaGrad), cross-entropy on both heads. */
export function trainNgrams(sentences: readonly Sentence[], seed: number): TrainedWeights {
  const examples = sentences.map(toExample);
  const weights = new Float64Array(BUCKETS * ROW_LENGTH);
  const squares = new Float64Array(BUCKETS * ROW_LENGTH);
  const random = seededRandom(seed);
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) for (const example of shuffled(examples, random)) step(example, weights, squares);
  return quantise(weights);
}

function toExample({ text, intent, effect }: Sentence): Example {
  const features = [...featuresOf(text)];
  return {
    features,
    norm: 1 / Math.sqrt(Math.max(features.length, 1)),
    intent: INTENT_ORDER.indexOf(intent),
    effect: EFFECT_ORDER.indexOf(effect),
  };
}

function step({ features, norm, intent, effect }: Example, weights: Float64Array, squares: Float64Array): void {
  const sums = new Float64Array(ROW_LENGTH);
  for (const bucket of features)
    for (let column = 0; column < ROW_LENGTH; column += 1) sums[column]! += weights[bucket * ROW_LENGTH + column]! * norm;
  const errors = new Float64Array(ROW_LENGTH);
  addErrors(sums, errors, { from: 0, to: INTENT_ORDER.length, truth: intent });
  addErrors(sums, errors, { from: INTENT_ORDER.length, to: ROW_LENGTH, truth: INTENT_ORDER.length + effect });
  for (const bucket of features) {
    for (let column = 0; column < ROW_LENGTH; column += 1) {
      const at = bucket * ROW_LENGTH + column;
      const gradient = errors[column]! * norm + DECAY * weights[at]!;
      squares[at]! += gradient * gradient;
      weights[at]! -= (RATE * gradient) / Math.sqrt(squares[at]! + 1e-6);
    }
  }
}

interface Head {
  readonly from: number;
  readonly to: number;
  readonly truth: number;
}

/** Softmax of one head minus the truth. */
function addErrors(sums: Float64Array, errors: Float64Array, { from, to, truth }: Head): void {
  const most = Math.max(...sums.subarray(from, to));
  let total = 0;
  for (let column = from; column < to; column += 1) total += errors[column] = Math.exp(sums[column]! - most);
  for (let column = from; column < to; column += 1) errors[column] = errors[column]! / total - (column === truth ? 1 : 0);
}

function quantise(weights: Float64Array): TrainedWeights {
  let most = 0;
  for (const weight of weights) most = Math.max(most, Math.abs(weight));
  // Six digits: the scale is written as text.
  const scale = Number((most / 127).toPrecision(6));
  const bytes = Int8Array.from(weights, (weight) => Math.max(-127, Math.min(127, Math.round(weight / scale))));
  return { bytes, scale };
}

function shuffled<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  const mixed = [...items];
  for (let index = mixed.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [mixed[index], mixed[other]] = [mixed[other]!, mixed[index]!];
  }
  return mixed;
}

/** mulberry32: small, good enough to shuffle, the same everywhere. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
