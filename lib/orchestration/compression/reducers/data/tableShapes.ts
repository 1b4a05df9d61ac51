// Finds tables in JSON values, whatever their shape: arrays of objects, sheets of rows, maps of alike objects, lists of one length side by side. It lays nothing out.
import { flattenRows, hasDuplicateKeys } from "../../lossless/flattenRows.ts";
import { textOf, type JsonArray, type JsonNode, type JsonObject } from "../../lossless/parseJson.ts";
import { numberOf } from "./columnFacts.ts";

export interface FoundTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (JsonNode | undefined)[])[];
}

const FEWEST_ROWS = 3;
const FEWEST_MEMBERS = 5;
/** Tables that are emptier are read wrong: their commas have to be counted. */
const LEAST_FILLED = 0.5;
/** Longer lists of plain values get a line for each. */
const LONGEST_LINE_LIST = 30;
const MOST_SHEET_COLUMNS = 200;

export function isFullEnough(rows: readonly (readonly (JsonNode | undefined)[])[], columnCount: number): boolean {
  let filled = 0;
  for (const row of rows) for (const cell of row) if (cell !== undefined && !(cell.kind === "leaf" && cell.raw === "null")) filled += 1;
  return filled >= LEAST_FILLED * rows.length * columnCount;
}

function plainPath(path: string): string {
  return path.replaceAll('"', "");
}

/** Names in the first row, rows of different length: how sheets come from their interfaces. */
function sheetOf(rows: readonly JsonNode[]): FoundTable | null {
  const width = rows.reduce((most, row) => Math.max(most, row.kind === "array" ? row.items.length : 0), 0);
  if (width < 2 || width > MOST_SHEET_COLUMNS) return null;
  const cells: (JsonNode | undefined)[][] = [];
  for (const row of rows) {
    if (row.kind !== "array" || row.items.some(({ kind }) => kind !== "leaf")) return null;
    cells.push(Array.from({ length: width }, (_none, index) => row.items[index]));
  }
  const names = (cells[0] ?? []).map((cell) => (cell?.kind === "leaf" ? textOf(cell.raw) : ""));
  const isHeader =
    names.every((name) => name !== "" && Number.isNaN(numberOf(name)) && name.length < 80) && new Set(names).size === names.length;
  return isHeader ? { columns: names, rows: cells.slice(1) } : { columns: names.map((_name, index) => `[${index}]`), rows: cells };
}

function rowsTable(values: readonly JsonNode[]): FoundTable | null {
  const flat = flattenRows(values);
  if (flat === null) return null;
  const rows = flat.rows.filter((row) => row !== null);
  if (rows.length < flat.rows.length || !isFullEnough(rows, flat.columns.length)) return null;
  return { columns: flat.columns.map(plainPath), rows };
}

export function arrayTable({ items }: JsonArray): FoundTable | null {
  if (items.length < FEWEST_ROWS) return null;
  if (items.length >= LONGEST_LINE_LIST && items.every(({ kind }) => kind === "leaf"))
    return { columns: [""], rows: items.map((item) => [item]) };
  return items[0]?.kind === "array" ? (sheetOf(items) ?? rowsTable(items)) : rowsTable(items);
}

/** Lists side by side, each a column (how weather and chart interfaces answer). */
function parallelLists({ members }: JsonObject): FoundTable | null {
  const length = members[0]?.value.kind === "array" ? members[0].value.items.length : 0;
  if (members.length < 2 || length < FEWEST_ROWS) return null;
  const lists: (readonly JsonNode[])[] = [];
  for (const { value } of members) {
    if (value.kind !== "array" || value.items.length !== length || value.items.some(({ kind }) => kind !== "leaf")) return null;
    lists.push(value.items);
  }
  return {
    columns: members.map(({ key }) => textOf(key)),
    rows: Array.from({ length }, (_none, row) => lists.map((list) => list[row])),
  };
}

export function objectTable(node: JsonObject): FoundTable | null {
  const parallel = parallelLists(node);
  if (parallel !== null) return parallel;
  const { members } = node;
  if (members.length < FEWEST_MEMBERS || members.some(({ value }) => value.kind !== "object") || hasDuplicateKeys(node)) return null;
  const table = rowsTable(members.map(({ value }) => value));
  // Members that share few keys are different things, not rows.
  if (table === null || table.columns.length > members.length * 4) return null;
  return {
    columns: ["key", ...table.columns],
    rows: table.rows.map((row, index) => [{ kind: "leaf", raw: members[index]?.key ?? '""' }, ...row]),
  };
}
