// Tables in text: Markdown, delimited and column-aligned. Which column is which field is decided by the labels of the header.
import type { JsonValue } from "../../core/json.ts";
import { labelWords, matchLabel } from "./labels.ts";

export interface TextTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly JsonValue[])[];
}

const SEPARATOR_LINE = /^[\s|:+=-]+$/;
const READERS: readonly ((line: string) => string[])[] = [
  (line) => (line.includes("|") ? splitPipes(line) : []),
  (line) => (line.includes("\t") ? line.split("\t").map((cell) => cell.trim()) : []),
  (line) => splitDelimited(line, ";"),
  (line) => splitDelimited(line, ","),
  (line) => line.trim().split(/\s{2,}/),
];

/** Every run of at least two lines that split into the same number (two or more) of cells. */
export function findTables(lines: readonly string[]): TextTable[] {
  return READERS.flatMap((read) => findRuns(lines, read));
}

function findRuns(lines: readonly string[], read: (line: string) => string[]): TextTable[] {
  const tables: TextTable[] = [];
  let run: string[][] = [];
  const finish = (): void => {
    const [header, ...rows] = run;
    if (header !== undefined && rows.length > 0) tables.push({ header, rows });
    run = [];
  };
  for (const line of [...lines, ""]) {
    if (run.length > 0 && line.trim() !== "" && SEPARATOR_LINE.test(line)) continue;
    const cells = line.trim() === "" ? [] : read(line);
    if (run.length > 0 && cells.length !== run[0]?.length) finish();
    if (cells.length >= 2) run.push(cells);
  }
  finish();
  return tables;
}

function splitPipes(line: string): string[] {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner.split("|").map((cell) => cell.replace(/[*`]{1,3}/g, "").trim());
}

/** One line of CSV with quotes; a quote that is never closed makes the line no table row. */
function splitDelimited(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? "";
    if (character === '"' && isQuoted && line[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (character === '"') isQuoted = !isQuoted;
    else if (character === delimiter && !isQuoted) {
      cells.push(cell.trim());
      cell = "";
    } else cell += character;
  }
  return isQuoted ? [] : [...cells, cell.trim()];
}

/** For each field the column that names it best, or `undefined`; no column serves two fields. */
export function matchColumns(header: readonly string[], fields: readonly (readonly string[])[]): (number | undefined)[] {
  const scores = fields.flatMap((field, fieldIndex) =>
    header.map((label, column) => ({ fieldIndex, column, score: matchLabel(field, labelWords(label)) })),
  );
  const columns: (number | undefined)[] = fields.map(() => undefined);
  const taken = new Set<number>();
  for (const { fieldIndex, column, score } of scores.toSorted((left, right) => right.score - left.score)) {
    if (score === 0 || columns[fieldIndex] !== undefined || taken.has(column)) continue;
    columns[fieldIndex] = column;
    taken.add(column);
  }
  return columns;
}
