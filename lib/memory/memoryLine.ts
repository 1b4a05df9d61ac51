// Makes one printable line of any text: what memory stores and shows can neither end its block nor begin another. It understands nothing.
import { maskSecretText } from "../core/redaction.ts";

/** Control characters, line ends, and what is invisible but read by models: directions, zero-width spaces, tag characters. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E007F}]+/gu;
/** What may be read as a tag or as a model's own mark. */
const TAG_BEGIN = /<(?=[/!?|A-Za-z])/g;
/** Read before it is looked at: a text of megabytes is not walked for one line, and the longest secrets are seen whole. */
const READ_PER_KEPT = 4;
const LEAST_READ = 10_000;

/** @returns at most so many characters, with an ellipsis where something was cut; empty when nothing printable is left */
export function memoryLine(text: string, maxCharacters: number): string {
  const read = text.slice(0, Math.max(maxCharacters * READ_PER_KEPT, LEAST_READ)).toWellFormed();
  const plain = maskSecretText(read).replace(UNPRINTABLE, " ").replace(TAG_BEGIN, "‹").replaceAll(/\s+/g, " ").trim();
  return cutLine(plain, maxCharacters);
}

/** Cuts at a word where one ends near the limit. */
export function cutLine(line: string, maxCharacters: number): string {
  if (line.length <= maxCharacters) return line;
  const kept = line.slice(0, Math.max(maxCharacters - 1, 0)).replace(/[\uD800-\uDBFF]$/, "");
  const space = kept.lastIndexOf(" ");
  return `${(space > maxCharacters * 0.6 ? kept.slice(0, space) : kept).trimEnd()}…`;
}
