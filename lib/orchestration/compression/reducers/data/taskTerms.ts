// What a task says about data: words and their likes, superlatives, conditions. It looks at no row.
import type { ReduceContext } from "../../types.ts";
import { wordsOf } from "../../../../operations/words.ts";

/** Words that name the same thing in tasks and in column names; one group a line. */
const SYNONYM_GROUPS = [
  "phone telephone mobile tel number",
  "link url href website homepage web site uri permalink",
  "when date time day timestamp created updated deadline due at on since until start end published scheduled departure arrival year month",
  "who author user login name owner customer actor sender assignee creator contact person username reporter",
  "price cost amount budget fee total charge revenue gross sales value sum spend worth paid",
  "place location address city country region where area site coordinates",
  "status state conclusion result outcome phase stage",
  "rating score rated stars review reviews votes rate",
  "magnitude mag strength",
  "type kind category class genre label tag entity",
  "message description text body subject title summary comment note",
  "mail email",
  "error failure reason cause message code exception fault",
  "count number quantity total",
  "depth coordinates elevation altitude",
  "duration length runtime elapsed time",
  "size bytes length weight",
  "priority severity urgency level",
  "branch ref head base",
  "run workflow job build",
  "commit sha hash head",
  "product item sku article",
  "company organization organisation org employer vendor distributor",
  "director author",
  "file files path filename added modified removed",
  "deaths killed fatalities casualties victims deadly died dead",
  "temperature temp hot cold warm heat",
  "rain precipitation wet rainfall",
  "wind windy gust",
  "id identifier key number ref reference",
  "card brand last4 bank account",
  "language lang locale",
].map((line) => [...new Set(wordsOf(line))]);

const SYNONYMS: ReadonlyMap<string, ReadonlySet<string>> = (() => {
  const found = new Map<string, Set<string>>();
  for (const group of SYNONYM_GROUPS) {
    for (const word of group) {
      const likes = found.get(word) ?? new Set<string>();
      for (const like of group) likes.add(like);
      found.set(word, likes);
    }
  }
  return found;
})();

const NOT_SUPERLATIVE = new Set(
  "request test west rest interest invest suggest guest forest protest contest harvest digest latest newest earliest oldest quest nest best latest".split(
    " ",
  ),
);
const HIGH = new Set("most top best highest maximum max record records peak biggest greatest".split(" "));
const LOW = new Set(
  "least lowest minimum min smallest fewest cheapest coldest shortest weakest youngest slowest driest lightest poorest closest nearest coolest".split(
    " ",
  ),
);
const BOTH = new Set("worst extreme extremes outlier outliers unusual range anomalies anomaly records record".split(" "));
const LATE = new Set("latest newest recent last current".split(" "));
const EARLY = new Set("earliest oldest first".split(" "));
const OPEN = /\b(?:summari[sz]e|summary|overview|describe|explain|digest|translate|analy[sz]e)\b/i;
const IMAGES = /\b(?:image|picture|photo|avatar|logo|thumbnail|icon|poster|cover)/i;
const LINKS = /\b(?:links?|urls?|href|websites?|homepages?|permalinks?)\b/i;
const MONTHS = "january february march april may june july august september october november december".split(" ");
const LONGEST_TASK = 6_000;
const FEWEST_NAMED = 2;

export interface Superlative {
  /** Stems of the word and its likes, to be found in column names. */
  readonly likes: ReadonlySet<string>;
  readonly end: "high" | "low" | "both";
  readonly isTime: boolean;
}

export interface Threshold {
  readonly value: number;
  readonly compares: "over" | "under";
  /** Stems near the number. */
  readonly near: ReadonlySet<string>;
}

export interface DataTerms {
  /** Something names columns: what is not named may go. */
  readonly projects: boolean;
  /** `fields` were given: only they and what identifies a row stay. */
  readonly isStrict: boolean;
  readonly stems: ReadonlySet<string>;
  readonly superlatives: readonly Superlative[];
  readonly thresholds: readonly Threshold[];
  /** How many rows "top N" wants. */
  readonly topCount: number;
  readonly wantsGroups: boolean;
  readonly wantsLinks: boolean;
  readonly wantsImages: boolean;
  /** Parts of the task as they stand, lower case: to find cells that it quotes. */
  readonly literals: ReadonlySet<string>;
  /** 0–11: months that the task names. */
  readonly months: ReadonlySet<number>;
  /** 0: not named; 1: by a like; 2: by its own word. */
  names(path: string): number;
}

function superlativesOf(words: readonly string[]): Superlative[] {
  const found: Superlative[] = [];
  for (const [index, word] of words.entries()) {
    const isEst = word.length >= 6 && word.endsWith("est") && !NOT_SUPERLATIVE.has(word);
    const isTime = LATE.has(word) || EARLY.has(word);
    if (!isEst && !isTime && !HIGH.has(word) && !LOW.has(word) && !BOTH.has(word)) continue;
    const end = BOTH.has(word) ? "both" : LOW.has(word) || EARLY.has(word) ? "low" : "high";
    const about = wordsOf(
      [...words.slice(index + 1, index + 4), ...(isEst ? [word.slice(0, -3), word.replace(/i?est$/, "")] : [])].join(" "),
    );
    found.push({ likes: withLikes(about), end, isTime });
  }
  return found;
}

