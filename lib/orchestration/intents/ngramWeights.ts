// Weights of NgramModel.ts, written by training/intents/train.ts: never edited by hand.
export const NGRAM_SENTENCES_SHA256 = "";
export const NGRAM_SCALE = 0.01;
export const NGRAM_WEIGHTS = "";
