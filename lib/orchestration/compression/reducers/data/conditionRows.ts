// Rows that hold the conditions of a task: named values, quoted cells, numbers over or under, months and years. It pins nothing.
import { wordsOf } from "../../../../operations/words.ts";
import type { ColumnFacts, DataTable } from "./columnFacts.ts";
import type { DataTerms, Threshold } from "./taskTerms.ts";

const LONGEST_QUOTE = 60;
const SECONDS_UNTIL = 4e9;
const FIRST_YEAR = 1_500;
const LAST_YEAR = 2_200;

function thresholdRows({ value, compares, near }: Threshold, measures: readonly ColumnFacts[]): number[][] {
  const about = measures.filter(({ name }) => wordsOf(name).some((word) => near.has(word)));
  const looksLikeYear = Number.isInteger(value) && value >= FIRST_YEAR && value <= LAST_YEAR;
  const compared = about.length > 0 ? about.slice(0, 2) : looksLikeYear ? [] : measures.slice(0, 1);
  return compared.map(({ numbers }) => {
    const rows: number[] = [];
    for (const [row, number] of (numbers ?? new Float64Array()).entries()) {
      if (compares === "over" ? number >= value : number <= value) rows.push(row);
    }
    return rows;
  });
}

/** Values of a category whose words all stand in the task. */
function namedValues(categories: ReadonlyMap<string, number>, terms: DataTerms): Set<string> {
  const named = [...categories.keys()].filter((value) => {
    const words = wordsOf(value);
    return terms.literals.has(value.toLowerCase()) || (words.length > 0 && words.every((word) => terms.stems.has(word)));
  });
  return new Set(named.length === categories.size ? [] : named);
}

function cellRows(table: DataTable, index: number, isWanted: (cell: string) => boolean): number[] {
  const rows: number[] = [];
  for (const [row, cells] of table.rows.entries()) if (isWanted(cells[index] ?? "")) rows.push(row);
  return rows;
}

function dateRows(times: Float64Array, { months, literals }: DataTerms): number[] {
  const years = new Set([...literals].filter((word) => /^(?:1[5-9]|2[01])\d\d$/.test(word)).map(Number));
  if (months.size === 0 && years.size === 0) return [];
  const rows: number[] = [];
  for (const [row, time] of times.entries()) {
    if (Number.isNaN(time)) continue;
    const date = new Date(Math.abs(time) < SECONDS_UNTIL ? time * 1_000 : time);
    if ((months.size === 0 || months.has(date.getUTCMonth())) && (years.size === 0 || years.has(date.getUTCFullYear()))) rows.push(row);
  }
  return rows;
}

/** Per condition the rows for which it is true; conditions of no or of all rows are left out. */
export function conditionRows(table: DataTable, columns: readonly ColumnFacts[], terms: DataTerms): number[][] {
  const measures = columns.filter(({ isMeasure }) => isMeasure);
  const found = terms.thresholds.flatMap((threshold) => thresholdRows(threshold, measures));
  if (terms.literals.size > 0) {
    for (const [index, { categories, isMeasure, constant, times }] of columns.entries()) {
      if (constant !== null || isMeasure) continue;
      if (times !== null) found.push(dateRows(times, terms));
      if (categories === null) {
        const isQuoted = (cell: string): boolean =>
          cell.length >= 3 && cell.length <= LONGEST_QUOTE && terms.literals.has(cell.toLowerCase());
        found.push(cellRows(table, index, isQuoted));
      } else {
        const named = namedValues(categories, terms);
        if (named.size > 0) found.push(cellRows(table, index, (cell) => named.has(cell)));
      }
    }
  }
  return found.filter((rows) => rows.length > 0 && rows.length < table.rows.length);
}
