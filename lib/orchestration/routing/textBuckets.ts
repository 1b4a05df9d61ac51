// What a model is to read, as a few hashed numbers that evidence may be kept by. No text can be had back from them.

/** Buckets of the hash; a power of two that fits a SMALLINT. */
export const TEXT_BUCKETS = 4_096;
/** The rest of a long text says little more about what is asked. */
const TEXT_LIMIT = 2_000;
const MOST_BUCKETS = 256;
const WORD_END = /[^\p{L}\p{N}]+/u;
const LEAST_LETTERS = 3;
const STEM_LETTERS = 5;
const END_LETTERS = 3;

/** FNV-1a over UTF-16 units. */
function bucketOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return (hash ^ (hash >>> 15)) & (TEXT_BUCKETS - 1);
}

/**
 * Distinct buckets: words (numbers of any length, else three letters or more), their beginnings and endings, and the
 * text's shape. Empty for an empty text.
 */
export function textBuckets(text: string): readonly number[] {
  if (text === "") return [];
  const read = text.slice(0, TEXT_LIMIT).toLowerCase();
  const buckets = new Set(shapeOf(read, text.length).map((trait) => bucketOf(`\0${trait}`)));
  for (const word of read.split(WORD_END)) {
    if (word.length >= LEAST_LETTERS || (word !== "" && word <= "9")) buckets.add(bucketOf(word.slice(0, 64)));
    // Inflected forms meet in their beginnings, kinds of words in their endings.
    if (word.length > STEM_LETTERS) {
      buckets.add(bucketOf(`\0stem ${word.slice(0, STEM_LETTERS)}`));
      buckets.add(bucketOf(`\0end ${word.slice(-END_LETTERS)}`));
    }
    if (buckets.size >= MOST_BUCKETS) break;
  }
  return [...buckets];
}

const FORMULA = /[=+*^\\]/;
const NEGATION = /\b(?:not|except|false|incorrect|least)\b/;

/** What is hard about a text beside its words: how long it and its lines are, how many digits, formulas, negations. */
function shapeOf(read: string, length: number): readonly string[] {
  const [first = "", ...rest] = read.split("\n");
  const restLength = rest.reduce((sum, line) => sum + line.length, 0) / Math.max(rest.length, 1);
  const digitShare = read.replace(/[^0-9]/g, "").length / read.length;
  return [
    `length ${doublings(length, 2)}`,
    `first line ${doublings(first.length, 2)}`,
    `lines ${doublings(restLength, 1.5)}`,
    `digits ${Math.min(Math.ceil(digitShare * 20), 5)}`,
    `formula ${FORMULA.test(read)}`,
    `negation ${NEGATION.test(read)}`,
  ];
}

function doublings(count: number, stepsEach: number): number {
  return Math.floor(Math.log2(count + 1) * stepsEach);
}
