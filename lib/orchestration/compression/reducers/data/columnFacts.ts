// What the columns of a table hold: numbers, categories, times, addresses, how empty and how long. One pass a column; it judges no row.
import { wordsOf } from "../../../../operations/words.ts";

export interface DataTable {
  /** Path of the rows in their document; empty: they are the document. */
  readonly name: string;
  readonly columns: readonly string[];
  /** Cells as a reader sees them; "": none or null. */
  readonly rows: readonly (readonly string[])[];
}

export interface ColumnFacts {
  readonly name: string;
  readonly filled: number;
  /** Characters of all its cells. */
  readonly chars: number;
  /** All rows say the same. */
  readonly constant: string | null;
  /** Per row; NaN where a cell is no number. null: it is no column of numbers. */
  readonly numbers: Float64Array | null;
  /** Numbers that compare: no identifiers, codes, positions. */
  readonly isMeasure: boolean;
  readonly isTime: boolean;
  /** Of a column of times: milliseconds, NaN where none is read. */
  readonly times: Float64Array | null;
  readonly isAddress: boolean;
  /** A random-looking text per row. */
  readonly isOpaque: boolean;
  /** Rows per value, when values repeat; most frequent first. */
  readonly categories: ReadonlyMap<string, number> | null;
}

const MOST_CATEGORIES = 24;
const LONGEST_CATEGORY = 60;
const ID_WORDS = new Set(
  wordsOf(
    "id ids uuid guid zip postcode postal code phone fax index idx row position pos offset tz timezone lat latitude lon lng longitude port pid number no nr sku isbn ssn iban hash version year month day hour age_id coordinates",
  ),
);
const TIME_WORDS = new Set(
  wordsOf("date time day timestamp created updated modified published start end due deadline year month at since until expires"),
);
const NUMBER = /^[-+]?[$€£¥]?\s?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d{1,3})?\s?%?$/;
/** As half of Europe writes amounts; three digits after a comma are thousands. */
const DECIMAL_COMMA = /^[-+]?\d+,\d{1,2}$/;
const LONGEST_NUMBER = 40;
const DATE =
  /^(?:\d{4}-\d{2}(?:-\d{2})?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|[A-Z][a-z]{2,8} \d{1,2},? \d{4}|\d{1,2} [A-Z][a-z]{2,8} \d{4}|\d{1,2}:\d{2})/;
const ADDRESS = /^(?:https?:\/\/|www\.)/;
const LONGEST_OPAQUE = 200;
const LONGEST_TIME = 40;
const OPAQUE = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_\-:+/=]{16,}$/;

/** A random-looking text: an identifier for machines, no date and no address. */
export function isOpaqueText(text: string): boolean {
  return text.length < LONGEST_OPAQUE && !ADDRESS.test(text) && !DATE.test(text) && OPAQUE.test(text);
}

export function isAddressText(text: string): boolean {
  return ADDRESS.test(text);
}

export function numberOf(cell: string): number {
  if (cell === "" || cell.length > LONGEST_NUMBER) return Number.NaN;
  if (DECIMAL_COMMA.test(cell)) return Number(cell.replace(",", "."));
  if (!NUMBER.test(cell)) return Number.NaN;
  const digits = cell.replaceAll(/[$€£¥,%\s]/g, "");
  return digits === "" || digits === "-" || digits === "+" ? Number.NaN : Number(digits);
}

function numbersOf(cells: readonly string[], filled: number): Float64Array | null {
  const numbers = new Float64Array(cells.length);
  let count = 0;
  for (const [index, cell] of cells.entries()) {
    const number = numberOf(cell);
    numbers[index] = number;
    if (!Number.isNaN(number)) count += 1;
    else if (cell !== "" && index - count > cells.length / 5 + 3) return null;
  }
  return filled > 0 && count >= 0.9 * filled ? numbers : null;
}

