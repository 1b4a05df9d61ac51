// How relevant each unit is to the task: BM25 over stems (Robertson and Zaragoza 2009), with the unit's paragraph and neighbours. It cuts nothing.
import type { TaskKind } from "./calibrationModel.ts";
import type { Unit } from "./types.ts";
import { wordsOf } from "./words.ts";

const K1 = 1.2;
const B = 0.6;
/** A paragraph's own score and that of the sentences next to one count so much for the sentence. */
const PARAGRAPH_SHARE = 0.6;
const NEIGHBOUR_SHARE = 0.3;
const SECOND_NEIGHBOUR_SHARE = 0.1;
/** What a unit is worth before any task, against the best match of the task. */
const PRIOR_SHARE: Readonly<Record<TaskKind, number>> = { question: 0.05, instruction: 0.6, none: 0 };

export interface Ranking {
  /** Relevance to the task, ≥ 0; all 0 without one. Same index as the units. */
  readonly scores: readonly number[];
  /** In which order units are kept: the higher, the longer. Relevance and the unit's own weight. */
  readonly values: readonly number[];
}

export function rankUnits(units: readonly Unit[], task: string | undefined, fields: readonly string[], kind: TaskKind): Ranking {
  const query = new Set([...wordsOf(task ?? ""), ...fields.flatMap(wordsOf)]);
  if (query.size === 0) return { scores: units.map(() => 0), values: units.map(({ weight = 0.5 }) => weight) };
  const words = units.map(({ text, searchText }) => wordsOf(searchText ?? text));
  const paragraphs = paragraphsOf(units);
  const own = score(words, query);
  const grouped = score(
    paragraphs.map(({ from, to }) => words.slice(from, to).flat()),
    query,
  );
  const relevance = own.map((value) => value);
  for (const [index, { from, to }] of paragraphs.entries()) {
    for (let at = from; at < to; at += 1) {
      const scoreOf = (unit: number): number => (unit >= from && unit < to ? (own[unit] ?? 0) : 0);
      const around = to - from === 1 ? 0 : PARAGRAPH_SHARE * (grouped[index] ?? 0);
      const next = NEIGHBOUR_SHARE * (scoreOf(at - 1) + scoreOf(at + 1));
      const near = SECOND_NEIGHBOUR_SHARE * (scoreOf(at - 2) + scoreOf(at + 2));
      relevance[at] = scoreOf(at) + around + next + near;
    }
  }
  const best = relevance.reduce((most, value) => Math.max(most, value), 0);
  const scale = best === 0 ? 1 : best;
  const prior = PRIOR_SHARE[kind];
  return { scores: relevance, values: units.map(({ weight = 0.5 }, index) => (relevance[index] ?? 0) / scale + prior * weight) };
}

interface Paragraph {
  readonly from: number;
  readonly to: number;
}

/** Units that follow one another after a single space. */
function paragraphsOf(units: readonly Unit[]): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let from = 0;
  for (let at = 1; at <= units.length; at += 1) {
    if (at < units.length && units[at]?.lead === " ") continue;
    paragraphs.push({ from, to: at });
    from = at;
  }
  return paragraphs;
}

function score(documents: readonly (readonly string[])[], query: ReadonlySet<string>): number[] {
  const frequencies = documents.map((words) => {
    const counts = new Map<string, number>();
    for (const word of words) if (query.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  });
  const holding = new Map<string, number>();
  for (const counts of frequencies) for (const word of counts.keys()) holding.set(word, (holding.get(word) ?? 0) + 1);
  const meanLength = documents.reduce((sum, words) => sum + words.length, 0) / Math.max(documents.length, 1) || 1;
  return documents.map((words, index) => {
    let total = 0;
    for (const [word, count] of frequencies[index] ?? []) {
      const documentCount = holding.get(word) ?? 0;
      const rarity = Math.log(1 + (documents.length - documentCount + 0.5) / (documentCount + 0.5));
      total += (rarity * count * (K1 + 1)) / (count + K1 * (1 - B + (B * words.length) / meanLength));
    }
    return total;
  });
}
