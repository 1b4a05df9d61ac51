// Which rows of a table must stay: named by the task, extremes of its measures, errors, rare categories. It renders nothing.
import type { PinReason } from "../../types.ts";
import { wordsOf } from "../../../../operations/words.ts";
import { conditionRows } from "./conditionRows.ts";
import type { ColumnFacts, DataTable } from "./columnFacts.ts";
import { isTroubleValue } from "./trouble.ts";
import type { DataTerms, Superlative } from "./taskTerms.ts";

export interface RowMarks {
  readonly pins: ReadonlyMap<number, PinReason>;
  /** Rows that the task means, 0–1. */
  readonly weights: Float64Array;
}

/** A condition that holds for more rows than this picks nothing out. */
const MOST_NAMED = 0.4;
const MOST_ODD = 0.1;
const LEAST_WEIGHT = 0.4;
const SHORT_LIST = 50;
const FIRST_BONUS = 0.2;
const MOST_GRADED = 0.8;
const MOST_COLUMNS = 24;
const OUTLIERS_FROM = 20;

class Pinning {
  readonly pins = new Map<number, PinReason>();
  readonly weights: Float64Array;
  readonly #rowCount: number;

  constructor(rowCount: number) {
    this.#rowCount = rowCount;
    this.weights = new Float64Array(rowCount).fill(LEAST_WEIGHT);
    // Short lists come ranked: results, pages, newest first.
    if (rowCount <= SHORT_LIST)
      for (const row of this.weights.keys()) this.weights[row] = LEAST_WEIGHT + FIRST_BONUS * (1 - row / rowCount);
  }

  pin(row: number, reason: PinReason): void {
    if (!this.pins.has(row)) this.pins.set(row, reason);
    this.weights[row] = 1;
  }

  /** The later in this order, the more they weigh. */
  grade(order: readonly number[]): void {
    for (const [rank, row] of order.entries()) {
      const weight = LEAST_WEIGHT + (MOST_GRADED - LEAST_WEIGHT) * ((rank + 1) / order.length);
      this.weights[row] = Math.max(this.weights[row] ?? 0, weight);
    }
  }

  /** Pins them when they are few enough to be a choice; otherwise they only weigh more. */
  pinSome(rows: readonly number[], reason: PinReason, most: number): void {
    const isChoice = rows.length <= Math.max(3, most * this.#rowCount);
    for (const row of rows) {
      if (isChoice) this.pin(row, reason);
      else this.weights[row] = Math.max(this.weights[row] ?? 0, 0.7);
    }
  }
}

export function markRows(table: DataTable, columns: readonly ColumnFacts[], terms: DataTerms): RowMarks {
  const work = new Pinning(table.rows.length);
  const conditions = conditionRows(table, columns, terms);
  for (const rows of conditions) work.pinSome(rows, "named", MOST_NAMED);
  const meant = intersection(conditions);
  for (const superlative of terms.superlatives) {
    pinSuperlative(superlative, columns, { terms, work });
    if (meant !== null) pinSuperlative(superlative, columns, { terms, work, only: meant });
  }
  for (const { numbers } of columns.filter(({ isMeasure }) => isMeasure).slice(0, MOST_COLUMNS)) pinExtremes(numbers, work);
  for (const column of columns) pinOddCategories(table, column, { columns, work });
  pinGroupTops(table, columns, { terms, work });
  // Contents say first what matters, and last what is newest or oldest.
  if (table.rows.length > 0) for (const row of [0, table.rows.length - 1]) work.pin(row, "structure");
  return { pins: work.pins, weights: work.weights };
}

/** Rows that hold all conditions; null: there is none. */
function intersection(conditions: readonly (readonly number[])[]): ReadonlySet<number> | null {
  const [first, ...others] = conditions;
  if (first === undefined) return null;
  let meant = new Set(first);
  for (const rows of others) {
    const both = new Set(rows.filter((row) => meant.has(row)));
    // Conditions that exclude each other are alternatives.
    if (both.size > 0) meant = both;
  }
  return meant;
}

interface Marking {
  readonly terms: DataTerms;
  readonly work: Pinning;
  /** Only these rows count. */
  readonly only?: ReadonlySet<number>;
}

function ranked(values: Float64Array): number[] {
  const order: number[] = [];
  for (const [index, value] of values.entries()) if (!Number.isNaN(value)) order.push(index);
  return order.sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b);
}

/** Measures that the superlative is about; all when it names none. */
function measuresFor({ likes, isTime }: Superlative, columns: readonly ColumnFacts[], terms: DataTerms): readonly ColumnFacts[] {
  if (isTime)
    return columns
      .filter((column) => column.times !== null)
      .map((column) => ({ ...column, numbers: column.times }))
      .slice(0, 3);
  const measures = columns.filter(({ isMeasure }) => isMeasure);
  const about = measures.filter(({ name }) => wordsOf(name).some((word) => likes.has(word)));
  if (about.length > 0) return about.slice(0, 4);
  const named = measures.filter(({ name }) => terms.names(name) > 0);
  return (named.length > 0 ? named : measures).slice(0, 6);
}

