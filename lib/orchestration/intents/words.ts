// Text to words: camelCase, snake_case and accents taken apart, in linear time. Knows no meanings.

const UPPER_AFTER_LOWER = /(\p{Ll}|\d)(\p{Lu})/gu;
const ACRONYM_END = /(\p{Lu})(\p{Lu}\p{Ll})/gu;
const NOT_A_WORD = /[^\p{L}\p{N}]+/u;
/** The same words, found faster where there is nothing but ASCII. */
const NOT_AN_ASCII_WORD = /[^a-z0-9]+/;
const MARKS = /\p{M}+/gu;
const NON_ASCII = /[\u0080-\uffff]/;
/** Chinese, Japanese and Korean are written without blanks: their words are looked for inside the text. */
const WITHOUT_BLANKS = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;

/** Lower case, without accents: `Résumé` → `resume`, `groß` → `gross`. */
export function foldCase(text: string): string {
  const lower = text.toLowerCase();
  if (!NON_ASCII.test(lower)) return lower;
  return lower.normalize("NFD").replace(MARKS, "").normalize("NFC").replaceAll("ß", "ss");
}

export function splitWords(text: string): readonly string[] {
  const apart = text.replace(UPPER_AFTER_LOWER, "$1 $2").replace(ACRONYM_END, "$1 $2");
  const folded = foldCase(apart);
  return folded.split(NON_ASCII.test(folded) ? NOT_A_WORD : NOT_AN_ASCII_WORD).filter((word) => word !== "");
}

export function hasUnspacedScript(text: string): boolean {
  return WITHOUT_BLANKS.test(text);
}

/** A table's row: words separated by blanks. */
export function wordSet(...rows: readonly string[]): ReadonlySet<string> {
  return new Set(rows.flatMap((row) => row.split(/\s+/)).filter((word) => word !== ""));
}