function withLikes(words: readonly string[]): Set<string> {
  const found = new Set(words);
  for (const word of words) for (const like of SYNONYMS.get(word) ?? []) found.add(like);
  return found;
}

const OVER_BEFORE =
  /(?:over|above|more than|greater than|at least|exceed\w*|higher than|larger than|older than|longer than|>=?|min\w*)\s*[$€£]?$/i;
const UNDER_BEFORE =
  /(?:under|below|less than|fewer than|at most|lower than|smaller than|younger than|shorter than|<=?|up to|max\w*)\s*[$€£]?$/i;
const OVER_AFTER = /^\s*(?:[%a-z]{0,8}\s)?(?:or|and)\s+(?:more|above|over|higher|greater|larger|up|stronger)|^\s*\+/i;
const UNDER_AFTER = /^\s*(?:[%a-z]{0,8}\s)?(?:or|and)\s+(?:less|below|under|lower|fewer|smaller)/i;

function thresholdsOf(task: string): Threshold[] {
  const found: Threshold[] = [];
  for (const match of task.matchAll(/\d[\d,]{0,15}(?:\.\d{1,6})?/g)) {
    const before = task.slice(Math.max(0, match.index - 30), match.index);
    const after = task.slice(match.index + match[0].length, match.index + match[0].length + 30);
    const compares =
      OVER_BEFORE.test(before) || OVER_AFTER.test(after) ? "over" : UNDER_BEFORE.test(before) || UNDER_AFTER.test(after) ? "under" : null;
    if (compares === null) continue;
    found.push({ value: Number(match[0].replaceAll(",", "")), compares, near: withLikes(wordsOf(`${before} ${after}`)) });
  }
  return found;
}

/** Words and runs of up to three words, without punctuation around them. */
function literalsOf(text: string): Set<string> {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .map((word) => word.replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ""))
    .filter((word) => word !== "");
  const found = new Set<string>();
  for (const [index, word] of words.entries()) {
    if (word.length >= 3) found.add(word);
    const two = `${word} ${words[index + 1] ?? ""}`;
    found.add(two);
    found.add(`${two} ${words[index + 2] ?? ""}`);
  }
  return found;
}

/**
 * The terms for a content with these column or field names. A task that names fewer than two of them asks for something else
 * than columns: then all of them stay.
 */
export function termsFor(terms: DataTerms, names: Iterable<string>): DataTerms {
  if (!terms.projects || terms.isStrict) return terms;
  const named = new Set<string>();
  for (const name of names) {
    if (terms.names(name) === 2) named.add(name);
    if (named.size >= FEWEST_NAMED) return terms;
  }
  return { ...terms, projects: false };
}

/** Of a path like `data.items[].email` the part that names a field. */
function lastPart(path: string): string {
  const parts = path
    .replaceAll(/\[[^\]]{0,20}\]/g, "")
    .split(/[./]/)
    .filter((part) => part !== "");
  return parts.at(-1) ?? path;
}

export function dataTermsOf({ task, fields }: Pick<ReduceContext, "task" | "fields">): DataTerms {
  const text = (task ?? "").slice(0, LONGEST_TASK);
  const plain = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const own = new Set([...wordsOf(text), ...(fields ?? []).flatMap((field) => wordsOf(lastPart(field)))]);
  const likes = withLikes([...own]);
  const fieldNames = new Set((fields ?? []).map((field) => field.toLowerCase()));
  const top = /\b(?:top|first|last|best|worst)\s+(\d{1,3})\b/i.exec(text);
  const isStrict = fieldNames.size > 0;
  const known = new Map<string, number>();
  const names = (path: string): number => {
    let level = known.get(path);
    if (level === undefined) {
      const words = wordsOf(path);
      level = fieldNames.has(path.toLowerCase()) || words.some((word) => own.has(word)) ? 2 : words.some((word) => likes.has(word)) ? 1 : 0;
      known.set(path, level);
    }
    return level;
  };
  return {
    projects: isStrict || (text !== "" && !OPEN.test(text) && own.size > 0),
    isStrict,
    stems: own,
    superlatives: superlativesOf(plain),
    thresholds: thresholdsOf(text),
    literals: literalsOf(text),
    months: new Set(MONTHS.flatMap((month, index) => (new RegExp(`\\b${month}\\b`, "i").test(text) ? [index] : []))),
    topCount: Math.min(50, Number(top?.[1] ?? 5)),
    wantsGroups: /\b(?:per|each|every|by|across|for all|within)\b/i.test(text),
    wantsLinks: LINKS.test(text),
    wantsImages: IMAGES.test(text),
    names,
  };
}
