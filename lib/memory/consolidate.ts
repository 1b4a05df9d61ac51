// Makes one memory of several old ones: how often what happened, which patterns came back, what mattered most. Counting, not copying; no model.
import { searchWords } from "./selectMemories.ts";
import { cutLine, memoryLine } from "./memoryLine.ts";
import type { MemoryCounts, RunMemory, Summary } from "./types.ts";

const SUMMARY_CHARACTERS = 500;
const LINE_CHARACTERS = 140;
const MAX_PATTERNS = 5;
const MAX_EXAMPLES = 2;
/** Lines that share so many of their words count as the same one. */
const ALIKE_SHARE = 0.7;

/** Its outcomes are the examples that its summary tells. */
export interface Consolidated extends Summary {
  /** That of the most important one: what it tells is still in there. */
  readonly importance: number;
  /** When the newest of them ended. */
  readonly at: Date;
  /** Of all executions it stands for, through however many merges. */
  readonly counts: MemoryCounts;
}

/** @param memories at least one; they may be merged ones */
export function consolidate(memories: readonly RunMemory[]): Consolidated {
  const sorted = [...memories].sort((left, right) => left.number - right.number);
  const ended = countEnds(sorted);
  const patterns = countAlike(sorted.flatMap(({ patterns: texts, counts }) => counted(texts, counts?.patterns))).slice(0, MAX_PATTERNS);
  const suggestions = countAlike(sorted.flatMap(({ suggestions: texts, counts }) => counted(texts, counts?.suggestions))).slice(0, 1);
  const important = [...sorted].sort((left, right) => right.importance - left.importance || right.number - left.number);
  const examples = important
    .flatMap(({ summary, outcomes, counts }) => (counts === null ? [cutLine(summary, LINE_CHARACTERS)] : outcomes))
    .slice(0, MAX_EXAMPLES);
  const total = ended.reduce((sum, [, count]) => sum + count, 0);
  const told = ended.map(([status, count]) => `${count} ${status}`).join(", ");
  return {
    summary: memoryLine(`${total} earlier executions (${told}). Among them: ${examples.join(" · ")}`, SUMMARY_CHARACTERS),
    outcomes: examples,
    patterns: patterns.map(({ text }) => text),
    suggestions: suggestions.map(({ text }) => text),
    importance: important[0]?.importance ?? 0,
    at: sorted.at(-1)?.at ?? new Date(0),
    counts: {
      ended: Object.fromEntries(ended),
      patterns: patterns.map(({ count }) => count),
      suggestions: suggestions.map(({ count }) => count),
    },
  };
}

/** Most frequent first. */
function countEnds(memories: readonly RunMemory[]): (readonly [string, number])[] {
  const byStatus = new Map<string, number>();
  for (const { status, counts } of memories) {
    for (const [ended, count] of Object.entries(counts?.ended ?? { [status]: 1 })) byStatus.set(ended, (byStatus.get(ended) ?? 0) + count);
  }
  return [...byStatus].sort(([, left], [, right]) => right - left);
}

interface Counted {
  readonly text: string;
  readonly count: number;
}

function counted(texts: readonly string[], counts: readonly number[] = []): Counted[] {
  return texts.map((text, index) => ({ text, count: counts[index] ?? 1 }));
}

/** Most frequent first; the newest wording of those that are alike. */
function countAlike(lines: readonly Counted[]): Counted[] {
  const groups: { text: string; words: ReadonlySet<string>; count: number }[] = [];
  for (const { text, count } of lines) {
    const words = new Set(searchWords(text));
    const group = groups.find((other) => other.text === text || isAlike(other.words, words));
    if (group === undefined) groups.push({ text, words, count });
    else Object.assign(group, { text, words, count: group.count + count });
  }
  return groups.sort((left, right) => right.count - left.count).map(({ text, count }) => ({ text, count }));
}

function isAlike(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  if (left.size === 0 || right.size === 0) return false;
  let shared = 0;
  for (const word of left) if (right.has(word)) shared += 1;
  return shared >= ALIKE_SHARE * Math.max(left.size, right.size);
}
