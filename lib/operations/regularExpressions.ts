// Regular expressions from workflow files and models: RE2 only, because a backtracking engine can be held up for minutes by 30 characters.
import { LRUCache } from "lru-cache";
import { RE2JS } from "re2js";

const MAX_PATTERN_CHARACTERS = 1_000;
const cache = new LRUCache<string, RE2JS>({ max: 500 });

/** @throws Error with RE2's own words when the pattern is wrong or uses what RE2 lacks (look-behind, back-references) */
export function compilePattern(pattern: string, flags = ""): RE2JS {
  if (pattern.length > MAX_PATTERN_CHARACTERS) throw new Error(`pattern is longer than ${MAX_PATTERN_CHARACTERS} characters`);
  const key = `${flags}/${pattern}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  // translateRegExp takes JavaScript's spelling, such as \u00e9 and (?<name>…), to RE2's.
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern), toRe2Flags(flags));
  cache.set(key, compiled);
  return compiled;
}

function toRe2Flags(flags: string): number {
  let bits = 0;
  if (flags.includes("i")) bits |= RE2JS.CASE_INSENSITIVE;
  if (flags.includes("s")) bits |= RE2JS.DOTALL;
  if (flags.includes("m")) bits |= RE2JS.MULTILINE;
  return bits;
}

/** True when the pattern occurs anywhere in the text. */
export function matchesPattern(text: string, pattern: string): boolean {
  return compilePattern(pattern).matcher(text).find();
}
