// Which memories an execution is told, in the order in which they may use the budget. It counts no tokens.
import { scoreDocuments } from "../operations/bm25.ts";
import { wordsOf } from "../operations/words.ts";
import { foldText, isLineSaidIn } from "./repeats.ts";
import type { Recall, RunMemory, SectionTitle, ToldRow } from "./types.ts";

export interface Candidate {
  readonly title: SectionTitle;
  readonly line: string;
  readonly from: ToldRow;
  /** Rather shortened than left out. */
  readonly isShortenable: boolean;
}

const MAX_FACTS = 10;
const MIN_RECENT = 2;
const MAX_RECENT = 5;
const MAX_RELEVANT = 3;
/** So many words of the query must be in a memory, unless the query has fewer. */
const MIN_SHARED_WORDS = 2;
/** Words in more than this share of the memories say nothing about one of them. */
const COMMON_SHARE = 0.5;
const FEW_MEMORIES = 4;
/** Of a query: inputs may be documents. */
const MAX_QUERY_CHARACTERS = 8_000;

/** @param query what the execution is about: its inputs. What it says already is not told again. */
export function selectMemories({ facts, memories }: Recall, query: string): Candidate[] {
  const byImportance = [...facts].sort((left, right) => right.importance - left.importance || (left.key < right.key ? -1 : 1));
  const profile = byImportance
    .slice(0, MAX_FACTS)
    .map(({ key, value }): Candidate => ({ title: "Profile", line: `${key}: ${value}`, from: { factKey: key }, isShortenable: true }));
  const newest = [...memories].sort((left, right) => right.number - left.number);
  const recent = newest.slice(0, MAX_RECENT);
  const first = recent.slice(0, MIN_RECENT);
  const shown = new Set(first);
  const relevant = findRelevant(newest, query).filter((memory) => !shown.has(memory));
  const later = recent.slice(MIN_RECENT).filter((memory) => !relevant.includes(memory));
  return withoutRepeats(
    [
      ...profile,
      ...first.map((memory) => historyLine(memory, true)),
      ...relevant.slice(0, MAX_RELEVANT).map(patternLine),
      ...later.map((memory) => historyLine(memory, false)),
    ],
    query,
  );
}

function historyLine({ id, at, status, summary, suggestions }: RunMemory, isShortenable: boolean): Candidate {
  const advice = suggestions[0] === undefined ? "" : ` Next time: ${suggestions[0]}`;
  const line = `${at.toISOString().slice(0, 10)}, ${status}: ${summary}${advice}`;
  return { title: "History", line, from: { memoryId: id }, isShortenable };
}

function patternLine(memory: RunMemory): Candidate {
  const line = memory.patterns.length === 0 ? memory.summary : tellPatterns(memory).join("; ");
  return { title: "Learned patterns", line, from: { memoryId: memory.id }, isShortenable: false };
}

/** With how often they were noted, where that was more than once. */
export function tellPatterns({ patterns, counts }: Pick<RunMemory, "patterns" | "counts">): string[] {
  return patterns.map((text, index) => ((counts?.patterns[index] ?? 1) === 1 ? text : `${text} (${counts?.patterns[index]} times)`));
}

/** Best first; ties go to the newer. Which wordings are alike is judged by stems, so a question in another language finds nothing. */
export function findRelevant(memories: readonly RunMemory[], query: string): RunMemory[] {
  const asked = new Set(searchWords(query.slice(0, MAX_QUERY_CHARACTERS)));
  if (asked.size === 0 || memories.length === 0) return [];
  const documents = memories.map(({ summary, outcomes, patterns }) => searchWords([summary, ...outcomes, ...patterns].join(" ")));
  const telling = withoutCommon(asked, documents);
  const least = Math.min(MIN_SHARED_WORDS, asked.size);
  const scores = scoreDocuments(documents, telling);
  return memories
    .map((memory, index) => ({ memory, score: scores[index] ?? 0, shared: sharedWords(documents[index] ?? [], telling) }))
    .filter(({ score, shared }) => score > 0 && shared >= least)
    .sort((left, right) => right.score - left.score || right.memory.number - left.memory.number)
    .map(({ memory }) => memory);
}

function withoutCommon(asked: ReadonlySet<string>, documents: readonly (readonly string[])[]): Set<string> {
  if (documents.length < FEW_MEMORIES) return new Set(asked);
  const sets = documents.map((words) => new Set(words));
  return new Set([...asked].filter((word) => sets.filter((words) => words.has(word)).length <= documents.length * COMMON_SHARE));
}

function sharedWords(words: readonly string[], asked: ReadonlySet<string>): number {
  return new Set(words.filter((word) => asked.has(word))).size;
}

/** Scripts that put no spaces between words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Stems; of scripts without spaces, pairs of neighbouring characters. */
export function searchWords(text: string): string[] {
  return wordsOf(text).flatMap((word) => {
    if (!UNSPACED.test(word)) return [word];
    const characters = Array.from(word);
    return characters.length < 2 ? characters : characters.slice(1).map((character, index) => `${characters[index]}${character}`);
  });
}

function withoutRepeats(candidates: readonly Candidate[], query: string): Candidate[] {
  let said = foldText(query);
  return candidates.filter(({ title, line }) => {
    if (isLineSaidIn(said, title, line)) return false;
    said += foldText(line);
    return true;
  });
}
