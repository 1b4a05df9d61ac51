// Small tables inside of cells: lists of alike objects, whose keys the header says once. Written and read here.
import { writeKey, writeLeaf, type Delimiter, type InlineReader } from "./inlineJson.ts";
import type { JsonArray, JsonMember, JsonNode } from "./parseJson.ts";

type Column = readonly (JsonNode | undefined)[];

const FEWEST_OBJECTS = 3;
const MOST_KEYS = 12;

/** Keys, with quotes, that all objects of all lists of a column have, in one order; null: it holds something else, too. */
export function nestedKeys(column: Column): readonly string[] | null {
  let keys: readonly string[] | null = null;
  let objects = 0;
  for (const value of column) {
    if (value === undefined) continue;
    if (value.kind !== "array") return null;
    for (const item of value.items) {
      if (item.kind !== "object" || item.members.some((member) => member.value.kind !== "leaf")) return null;
      keys ??= item.members.map(({ key }) => key);
      if (item.members.length !== keys.length || item.members.some(({ key }, index) => key !== keys?.[index])) return null;
      objects += 1;
    }
  }
  return keys !== null && keys.length > 0 && keys.length <= MOST_KEYS && objects >= FEWEST_OBJECTS ? keys : null;
}

export function writeNestedKeys(keys: readonly string[]): string {
  return `{${keys.map(writeKey).join(";")}}`;
}

export function readNestedKeys(reader: InlineReader): string[] {
  const keys: string[] = [];
  reader.at += 1;
  while (reader.at < reader.text.length && reader.text.charAt(reader.at) !== "}") {
    keys.push(reader.key(";}"));
    if (reader.text.charAt(reader.at) === ";") reader.at += 1;
  }
  reader.at += 1;
  return keys;
}

/** `(a;1)(b;2)`; an empty list is `[]`. */
export function writeNestedRows({ items }: JsonArray, delimiter: Delimiter): string {
  if (items.length === 0) return "[]";
  let text = "";
  for (const item of items) {
    if (item.kind !== "object") continue;
    const cells = item.members.map(({ value }) => (value.kind === "leaf" ? writeLeaf(value.raw, "nested", delimiter) : ""));
    text += `(${cells.join(";")})`;
  }
  return text;
}

export function readNestedRows(reader: InlineReader, keys: readonly string[]): JsonNode {
  const items: JsonNode[] = [];
  if (reader.text.charAt(reader.at) !== "(") return reader.value("");
  while (reader.text.charAt(reader.at) === "(") {
    reader.at += 1;
    const members: JsonMember[] = [];
    for (const key of keys) {
      members.push({ key, value: reader.value(";)") });
      reader.at += 1;
    }
    items.push({ kind: "object", members });
  }
  return { kind: "array", items };
}