function isSerial(numbers: Float64Array): boolean {
  let steps = 0;
  for (let index = 1; index < numbers.length; index += 1) if (Math.abs((numbers[index] ?? 0) - (numbers[index - 1] ?? 0)) === 1) steps += 1;
  return numbers.length > 3 && steps >= 0.9 * (numbers.length - 1);
}

function isEpoch(numbers: Float64Array): boolean {
  return numbers.every((number) => Number.isNaN(number) || (number > 9e8 && number < 4e9) || (number > 9e11 && number < 4e12));
}

function categoriesOf(cells: readonly string[], filled: number): Map<string, number> | null {
  const counts = new Map<string, number>();
  const most = Math.min(MOST_CATEGORIES, Math.max(3, filled / 2));
  for (const cell of cells) {
    if (cell === "") continue;
    if (cell.length > LONGEST_CATEGORY) return null;
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
    if (counts.size > most) return null;
  }
  if (counts.size < 2) return null;
  return new Map([...counts].sort((a, b) => b[1] - a[1]));
}

interface CellKinds {
  filled: number;
  chars: number;
  dates: number;
  addresses: number;
  opaque: number;
}

function countKinds(cells: readonly string[]): CellKinds {
  const kinds: CellKinds = { filled: 0, chars: 0, dates: 0, addresses: 0, opaque: 0 };
  for (const cell of cells) {
    if (cell === "") continue;
    kinds.filled += 1;
    kinds.chars += cell.length;
    if (isAddressText(cell)) kinds.addresses += 1;
    else if (DATE.test(cell)) kinds.dates += 1;
    else if (isOpaqueText(cell)) kinds.opaque += 1;
  }
  return kinds;
}

function isTimeColumn({ filled, dates }: CellKinds, numbers: Float64Array | null, last: readonly string[]): boolean {
  if (filled === 0) return false;
  if (dates > 0.7 * filled) return true;
  return numbers === null ? dates > 0 && last.some((word) => TIME_WORDS.has(word)) : isEpoch(numbers);
}

function timesOf(cells: readonly string[]): Float64Array {
  return Float64Array.from(cells, (cell) => (cell.length < LONGEST_TIME ? Date.parse(cell) : Number.NaN));
}

export function columnFactsOf({ columns, rows }: DataTable): ColumnFacts[] {
  return columns.map((name, column) =>
    factsOf(
      name,
      rows.map((row) => row[column] ?? ""),
    ),
  );
}

function factsOf(name: string, cells: readonly string[]): ColumnFacts {
  const kinds = countKinds(cells);
  const { filled, chars } = kinds;
  const first = cells[0] ?? "";
  const constant = cells.every((cell) => cell === first) ? first : null;
  const numbers = numbersOf(cells, filled);
  // The last words say what it is: `user.id` is an id, `id.count` none.
  const last = wordsOf(name.split(".").at(-1) ?? name);
  const isTime = isTimeColumn(kinds, numbers, last);
  const isLabel = constant !== null || isTime || last.some((word) => ID_WORDS.has(word));
  const isMeasure = numbers !== null && !isLabel && !isSerial(numbers) && !isLongId(cells);
  return {
    name,
    filled,
    chars,
    constant,
    numbers,
    isMeasure,
    isTime,
    times: isTime ? (numbers ?? timesOf(cells)) : null,
    isAddress: filled > 0 && kinds.addresses > 0.6 * filled,
    isOpaque: filled > 0 && kinds.opaque > 0.8 * filled,
    categories: isMeasure ? null : categoriesOf(cells, filled),
  };
}

/** Whole numbers of one length, longer than amounts are. */
function isLongId(cells: readonly string[]): boolean {
  const first = cells.find((cell) => cell !== "") ?? "";
  return (
    first.length >= 8 &&
    cells.every((cell) => cell === "" || (/^\d+$/.test(cell) && Math.abs(cell.length - first.length) <= 1)) &&
    new Set(cells).size > 0.9 * cells.length
  );
}
