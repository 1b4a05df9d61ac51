// Tables as lines: a header with the number of rows and the columns, then one line a row. Written and read here.
import { flattenRows, segmentsOf, ValueBuilder } from "./flattenRows.ts";
import { InlineReader, isInnerMark, writeInline, writeLeaf, type Delimiter } from "./inlineJson.ts";
import type { JsonMember, JsonNode } from "./parseJson.ts";
import { readNestedKeys, readNestedRows, writeNestedRows } from "./nestedRows.ts";
import { planColumns, readRest, writeColumn, writeRest, type ColumnPlan } from "./planColumns.ts";

/** First column of a table that was an object: the keys of its members. */
const KEY_COLUMN = "*";
const ODD_ROW = "=";

/** Lines of a table of array items, without the path before its header; null: they are no table. */
export function writeArrayTable(items: readonly JsonNode[]): string[] | null {
  return items.length < 2 ? null : writeTable(items, null);
}

/** As `writeArrayTable`, for an object whose members are alike. */
export function writeMapTable(members: readonly JsonMember[]): string[] | null {
  if (members.length < 2 || members.some(({ value }) => value.kind !== "object")) return null;
  return writeTable(
    members.map(({ value }) => value),
    members.map(({ key }) => key),
  );
}

function writeTable(values: readonly JsonNode[], keys: readonly string[] | null): string[] | null {
  const table = flattenRows(values);
  if (table === null || (keys !== null && table.rows.includes(null))) return null;
  const regular = table.rows.filter((row) => row !== null);
  if (isSparse(regular, table.columns.length)) return null;
  const plans = planColumns(table.columns.map((_path, index) => regular.map((row) => row[index])));
  const delimiter = delimiterFor(regular, plans);
  const names = table.columns;
  const specs = names.map((name, index) => writeColumn(name, plans[index] ?? { kind: "plain" }, names));
  const isMap = keys !== null;
  const mark = delimiter === "," ? "" : "|";
  const open = isMap ? `{${values.length}${mark}}` : `[${values.length}${mark}]`;
  const lines = [`${open}:${isMap ? `${KEY_COLUMN},` : ""}${specs.join(",")}`];
  for (const [index, row] of table.rows.entries()) {
    if (row === null) {
      const value = values[index];
      lines.push(`${ODD_ROW}${value === undefined ? "" : writeInline(value, "line", ",")}`);
      continue;
    }
    const key = keys?.[index];
    lines.push(rowText(row, plans, { delimiter, ...(key === undefined ? {} : { key }) }));
  }
  return lines;
}

/** Columns that most rows lack cost more delimiters than they save keys, and readers have to count them. */
function isSparse(rows: readonly (readonly (JsonNode | undefined)[])[], columnCount: number): boolean {
  let filled = 0;
  for (const row of rows) for (const value of row) if (value !== undefined) filled += 1;
  return filled < 0.5 * rows.length * columnCount;
}

function isShown(plan: ColumnPlan | undefined): boolean {
  return plan?.kind !== "constant" && plan?.kind !== "same";
}

interface RowStyle {
  readonly delimiter: Delimiter;
  readonly key?: string;
}

function rowText(row: readonly (JsonNode | undefined)[], plans: readonly ColumnPlan[], { delimiter, key }: RowStyle): string {
  const cells: string[] = key === undefined ? [] : [writeLeaf(key, "cell", delimiter)];
  for (const [index, value] of row.entries()) {
    const plan = plans[index];
    if (plan === undefined || !isShown(plan)) continue;
    if (value === undefined) cells.push("");
    else cells.push(cellText(value, plan, delimiter));
  }
  while (cells.at(-1) === "") cells.pop();
  return cells.join(delimiter);
}

function cellText(value: JsonNode, plan: ColumnPlan, delimiter: Delimiter): string {
  if (plan.kind === "prefix") return writeRest(value, plan.prefix, delimiter);
  if (plan.kind === "rows" && value.kind === "array") return writeNestedRows(value, delimiter);
  return writeInline(value, "cell", delimiter);
}

/** Commas, unless many cells hold some. */
function delimiterFor(rows: readonly (readonly (JsonNode | undefined)[])[], plans: readonly ColumnPlan[]): Delimiter {
  let commas = 0;
  let bars = 0;
  for (const row of rows) {
    for (const [index, value] of row.entries()) {
      if (value?.kind !== "leaf" || !isShown(plans[index])) continue;
      if (value.raw.includes(",")) commas += 1;
      if (value.raw.includes("|")) bars += 1;
    }
  }
  return commas > bars + rows.length / 20 ? "|" : ",";
}

export interface TableHeader {
  readonly rowCount: number;
  readonly isMap: boolean;
  readonly delimiter: Delimiter;
  /** Of the first column, in the header line. */
  readonly columnsAt: number;
}

