// How relevant each unit is to the task: BM25 over stems (Robertson and Zaragoza 2009), with the unit's paragraph and neighbours. It cuts nothing.
import type { TaskKind } from "./calibrationModel.ts";
import type { Unit } from "./types.ts";
import { scoreDocuments } from "../../operations/bm25.ts";
import { wordsOf } from "../../operations/words.ts";

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
  const own = scoreDocuments(words, query);
  const grouped = scoreDocuments(
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
