// Folded text to clauses of words in one pass over its characters: several times faster than splitting by patterns.

/** Words of one clause, at most forty. */
export type Clause = readonly string[];

const WORDS_LIMIT = 40;
const CLAUSE_ENDS = codesOf(".!?;:,\n()*•。！？；：，、（）");
/** Beyond ASCII everything is taken for a letter but these. */
const SEPARATORS = codesOf("“”„«»‹›–—…\u00a0¿¡·「」『』《》【】\u3000→");
const APOSTROPHE = 39;
const HYPHEN = 45;

/** @param folded lower-case text, as `foldCase` gives it */
export function splitClauses(folded: string, limit: number): readonly Clause[] {
  const clauses: Clause[] = [];
  let words: string[] = [];
  let start = -1;
  for (let index = 0; index <= folded.length && clauses.length < limit; index += 1) {
    const code = index === folded.length ? 10 : folded.charCodeAt(index);
    if (isLetter(code)) {
      if (start === -1) start = index;
      continue;
    }
    if (start !== -1) {
      if (words.length < WORDS_LIMIT) words.push(folded.slice(start, index));
      start = -1;
    }
    if (words.length > 0 && CLAUSE_ENDS.has(code)) {
      clauses.push(words);
      words = [];
    }
  }
  return clauses;
}

function isLetter(code: number): boolean {
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === APOSTROPHE || code === HYPHEN;
  return !CLAUSE_ENDS.has(code) && !SEPARATORS.has(code);
}

function codesOf(text: string): ReadonlySet<number> {
  return new Set(Array.from(text, (character) => character.charCodeAt(0)));
}
