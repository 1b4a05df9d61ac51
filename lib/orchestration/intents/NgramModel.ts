// A linear softmax over hashed n-grams with two heads, intent and effect. Weights are bytes made by training/intents/train.ts; learns nothing itself.
import type { Effect } from "../../workflow/types.ts";
import type { IntentType } from "../types.ts";
import { BUCKETS, featuresOf } from "./ngramFeatures.ts";
import { NGRAM_WEIGHTS, NGRAM_SCALE } from "./ngramWeights.ts";
import { INTENT_ORDER, noScores, type IntentScores } from "./scores.ts";

export const EFFECT_ORDER: readonly Effect[] = ["none", "read", "write", "destructive"];
/** Classes of both heads, side by side in one row a bucket. */
export const ROW_LENGTH = INTENT_ORDER.length + EFFECT_ORDER.length;

let decoded: Int8Array | undefined;

/** Decoded at the first use: most steps are labelled without the model. */
function weights(): Int8Array {
  if (decoded === undefined) {
    const bytes = Buffer.from(NGRAM_WEIGHTS, "base64");
    decoded = new Int8Array(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, BUCKETS * ROW_LENGTH));
  }
  return decoded;
}

/**
 * Log-odds of each intent against the mean of all, about -3 to 5; all zero for a text without words.
 * Only the first 700 characters are read.
 */
export function scoreIntents(text: string): IntentScores {
  const logits = logitsOf(text);
  const scores = noScores();
  const mean = INTENT_ORDER.reduce((sum, _intent, index) => sum + (logits[index] ?? 0), 0) / INTENT_ORDER.length;
  INTENT_ORDER.forEach((intent, index) => {
    scores[intent] = (logits[index] ?? 0) - mean;
  });
  return scores;
}

export interface NgramGuess {
  readonly intent: IntentType;
  /** Probability of the intent, 0–1. */
  readonly probability: number;
  readonly effect: Effect;
  /** Probability that the effect is `write` or `destructive`, 0–1. */
  readonly danger: number;
}

export function guess(text: string): NgramGuess {
  const logits = logitsOf(text);
  const intents = softmax(logits.slice(0, INTENT_ORDER.length));
  const effects = softmax(logits.slice(INTENT_ORDER.length));
  const best = indexOfMost(intents);
  return {
    intent: INTENT_ORDER[best] ?? "transform",
    probability: intents[best] ?? 0,
    effect: EFFECT_ORDER[indexOfMost(effects)] ?? "write",
    danger: (effects[2] ?? 0) + (effects[3] ?? 0),
  };
}

function logitsOf(text: string): number[] {
  const table = weights();
  const sums = Array.from({ length: ROW_LENGTH }, () => 0);
  const features = featuresOf(text);
  for (const bucket of features) {
    const start = bucket * ROW_LENGTH;
    for (let column = 0; column < ROW_LENGTH; column += 1) sums[column] = (sums[column] ?? 0) + (table[start + column] ?? 0);
  }
  // As in training: long texts do not shout louder than short ones.
  const norm = NGRAM_SCALE / Math.sqrt(Math.max(features.size, 1));
  return sums.map((sum) => sum * norm);
}

function softmax(logits: readonly number[]): readonly number[] {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function indexOfMost(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? -Infinity) ? index : best), 0);
}