/** The first rows of an order, and those that are level with the last of them unless they are many. */
function topOf(order: readonly number[], numbers: Float64Array, count: number): readonly number[] {
  const last = numbers[order[count - 1] ?? -1];
  let end = count;
  while (end < order.length && numbers[order[end] ?? -1] === last) end += 1;
  return order.slice(0, end <= 2 * count ? end : count);
}

function pinSuperlative(superlative: Superlative, columns: readonly ColumnFacts[], { terms, work, only }: Marking): void {
  for (const { numbers } of measuresFor(superlative, columns, terms)) {
    if (numbers === null) continue;
    const order = only === undefined ? ranked(numbers) : ranked(numbers).filter((row) => only.has(row));
    const count = Math.min(terms.topCount, Math.max(3, Math.ceil(order.length / 5)));
    work.grade(superlative.end === "low" ? order.toReversed() : order);
    if (superlative.end !== "high") for (const row of topOf(order, numbers, count)) work.pin(row, "extreme");
    if (superlative.end !== "low") for (const row of topOf(order.toReversed(), numbers, count)) work.pin(row, "extreme");
  }
}

function pinExtremes(numbers: Float64Array | null, work: Pinning): void {
  if (numbers === null) return;
  const order = ranked(numbers);
  const lowest = order[0];
  const highest = order.at(-1);
  if (lowest === undefined || highest === undefined || numbers[lowest] === numbers[highest]) return;
  // A minimum that many rows share (zero rain, zero errors) is no extreme.
  if (numbers[order[Math.min(3, order.length - 1)] ?? 0] !== numbers[lowest]) work.pin(lowest, "extreme");
  work.pin(highest, "extreme");
  if (order.length < OUTLIERS_FROM) return;
  const low = numbers[order[Math.floor(order.length / 4)] ?? 0] ?? 0;
  const high = numbers[order[Math.floor((3 * order.length) / 4)] ?? 0] ?? 0;
  const reach = 3 * (high - low);
  if (reach === 0) return;
  const far = order.filter((row) => (numbers[row] ?? 0) > high + reach || (numbers[row] ?? 0) < low - reach);
  if (far.length <= Math.max(3, order.length * 0.02)) for (const row of far) work.pin(row, "outlier");
}

function pinOddCategories(
  table: DataTable,
  { categories, filled }: ColumnFacts,
  { columns, work }: { readonly columns: readonly ColumnFacts[]; readonly work: Pinning },
): void {
  if (categories === null || filled < 5) return;
  const index = columns.findIndex((column) => column.categories === categories);
  const counts = [...categories];
  const most = counts[0]?.[1] ?? 0;
  const bad = new Set(counts.filter(([value, count]) => isTroubleValue(value) && count < 0.5 * filled).map(([value]) => value));
  const few = Math.max(3, 0.02 * filled);
  const rare = new Set(most >= 0.3 * filled ? counts.filter(([, count]) => count <= few && count < most / 3).map(([value]) => value) : []);
  const badRows: number[] = [];
  const rareRows: number[] = [];
  for (const [row, cells] of table.rows.entries()) {
    const cell = cells[index] ?? "";
    if (bad.has(cell)) badRows.push(row);
    else if (rare.has(cell)) rareRows.push(row);
  }
  if (bad.size > 0) work.pinSome(badRows, "error", MOST_ODD * 2);
  if (rareRows.length <= Math.max(3, MOST_ODD * filled)) for (const row of rareRows) work.pin(row, "rare");
}

/** The best row of each group, for tasks like "the deadliest year per type". */
function pinGroupTops(table: DataTable, columns: readonly ColumnFacts[], { terms, work }: Marking): void {
  const superlatives = terms.superlatives.filter(({ isTime }) => !isTime);
  if (superlatives.length === 0 || !terms.wantsGroups) return;
  const groupings = columns
    .map((column, index) => ({ column, index }))
    .filter(({ column }) => column.categories !== null && !column.isTime && column.numbers === null);
  for (const { index } of groupings.slice(0, 2)) {
    for (const superlative of superlatives.slice(0, 4)) {
      for (const { numbers } of measuresFor(superlative, columns, terms).slice(0, 2))
        if (numbers !== null) pinGroupTop(table, { index, numbers, superlative, work });
    }
  }
}

function pinGroupTop(
  table: DataTable,
  {
    index,
    numbers,
    superlative,
    work,
  }: { readonly index: number; readonly numbers: Float64Array; readonly superlative: Superlative; readonly work: Pinning },
): void {
  const best = new Map<string, number>();
  const sign = superlative.end === "low" ? -1 : 1;
  for (const [row, cells] of table.rows.entries()) {
    const group = cells[index] ?? "";
    const number = numbers[row] ?? Number.NaN;
    if (group === "" || Number.isNaN(number)) continue;
    const held = best.get(group);
    if (held === undefined || sign * number > sign * (numbers[held] ?? 0)) best.set(group, row);
  }
  if (best.size <= Math.max(12, table.rows.length / 4)) for (const row of best.values()) work.pin(row, "extreme");
}
