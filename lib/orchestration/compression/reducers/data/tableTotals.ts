// One line of totals over all rows of a table: count, range and mean of measures, rows per category. Short; it names no row.
import type { ColumnFacts, DataTable } from "./columnFacts.ts";
import type { DataTerms } from "./taskTerms.ts";

const MOST_CHARS = 420;
const MOST_CATEGORIES = 8;
const MOST_GROUPS = 12;
const MOST_GROUP_CHARS = 500;

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
}

function measureText({ name, numbers }: ColumnFacts): string | null {
  if (numbers === null) return null;
  let count = 0;
  let sum = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const number of numbers) {
    if (Number.isNaN(number)) continue;
    count += 1;
    sum += number;
    if (number < low) low = number;
    if (number > high) high = number;
  }
  if (count < 2 || low === high) return null;
  return `${name} ${rounded(low)} to ${rounded(high)}, mean ${rounded(sum / count)}, sum ${rounded(sum)}`;
}

function categoryText({ name, categories }: ColumnFacts): string | null {
  if (categories === null || categories.size > MOST_CATEGORIES) return null;
  return `${name}: ${[...categories].map(([value, count]) => `${value} ${count}`).join(", ")}`;
}

/** Mean and sum of a measure per category, for tasks that ask per group. */
function groupText(rows: DataTable["rows"], index: number, grouping: ColumnFacts, measure: ColumnFacts): string | null {
  const { numbers } = measure;
  if (grouping.categories === null || grouping.categories.size > MOST_GROUPS || numbers === null) return null;
  const sums = new Map<string, { count: number; sum: number }>();
  for (const [row, cells] of rows.entries()) {
    const number = numbers[row] ?? Number.NaN;
    const value = cells[index] ?? "";
    if (Number.isNaN(number) || value === "") continue;
    const held = sums.get(value) ?? { count: 0, sum: 0 };
    sums.set(value, { count: held.count + 1, sum: held.sum + number });
  }
  const parts = [...sums].map(([value, { count, sum }]) => `${value} ${rounded(sum / count)} (sum ${rounded(sum)})`);
  return `mean ${measure.name} by ${grouping.name}: ${parts.join(", ")}`;
}

function groupTexts(table: DataTable, columns: readonly ColumnFacts[], terms: DataTerms): string[] {
  const measures = columns.filter(({ isMeasure }) => isMeasure);
  const named = measures.filter(({ name }) => terms.names(name) > 0);
  const texts: string[] = [];
  for (const [index, grouping] of columns.entries()) {
    if (grouping.categories === null || grouping.isTime) continue;
    for (const measure of (named.length > 0 ? named : measures).slice(0, 2)) {
      const text = groupText(table.rows, index, grouping, measure);
      if (text !== null) texts.push(text);
    }
  }
  return texts;
}

/** `columns` are the facts of `table.columns`, in the same order. */
export function tableTotals(table: DataTable, columns: readonly ColumnFacts[], terms: DataTerms): string {
  const parts = [`all ${table.rows.length} rows`];
  let room = MOST_CHARS;
  const add = (text: string | null): void => {
    if (text === null || text.length > room) return;
    parts.push(text);
    room -= text.length + 2;
  };
  for (const column of columns) add(column.isMeasure ? measureText(column) : categoryText(column));
  if (terms.wantsGroups) {
    room = MOST_GROUP_CHARS;
    for (const text of groupTexts(table, columns, terms)) add(text);
  }
  return parts.join("; ");
}
