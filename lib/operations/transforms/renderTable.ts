// render_table: rows as an HTML table. Every cell and header is escaped, since the text goes into e-mails and pages.
import { z } from "zod";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import { isList } from "../lists.ts";
import { readColumn, readField, requireList } from "./rows.ts";
import { defineTransform, fieldName, type FieldName } from "./types.ts";

const column = z.union([fieldName, z.strictObject({ field: fieldName, header: z.string().optional() })]);

export const renderTable = defineTransform({
  name: "render_table",
  aliases: ["html_table"],
  summary: "Rows as an HTML table, escaped.",
  configSchema: z.strictObject({
    columns: z.array(column).min(1).optional().describe("Default: every field, in the order of first appearance."),
    headers: z.array(z.string()).min(1).optional().describe("Headers in the order of the columns."),
    header_row: z.boolean().optional().describe("Rows are lists and the first one is the header."),
    caption: z.string().min(1).optional().describe("A caption above the table."),
    empty_text: z.string().min(1).optional().describe("Instead of a table without rows."),
  }),
  apply: (input, config) => {
    const all = requireList("render_table", input);
    const [first] = all;
    const headerRow = config.header_row === true && isList(first) ? first : undefined;
    const rows = headerRow === undefined ? all : all.slice(1);
    if (rows.length === 0 && config.empty_text !== undefined) return `<p>${escapeHtml(config.empty_text)}</p>`;
    const columns = (config.columns ?? findFields(all)).map((entry) =>
      typeof entry === "object" ? entry : { field: entry, header: undefined },
    );
    for (const { field } of columns) readColumn("render_table", rows, field);
    const headers = columns.map(
      ({ field, header }, index) => config.headers?.[index] ?? header ?? cellText(headerRow?.[index]) ?? String(field),
    );
    // Lists without names for their columns get no header line.
    const hasHeaders =
      config.headers !== undefined ||
      headerRow !== undefined ||
      columns.some(({ field, header }) => header !== undefined || typeof field === "string");
    const lines = rows.map((row) =>
      line(
        "td",
        columns.map(({ field }) => cellText(readField(row, field)) ?? ""),
      ),
    );
    const caption = config.caption === undefined ? "" : `<caption>${escapeHtml(config.caption)}</caption>`;
    return `<table>${caption}${hasHeaders ? `<thead>${line("th", headers)}</thead>` : ""}<tbody>${lines.join("")}</tbody></table>`;
  },
});

function findFields(rows: readonly JsonValue[]): FieldName[] {
  const width = Math.max(0, ...rows.map((row) => (isList(row) ? row.length : 0)));
  if (width > 0) return Array.from({ length: width }, (_, index) => index);
  return [...new Set(rows.flatMap((row) => (isJsonObject(row) ? Object.keys(row) : [])))];
}

function cellText(value: JsonValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function line(tag: "td" | "th", cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
