// What a model is to read, as a few hashed numbers that evidence may be kept by. No text can be had back from them.

/** Buckets of the hash; a power of two that fits a SMALLINT. */
export const TEXT_BUCKETS = 4_096;
/** The rest of a long text says little more about what is asked. */
const TEXT_LIMIT = 2_000;
const MOST_BUCKETS = 256;
const WORD_END = /[^\p{L}\p{N}]+/u;
const LEAST_LETTERS = 3;
const STEM_LETTERS = 5;

/** FNV-1a over UTF-16 units. */
function bucketOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return (hash ^ (hash >>> 15)) & (TEXT_BUCKETS - 1);
}

/** Distinct buckets: words (numbers of any length, else three letters or more), their beginnings, and how long the text is. Empty for an empty text. */
export function textBuckets(text: string): readonly number[] {
  if (text === "") return [];
  const buckets = new Set([bucketOf(`\0length ${Math.floor(Math.log2(text.length + 1) * 2)}`)]);
  for (const word of text.slice(0, TEXT_LIMIT).toLowerCase().split(WORD_END)) {
    if (word.length >= LEAST_LETTERS || (word !== "" && word <= "9")) buckets.add(bucketOf(word.slice(0, 64)));
    // Inflected forms meet in their beginnings.
    if (word.length > STEM_LETTERS) buckets.add(bucketOf(`\0stem ${word.slice(0, STEM_LETTERS)}`));
    if (buckets.size >= MOST_BUCKETS) break;
  }
  return [...buckets];
}
