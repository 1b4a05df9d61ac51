// Makes one memory of several old ones: how often what happened, which patterns came back, what mattered most. Counting, not copying; no model.
import { searchWords } from "./selectMemories.ts";
import { cutLine, memoryLine } from "./memoryLine.ts";
import type { RunMemory, Summary } from "./types.ts";

const SUMMARY_CHARACTERS = 500;
const LINE_CHARACTERS = 140;
const MAX_PATTERNS = 5;
const MAX_EXAMPLES = 2;
/** Lines that share so many of their words count as the same one. */
const ALIKE_SHARE = 0.7;

export interface Consolidated extends Summary {
  /** That of the most important one: what it tells is still in there. */
  readonly importance: number;
  /** When the newest of them ended. */
  readonly at: Date;
  /** How many executions it stands for. */
  readonly count: number;
}

/** @param memories at least one */
export function consolidate(memories: readonly RunMemory[]): Consolidated {
  const sorted = [...memories].sort((left, right) => left.number - right.number);
  const statuses = countAlike(sorted.map(({ status }) => status));
  const patterns = countAlike(sorted.flatMap((memory) => memory.patterns));
  const suggestions = countAlike(sorted.flatMap((memory) => memory.suggestions));
  const important = [...sorted].sort((left, right) => right.importance - left.importance || right.number - left.number);
  const examples = important.slice(0, MAX_EXAMPLES).map(({ summary }) => cutLine(summary, LINE_CHARACTERS));
  const ended = statuses.map(({ text, count }) => `${count} ${text}`).join(", ");
  const newest = sorted.at(-1);
  return {
    summary: memoryLine(`${sorted.length} earlier executions (${ended}). Among them: ${examples.join(" · ")}`, SUMMARY_CHARACTERS),
    sentiment: null,
    outcomes: [],
    patterns: patterns.slice(0, MAX_PATTERNS).map(lineOf),
    suggestions: suggestions.slice(0, 1).map(({ text }) => text),
    importance: important[0]?.importance ?? 0,
    at: newest?.at ?? new Date(0),
    count: sorted.length,
  };
}

interface Counted {
  readonly text: string;
  readonly count: number;
}

function lineOf({ text, count }: Counted): string {
  return count === 1 ? text : `${text} (${count} times)`;
}

/** Most frequent first; the newest wording of those that are alike. */
function countAlike(lines: readonly string[]): Counted[] {
  const groups: { text: string; words: ReadonlySet<string>; count: number }[] = [];
  for (const line of lines) {
    const words = new Set(searchWords(line));
    const group = groups.find((other) => other.text === line || isAlike(other.words, words));
    if (group === undefined) groups.push({ text: line, words, count: 1 });
    else Object.assign(group, { text: line, words, count: group.count + 1 });
  }
  return groups.sort((left, right) => right.count - left.count).map(({ text, count }) => ({ text, count }));
}

function isAlike(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  if (left.size === 0 || right.size === 0) return false;
  let shared = 0;
  for (const word of left) if (right.has(word)) shared += 1;
  return shared >= ALIKE_SHARE * Math.max(left.size, right.size);
}
