// Whether a text says a line already, letter by letter but for case, spaces and punctuation. It compares no meanings.
import type { SectionTitle } from "./types.ts";

const NOT_WORDS = /[^\p{L}\p{N}]+/gu;

/** For `isLineSaidIn`: made once per text. One space where there is no word: every text says that. */
export function foldText(text: string): string {
  const words = text.toLowerCase().replace(NOT_WORDS, " ").trim();
  return words === "" ? " " : ` ${words} `;
}

/** Fewer words than these may stand in a text by chance. */
const TELLING_WORDS = 3;
const DATE_AND_STATUS = /^\d{4}-\d\d-\d\d, [a-z]+: /;

/**
 * Whether a line of memory says nothing beyond the text. A short fact counts as said only where its key's words are said, too.
 *
 * @param folded of `foldText`
 */
export function isLineSaidIn(folded: string, title: SectionTitle, line: string): boolean {
  if (title === "Learned patterns") return folded.includes(foldText(line));
  if (title === "History") return folded.includes(foldText(line.replace(DATE_AND_STATUS, "")));
  // A key has no colon.
  const colon = line.indexOf(": ");
  const [key, value] = [wordsOf(line.slice(0, colon)), foldText(line.slice(colon + 2))];
  if (!folded.includes(value)) return false;
  return value.trim() === "" || wordsOf(value).length >= TELLING_WORDS || key.every((word) => folded.includes(` ${word} `));
}

function wordsOf(text: string): string[] {
  return foldText(text).trim().split(" ");
}
