// One line of totals over all rows of a table: count, range and mean of measures, rows per category. Short; it names no row.
import type { ColumnFacts } from "./columnFacts.ts";

const MOST_CHARS = 420;
const MOST_CATEGORIES = 8;

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

export function tableTotals(rowCount: number, columns: readonly ColumnFacts[]): string {
  const parts = [`all ${rowCount} rows`];
  let length = parts[0]?.length ?? 0;
  for (const column of columns) {
    const text = column.isMeasure ? measureText(column) : categoryText(column);
    if (text === null || length + text.length > MOST_CHARS) continue;
    parts.push(text);
    length += text.length + 2;
  }
  return parts.join("; ");
}
