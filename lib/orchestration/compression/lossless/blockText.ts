// A whole document as lines: `path: value` for single values, tables for what is alike. Written and read here; nothing is counted.
import { hasDuplicateKeys, segmentsOf, ValueBuilder } from "./flattenRows.ts";
import { InlineReader, writeInline, writeKey } from "./inlineJson.ts";
import type { JsonNode, JsonObject } from "./parseJson.ts";
import { readTable, tableHeaderAt, writeArrayTable, writeMapTable } from "./tableText.ts";

/** Objects nested deeper stand on one line. */
const DEEPEST_BLOCK = 6;

/** The document in lines; null: it is a single value. */
export function writeBlocks(node: JsonNode): string | null {
  if (node.kind === "leaf") return null;
  const table = tableOf(node);
  if (table !== null) return table.join("\n");
  if (node.kind === "array" || node.members.length === 0 || hasDuplicateKeys(node)) return null;
  const lines: string[] = [];
  writeMembers(node, "", lines, 0);
  return lines.join("\n");
}

/** Lines of a table, when it is shorter than the value on one line. */
function tableOf(node: JsonNode): string[] | null {
  if (node.kind === "leaf") return null;
  const lines = node.kind === "array" ? writeArrayTable(node.items) : writeMapTable(node.members);
  if (lines === null) return null;
  let length = 0;
  for (const line of lines) length += line.length + 1;
  return length < writeInline(node, "line", ",").length ? lines : null;
}

function hasTable(node: JsonNode, depth: number): boolean {
  if (node.kind === "leaf" || depth > DEEPEST_BLOCK) return false;
  if (tableOf(node) !== null) return true;
  return node.kind === "object" && node.members.some(({ value }) => hasTable(value, depth + 1));
}

function writeMembers({ members }: JsonObject, prefix: string, lines: string[], depth: number): void {
  for (const { key, value } of members) {
    const path = prefix === "" ? writeKey(key) : `${prefix}.${writeKey(key)}`;
    const table = tableOf(value);
    if (table !== null) lines.push(`${path}${table[0] ?? ""}`, ...table.slice(1));
    else if (value.kind === "object" && value.members.length > 0 && !hasDuplicateKeys(value) && hasTable(value, depth + 1)) {
      writeMembers(value, path, lines, depth + 1);
    } else lines.push(`${path}:${writeInline(value, "line", ",")}`);
  }
}

/** What `writeBlocks` wrote, or one value on one line. */
export function readBlocks(view: string): JsonNode {
  const lines = view.split("\n");
  let at = 0;
  const next = (): string => lines[at++] ?? "";
  const first = lines[0] ?? "";
  const whole = tableHeaderAt(first, 0);
  if (whole !== null) {
    at = 1;
    return readTable(first, whole, next);
  }
  if (first.startsWith("[") || first.startsWith("{")) return new InlineReader(view).value("\n");
  const builder = new ValueBuilder("object");
  while (at < lines.length) {
    const line = next();
    const end = endOfPath(line);
    const segments = segmentsOf(line.slice(0, end));
    const header = tableHeaderAt(line, end);
    builder.set(segments, header === null ? new InlineReader(line, end + 1).value("\n") : readTable(line, header, next));
  }
  return builder.build();
}

function endOfPath(line: string): number {
  const reader = new InlineReader(line);
  while (reader.at < line.length && !":[{".includes(line.charAt(reader.at))) {
    if (line.charAt(reader.at) === '"') reader.quoted();
    else reader.at += 1;
  }
  return reader.at;
}
