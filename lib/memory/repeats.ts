// Whether a text says a line already, letter by letter but for case, spaces and punctuation. It compares no meanings.

const NOT_WORDS = /[^\p{L}\p{N}]+/gu;

/** For `isSaidIn`: made once per text. */
export function foldText(text: string): string {
  return ` ${text.toLowerCase().replace(NOT_WORDS, " ").trim()} `;
}

/** @param folded of `foldText`; false for a line without a word */
export function isSaidIn(folded: string, line: string): boolean {
  const words = foldText(line);
  return words.trim() !== "" && folded.includes(words);
}

/** A line's own words, without the `date, status:` or `key:` that memory puts before them. */
export function sayingOf(line: string): string {
  const colon = line.indexOf(": ");
  return colon < 0 ? line : line.slice(colon + 2);
}
