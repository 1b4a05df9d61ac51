// The text of lib/orchestration/intents/ngramWeights.ts for given weights.
import type { TrainedWeights } from "./trainNgrams.ts";

export const TRAINING_SEED = 20_250_101;

export function weightsFile({ bytes, scale }: TrainedWeights, sentencesSha256: string): string {
  return [
    "// Weights of NgramModel.ts, written by training/intents/train.ts: never edited by hand.",
    "",
    "/** Of the sentences they were trained from. */",
    `export const NGRAM_SENTENCES_SHA256 = "${sentencesSha256}";`,
    `export const NGRAM_SCALE = ${scale};`,
    "/** One signed byte a bucket and class, base64. */",
    `export const NGRAM_WEIGHTS =\n  "${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}";`,
    "",
  ].join("\n");
}
