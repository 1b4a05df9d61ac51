// Trains on nine tenths of the sentences and scores the last: what the model alone knows of sentences it never saw.
import { EFFECT_ORDER, ROW_LENGTH } from "../../lib/orchestration/intents/NgramModel.ts";
import { featuresOf } from "../../lib/orchestration/intents/ngramFeatures.ts";
import { INTENT_ORDER } from "../../lib/orchestration/intents/scores.ts";
import { trainNgrams, type Sentence, type TrainedWeights } from "./trainNgrams.ts";

export interface HeldOutScore {
  readonly sentences: number;
  /** Share with the right intent, 0–1. */
  readonly intent: number;
  readonly effect: number;
}

/** Every tenth sentence, all labels and languages alike. */
function isHeld(index: number): boolean {
  return index % 10 === 7;
}

export function scoreHeldOut(sentences: readonly Sentence[], seed: number): HeldOutScore {
  const trained = trainNgrams(
    sentences.filter((_sentence, index) => !isHeld(index)),
    seed,
  );
  const held = sentences.filter((_sentence, index) => isHeld(index));
  let intents = 0;
  let effects = 0;
  for (const { text, intent, effect } of held) {
    const logits = logitsOf(text, trained);
    if (INTENT_ORDER[indexOfMost(logits.subarray(0, INTENT_ORDER.length))] === intent) intents += 1;
    if (EFFECT_ORDER[indexOfMost(logits.subarray(INTENT_ORDER.length))] === effect) effects += 1;
  }
  return { sentences: held.length, intent: intents / held.length, effect: effects / held.length };
}

function logitsOf(text: string, { bytes }: TrainedWeights): Float64Array {
  const sums = new Float64Array(ROW_LENGTH);
  for (const bucket of featuresOf(text))
    for (let column = 0; column < ROW_LENGTH; column += 1) sums[column]! += bytes[bucket * ROW_LENGTH + column]!;
  return sums;
}

function indexOfMost(values: Float64Array): number {
  return values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);
}
