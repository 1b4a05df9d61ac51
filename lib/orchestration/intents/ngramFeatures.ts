// A short text as bucket numbers: words, word pairs and runs of characters, hashed. The trainer and the classifier must use this very file.
import { foldCase } from "./words.ts";

/** Buckets of the hash; a power of two. */
export const BUCKETS = 16_384;
const TEXT_LIMIT = 700;
/** The same words, found faster where there is nothing but ASCII. */
const ASCII_WORD_END = /[^a-z0-9]+/;
const NON_ASCII = /[\u0080-\uffff]/;
const WORD_END = /[^\p{L}\p{N}]+/u;
const UNSPACED = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;

/** FNV-1a over UTF-16 units, seeded by the kind of feature so that a word and a run of the same letters differ. */
function bucketOf(text: string, from: number, to: number, kind: number): number {
  let hash = (0x811c9dc5 ^ kind) >>> 0;
  for (let index = from; index < to; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  hash ^= hash >>> 15;
  return hash & (BUCKETS - 1);
}

/** Distinct buckets of the text, in no special order. */
export function featuresOf(text: string): ReadonlySet<number> {
  const buckets = new Set<number>();
  const folded = foldCase(text.slice(0, TEXT_LIMIT));
  const words = folded.split(NON_ASCII.test(folded) ? WORD_END : ASCII_WORD_END).filter((word) => word !== "");
  words.forEach((word, index) => {
    buckets.add(bucketOf(word, 0, word.length, 1));
    const next = words[index + 1];
    if (next !== undefined) {
      const pair = `${word} ${next}`;
      buckets.add(bucketOf(pair, 0, pair.length, 2));
    }
    if (index === 0) buckets.add(bucketOf(word, 0, word.length, 3));
    addRuns(word, buckets);
  });
  return buckets;
}

/** Beginnings carry the stem: inflected forms of a verb meet in them. Unspaced scripts give pairs of characters. */
function addRuns(word: string, buckets: Set<number>): void {
  if (UNSPACED.test(word)) {
    for (let index = 0; index + 2 <= word.length && index < 200; index += 1) buckets.add(bucketOf(word, index, index + 2, 4));
    return;
  }
  if (word.length >= 4) buckets.add(bucketOf(word, 0, 4, 5));
  if (word.length >= 6) buckets.add(bucketOf(word, 0, 6, 5));
  const padded = `<${word.slice(0, 24)}>`;
  for (let index = 0; index + 4 <= padded.length; index += 2) buckets.add(bucketOf(padded, index, index + 4, 6));
}
