// A table as units: a header that is said once, a heading per group of equal values, one line a row. It pins by pinRows.ts and projects by projectColumns.ts.
import type { PinReason, ReduceContext } from "../../types.ts";
import { columnFactsOf, type ColumnFacts, type DataTable } from "./columnFacts.ts";
import { derivedColumns } from "./derivedColumns.ts";
import { markRows } from "./pinRows.ts";
import { projectColumns, shortenText, tellingName } from "./projectColumns.ts";
import { shortNames } from "./shortNames.ts";
import { tableTotals } from "./tableTotals.ts";
import type { DataTerms } from "./taskTerms.ts";

/** A unit before it has its place: `parent` counts within the list. */
export interface DataUnit {
  readonly text: string;
  readonly parent?: number;
  readonly pin?: PinReason;
  readonly weight: number;
  /** Rows or fields it stands for: 0 for headings. */
  readonly covers: 0 | 1;
  readonly kind: "row" | "field" | "heading";
  /** Totals that a view needs once some rows of the table are cut. */
  readonly totals?: string;
}

export interface LaidTable {
  readonly units: readonly DataUnit[];
  readonly dropped: readonly string[];
}

/** Runs of equal values are worth a heading when they are this long on average. */
const SHORTEST_RUN = 4;
const LONGEST_RUN_VALUE = 80;

export interface TableStyle {
  /** Before the header: `features[40]:`; "" for a CSV. */
  readonly prefix: string;
  readonly context: ReduceContext;
  readonly terms: DataTerms;
}

export function layTable(table: DataTable, { prefix, context, terms }: TableStyle): LaidTable {
  const facts = columnFactsOf(table);
  const { kept, shortened, dropped } = projectColumns(facts, (column) => table.rows.map((row) => row[column] ?? ""), terms);
  const hoisted = table.rows.length > 1 ? kept.filter((index) => facts[index]?.constant !== null) : [];
  const derived = derivedColumns(table, facts, { kept, isNamed: (path) => terms.names(tellingName(path)) === 2 });
  const shown = kept.filter((index) => !hoisted.includes(index) && !derived.same.has(index) && !derived.held.has(index));
  // A line break in a name would make a row of its rest.
  const names = shortNames(table.columns, kept).map((column) => column.replaceAll(/\s+/g, " "));
  const needed = { ...table, rows: table.rows.map((row) => kept.map((index) => row[index] ?? "")) };
  const neededFacts = kept.flatMap((index) => facts[index] ?? []);
  const marks = markRows(needed, neededFacts, terms);
  const group = groupingOf(table, facts, shown);
  const columns = shown.filter((index) => index !== group);
  const delimiter = delimiterFor(table, columns);
  const escape = (text: string): string => context.mark.escape(text);
  const name = (index: number): string => names[index] ?? "";
  const constants = hoisted.map((index) => `${name(index)}=${cellText(facts[index]?.constant ?? "", delimiter)}`);
  const equals = [...derived.same].filter(([index]) => !hoisted.includes(index)).map(([index, as]) => `${name(index)}=${name(as)}`);
  const header = [...columns.map(name), ...(group === null ? [] : [`by ${name(group)}`]), ...equals, ...constants].join(delimiter);
  const units: DataUnit[] = [
    {
      text: escape(`${prefix}${header}`),
      weight: 1,
      covers: 0,
      kind: "heading",
      totals: tableTotals(
        needed,
        neededFacts.map((column, index) => ({ ...column, name: names[kept[index] ?? 0] ?? column.name })),
        terms,
      ),
    },
  ];
  let heading: { value: string; at: number } | null = null;
  for (const [row, cells] of table.rows.entries()) {
    if (group !== null && heading?.value !== (cells[group] ?? "")) {
      heading = { value: cells[group] ?? "", at: units.length };
      units.push({ text: escape(`${heading.value}:`), parent: 0, weight: 0.5, covers: 0, kind: "heading" });
    }
    const pin = marks.pins.get(row);
    // Rows that the task means are said at more length.
    const isMeant = pin === "named" || pin === "error";
    const shownCell = (index: number): string => {
      const cell = cells[index] ?? "";
      return cellText(shortened.has(index) ? shortenText(cell, isMeant) : cell, delimiter);
    };
    units.push({
      text: escape(columns.map(shownCell).join(delimiter)),
      parent: heading?.at ?? 0,
      weight: marks.weights[row] ?? 0.4,
      covers: 1,
      kind: "row",
      ...(pin === undefined ? {} : { pin }),
    });
  }
  return { units, dropped: [...[...shortened].map((index) => `rest of ${name(index)}`), ...dropped] };
}

function cellText(cell: string, delimiter: string): string {
  return cell.includes(delimiter) && !/^[[{(]/.test(cell) ? `"${cell}"` : cell;
}

/** Commas, unless many cells hold some. */
function delimiterFor({ rows }: DataTable, columns: readonly number[]): string {
  let commas = 0;
  let bars = 0;
  for (const row of rows) {
    for (const index of columns) {
      const cell = row[index] ?? "";
      if (cell.includes(",")) commas += 1;
      if (cell.includes("|")) bars += 1;
    }
  }
  return commas > bars + rows.length / 20 ? "|" : ",";
}

/** Characters that headings per run of equal values save; 0: the runs are too short. */
function savedByRuns({ rows }: DataTable, index: number, { chars, filled }: ColumnFacts): number {
  let runs = 0;
  let headingChars = 0;
  let before: string | undefined;
  for (const row of rows) {
    const cell = row[index] ?? "";
    if (cell === before) continue;
    before = cell;
    runs += 1;
    headingChars += cell.length + 2;
    if (cell.length > LONGEST_RUN_VALUE || runs * SHORTEST_RUN > rows.length) return 0;
  }
  return chars + filled - headingChars;
}

/** The column whose equal neighbours save most characters as headings; null: none saves. */
function groupingOf(table: DataTable, facts: readonly ColumnFacts[], shown: readonly number[]): number | null {
  if (shown.length < 2) return null;
  let best: number | null = null;
  let most = 0;
  for (const index of shown) {
    const column = facts[index];
    if (column === undefined || column.isMeasure || column.filled < table.rows.length) continue;
    const saved = savedByRuns(table, index, column);
    if (saved <= most) continue;
    most = saved;
    best = index;
  }
  return best;
}
