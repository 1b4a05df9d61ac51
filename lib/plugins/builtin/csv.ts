// Plugin `csv`: text to rows and back. Pure; nothing is guessed silently (column counts, duplicate headers, numbers).
import { CsvError } from "csv-parse";
import { parse as parseCsv } from "csv-parse/sync";
import { stringify as stringifyCsv } from "csv-stringify/sync";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { defineAction, definePlugin } from "../definePlugin.ts";
import type { Plugin } from "../types.ts";
import { jsonValue } from "./jsonValue.ts";

const PURE = { effect: "none", idempotency: { by: "natural", windowHours: 365 * 24 }, costUsd: 0 } as const;
const MAX_ROWS = 1_000_000;
const DELIMITERS = [",", ";", "\t", "|"];

const delimiter = z.string().length(1);
const header = z.union([z.boolean(), z.array(z.string().min(1)).min(1)]);

const parse = defineAction({
  ...PURE,
  description: "Parses CSV text into rows",
  params: z.strictObject({
    text: z.string(),
    delimiter: delimiter.optional().describe("Default: the one of , ; tab | that is most frequent in the first line"),
    header: header.default(true).describe("true: the first line names the columns; a list: these names; false: rows are lists"),
    numbers: z.boolean().default(false).describe("Turns 5 and -1.25 into numbers; 007 and 1e999 stay text"),
    trim: z.boolean().default(false),
    limit: z.int().positive().max(MAX_ROWS).default(100_000),
  }),
  output: z.object({ rows: z.array(jsonValue), row_count: z.number(), columns: z.array(z.string()).nullable(), is_truncated: z.boolean() }),
  run: async (params) => {
    const cells = parseCells(params.text, params.delimiter ?? guessDelimiter(params.text), params);
    const columns = params.header === true ? takeHeader(cells) : params.header === false ? null : params.header;
    const rows = cells
      .slice(0, params.limit)
      .map((row, index) => toRow(row, columns, { isNumeric: params.numbers, line: index + (params.header === true ? 2 : 1) }));
    return { rows, row_count: rows.length, columns, is_truncated: cells.length > params.limit };
  },
});

const stringify = defineAction({
  ...PURE,
  description: "Writes rows (objects or lists) as CSV text",
  params: z.strictObject({
    rows: z.array(z.union([z.record(z.string(), jsonValue), z.array(jsonValue)])),
    columns: z.array(z.string()).min(1).optional().describe("Default: the keys of all objects in order of appearance"),
    delimiter: delimiter.default(","),
    header: z.boolean().default(true),
    formula_guard: z.boolean().default(true).describe("Puts ' before texts that a spreadsheet would run as a formula (= + - @)"),
  }),
  output: z.string(),
  run: async (params) => {
    const rows = params.rows;
    const columns = params.columns ?? keysOf(rows);
    const cells = rows.map((row) =>
      isJsonObject(row) ? columns.map((column) => toCell(Object.hasOwn(row, column) ? row[column] : null)) : row.map(toCell),
    );
    const lines = params.header && columns.length > 0 ? [columns, ...cells] : cells;
    return stringifyCsv(lines, { delimiter: params.delimiter, escape_formulas: params.formula_guard, cast: { boolean: String } });
  },
});

export const csvPlugin: Plugin = definePlugin({
  name: "csv",
  version: "1.0.0",
  description: "Read and write comma-separated values",
  actions: { parse, stringify },
});

function parseCells(text: string, delimiter: string, { trim, limit }: { readonly trim: boolean; readonly limit: number }): string[][] {
  try {
    // One more than asked for, and the header, to know whether there was more.
    return parseCsv(text, { delimiter, trim, bom: true, skip_empty_lines: true, to: limit + 2 });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = typeof cause["lines"] === "number" ? cause["lines"] : undefined;
    throw new AppError("TRANSFORM_FAILED", `the text is not CSV${line === undefined ? "" : ` in line ${line}`}: ${cause.message}`, {
      cause,
      details: { field: "text", ...(line !== undefined && { line }) },
    });
  }
}

function guessDelimiter(text: string): string {
  const firstLine =
    text
      .slice(0, 10_000)
      .replace(/"[^"]*"/g, "")
      .split(/\r?\n/)
      .find((line) => line.trim() !== "") ?? "";
  const counts = DELIMITERS.map((candidate) => firstLine.split(candidate).length - 1);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ",";
}

/** Duplicate names would drop a column silently. */
function takeHeader(cells: string[][]): string[] {
  const columns = cells.shift() ?? [];
  const duplicates = columns.filter((column, index) => columns.indexOf(column) !== index);
  if (duplicates.length === 0) return columns;
  throw new AppError(
    "TRANSFORM_FAILED",
    `columns are named twice: ${[...new Set(duplicates)].map((name) => JSON.stringify(name)).join(", ")}`,
    {
      details: { field: "text", line: 1, expected: "a name of its own for each column" },
      hint: "give `header` as a list of names",
    },
  );
}

function toRow(
  cells: readonly string[],
  columns: readonly string[] | null,
  { isNumeric, line }: { readonly isNumeric: boolean; readonly line: number },
): JsonValue {
  const values = isNumeric ? cells.map(toNumberIfPlain) : cells;
  if (columns === null) return values;
  if (values.length !== columns.length) {
    throw new AppError("TRANSFORM_FAILED", `row ${line} has ${values.length} cells, the header ${columns.length}`, {
      details: { field: "text", line, expected: `${columns.length} cells`, got: `${values.length}` },
    });
  }
  // fromEntries defines own keys, also for a column named __proto__.
  return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? ""]));
}

/** Only what comes back as the same text: leading zeros, exponents and digits beyond a double's are kept as text. */
function toNumberIfPlain(text: string): JsonValue {
  const number = Number(text);
  return text !== "" && Number.isFinite(number) && String(number) === text ? number : text;
}

function keysOf(rows: readonly (JsonObject | readonly JsonValue[])[]): readonly string[] {
  const keys = new Set<string>();
  for (const row of rows) if (isJsonObject(row)) for (const key of Object.keys(row)) keys.add(key);
  return [...keys];
}

function toCell(value: JsonValue | undefined): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  return typeof value === "object" ? JSON.stringify(value) : value;
}
