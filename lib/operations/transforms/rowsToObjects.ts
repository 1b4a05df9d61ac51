// rows_to_objects: a table whose first row is its header, as objects. No cell is lost: long rows and empty headers get made-up column names.
import { z } from "zod";
import type { JsonValue } from "../../core/json.ts";
import { describeValue } from "../describeValue.ts";
import { isList } from "../lists.ts";
import { isBlank, requireList, transformFailed } from "./rows.ts";
import { defineTransform } from "./types.ts";

export const rowsToObjects = defineTransform({
  name: "rows_to_objects",
  aliases: ["map_headers"],
  summary: "Rows below a header row, as objects.",
  configSchema: z.strictObject({
    headers: z.array(z.string()).min(1).optional().describe("Given names; then the first row is data."),
    header_row: z.int().min(0).optional().describe("Position of the header row; rows above it are dropped. Default: 0."),
    preserve_case: z
      .boolean()
      .optional()
      .describe("True keeps headers as they are; otherwise `First Name` becomes first_name. Default: false."),
  }),
  apply: (input, config) => {
    const rows = requireList("rows_to_objects", input).map((row, index) => requireRow(row, index));
    if (rows.length === 0) return [];
    const headerRow = config.header_row ?? 0;
    const header = config.headers ?? rows[headerRow];
    if (header === undefined) {
      throw transformFailed("rows_to_objects", "there is no header row", {
        expected: `more than ${headerRow} rows`,
        got: String(rows.length),
      });
    }
    const body = config.headers === undefined ? rows.slice(headerRow + 1) : rows;
    const width = Math.max(header.length, ...body.map((row) => row.length));
    const names = toNames(header, width, config.preserve_case === true || config.headers !== undefined);
    return body.map((row) => Object.fromEntries(names.map((name, column) => [name, row[column] ?? null])));
  },
});

function requireRow(row: JsonValue, index: number): readonly JsonValue[] {
  if (isList(row)) return row;
  throw transformFailed("rows_to_objects", `row ${index} is not a list`, {
    field: `input[${index}]`,
    expected: "a list of cells",
    got: describeValue(row),
  });
}

function toNames(header: readonly JsonValue[], width: number, keepsCase: boolean): string[] {
  const taken = new Set<string>();
  return Array.from({ length: width }, (_, column) => {
    const base = toName(header[column], column, keepsCase);
    let name = base;
    for (let copy = 2; taken.has(name); copy += 1) name = `${base}_${copy}`;
    taken.add(name);
    return name;
  });
}

function toName(cell: JsonValue | undefined, column: number, keepsCase: boolean): string {
  const text = cell === undefined || isBlank(cell) ? "" : typeof cell === "string" ? cell.trim() : JSON.stringify(cell);
  const name = keepsCase
    ? text
    : text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, "_")
        .replace(/^_+|_+$/g, "");
  return name === "" ? `column_${column + 1}` : name;
}