/** The header that begins at `at` of a line; null: none does. */
export function tableHeaderAt(line: string, at: number): TableHeader | null {
  const open = line.charAt(at);
  if (open !== "[" && open !== "{") return null;
  let end = at + 1;
  while (end < line.length && line.charCodeAt(end) >= 48 && line.charCodeAt(end) <= 57) end += 1;
  if (end === at + 1) return null;
  const rowCount = Number(line.slice(at + 1, end));
  const hasBar = line.charAt(end) === "|";
  const close = hasBar ? end + 1 : end;
  if (line.charAt(close) !== (open === "[" ? "]" : "}") || line.charAt(close + 1) !== ":") return null;
  return { rowCount, isMap: open === "{", delimiter: hasBar ? "|" : ",", columnsAt: close + 2 };
}

interface ReadColumn {
  readonly path: string;
  readonly segments: readonly (string | number)[];
  readonly plan: ColumnPlan;
}

function readColumns(line: string, { columnsAt, isMap }: TableHeader): ReadColumn[] {
  const reader = new InlineReader(line, columnsAt);
  const columns: ReadColumn[] = [];
  if (isMap) reader.at += KEY_COLUMN.length + 1;
  while (reader.at < line.length) {
    const path = readPath(reader);
    const mark = line.charAt(reader.at);
    let plan: ColumnPlan = { kind: "plain" };
    if (mark === "=") {
      reader.at += 1;
      if (line.charAt(reader.at) === "@" && !isInnerMark(line, reader.at)) {
        reader.at += 1;
        const other = readPath(reader);
        plan = { kind: "same", as: columns.findIndex((column) => column.path === other) };
      } else plan = { kind: "constant", value: reader.value(",") };
    } else if (mark === "{") {
      plan = { kind: "rows", keys: readNestedKeys(reader) };
    } else if (mark === "^") {
      reader.at += 1;
      const value = line.charAt(reader.at) === '"' ? reader.quoted().slice(1, -1) : reader.word(",");
      plan = { kind: "prefix", prefix: value };
    }
    columns.push({ path, segments: segmentsOf(path), plan });
    reader.at += 1;
  }
  return columns;
}

function readPath(reader: InlineReader): string {
  const from = reader.at;
  while (reader.at < reader.text.length && !",=^{".includes(reader.text.charAt(reader.at))) {
    if (reader.text.charAt(reader.at) === '"') reader.quoted();
    else reader.at += 1;
  }
  return reader.text.slice(from, reader.at);
}

/** The table whose header is `line`; takes its rows from `rows`, in order. */
export function readTable(line: string, header: TableHeader, rows: () => string): JsonNode {
  const columns = readColumns(line, header);
  const isTuple = typeof columns[0]?.segments[0] === "number";
  const isEmpty = !header.isMap && !columns.some(({ plan }) => isShown(plan));
  const items: JsonNode[] = [];
  const members: JsonMember[] = [];
  for (let index = 0; index < header.rowCount; index += 1) {
    const text = isEmpty ? "" : rows();
    if (!header.isMap && text.startsWith(ODD_ROW)) {
      items.push(new InlineReader(text, ODD_ROW.length).value("\n"));
      continue;
    }
    const { key, value } = readRow(text, columns, { header, isTuple });
    if (header.isMap) members.push({ key, value });
    else items.push(value);
  }
  return header.isMap ? { kind: "object", members } : { kind: "array", items };
}

function readRow(
  text: string,
  columns: readonly ReadColumn[],
  { header, isTuple }: { readonly header: TableHeader; readonly isTuple: boolean },
): { readonly key: string; readonly value: JsonNode } {
  const { delimiter, isMap } = header;
  const reader = new InlineReader(text);
  let key = '""';
  if (isMap) {
    const leaf = reader.value(delimiter);
    key = leaf.kind === "leaf" ? leaf.raw : key;
    reader.at += 1;
  }
  const values: (JsonNode | undefined)[] = [];
  for (const { plan } of columns) {
    if (plan.kind === "constant") values.push(plan.value);
    else if (plan.kind === "same") values.push(values[plan.as]);
    else if (reader.at >= text.length || text.charAt(reader.at) === delimiter) {
      values.push(undefined);
      reader.at += 1;
    } else {
      const cell = plan.kind === "rows" ? readNestedRows(reader, plan.keys) : reader.value(delimiter);
      values.push(plan.kind === "prefix" ? readRest(cell, plan.prefix) : cell);
      reader.at += 1;
    }
  }
  const builder = new ValueBuilder(isTuple ? "array" : "object");
  for (const [index, value] of values.entries()) if (value !== undefined) builder.set(columns[index]?.segments ?? [], value);
  return { key, value: builder.build() };
}
