// What a table says once for all its rows: constants, columns like other columns, common beginnings. It writes no rows.
import { writeInline, type Delimiter } from "./inlineJson.ts";
import { nestedKeys, writeNestedKeys } from "./nestedRows.ts";
import { minifyNode, type JsonNode } from "./parseJson.ts";

export type ColumnPlan =
  | { readonly kind: "plain" }
  /** Every row has this very value. */
  | { readonly kind: "constant"; readonly value: JsonNode }
  /** Every row has what the column at this index has. */
  | { readonly kind: "same"; readonly as: number }
  /** Every row has a string that begins so; cells hold the rest. The prefix may be empty: then numbers in it are strings. */
  | { readonly kind: "prefix"; readonly prefix: string }
  /** Every row has a list of objects with these keys, or none. */
  | { readonly kind: "rows"; readonly keys: readonly string[] };

type Column = readonly (JsonNode | undefined)[];

const SHORTEST_PREFIX = 12;
/** Two rows with one value are no pattern, but the value is said once all the same. */
const FEWEST_ROWS = 2;
const NUMBER_LIKE = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

function commonPrefix(texts: readonly string[]): string {
  let prefix = texts[0] ?? "";
  for (const text of texts) {
    let same = 0;
    const most = Math.min(prefix.length, text.length);
    while (same < most && prefix.charCodeAt(same) === text.charCodeAt(same)) same += 1;
    if (same < prefix.length) prefix = prefix.slice(0, same);
    if (prefix === "") return "";
  }
  // Only addresses are said in two parts: a half identifier or date is none that a reader finds.
  return prefix.includes("/") ? prefix.slice(0, prefix.lastIndexOf("/") + 1) : "";
}

function stringPlan(column: Column): ColumnPlan {
  const texts: string[] = [];
  for (const value of column) {
    if (value?.kind !== "leaf" || !value.raw.startsWith('"') || value.raw.includes("\\")) return { kind: "plain" };
    texts.push(value.raw.slice(1, -1));
  }
  const prefix = commonPrefix(texts);
  if (prefix.length >= SHORTEST_PREFIX) return { kind: "prefix", prefix };
  const numbers = texts.filter((text) => text.length < 40 && NUMBER_LIKE.test(text)).length;
  return numbers >= 2 ? { kind: "prefix", prefix: "" } : { kind: "plain" };
}

export function planColumns(columns: readonly Column[]): ColumnPlan[] {
  const seen = new Map<string, number>();
  return columns.map((column, index) => {
    if (column.length < FEWEST_ROWS) return { kind: "plain" };
    const texts = column.map((value) => (value === undefined ? "" : minifyNode(value)));
    const first = column[0];
    if (first !== undefined && texts.every((text) => text === texts[0])) return { kind: "constant", value: first };
    const whole = texts.join("\n");
    const as = seen.get(whole);
    if (as !== undefined) return { kind: "same", as };
    seen.set(whole, index);
    const keys = nestedKeys(column);
    return keys === null ? stringPlan(column) : { kind: "rows", keys };
  });
}

/** A column's name as the header says it. */
export function writeColumn(name: string, plan: ColumnPlan, names: readonly string[]): string {
  if (plan.kind === "constant") return `${name}=${writeInline(plan.value, "cell", ",")}`;
  if (plan.kind === "same") return `${name}=@${names[plan.as] ?? ""}`;
  if (plan.kind === "rows") return `${name}${writeNestedKeys(plan.keys)}`;
  if (plan.kind === "prefix")
    return `${name}^${plan.prefix === "" ? "" : writeInline({ kind: "leaf", raw: `"${plan.prefix}"` }, "cell", ",")}`;
  return name;
}

/** A cell of a column with a prefix: what follows the prefix; never mistaken for a missing one. */
export function writeRest(value: JsonNode, prefix: string, delimiter: Delimiter): string {
  const raw = value.kind === "leaf" ? `"${value.raw.slice(1 + prefix.length, -1)}"` : '""';
  const text = raw.slice(1, -1);
  return text.length < 40 && NUMBER_LIKE.test(text) ? text : writeInline({ kind: "leaf", raw }, "cell", delimiter);
}

export function readRest(value: JsonNode, prefix: string): JsonNode {
  const raw = value.kind === "leaf" ? value.raw : "";
  return { kind: "leaf", raw: `"${prefix}${raw.startsWith('"') ? raw.slice(1, -1) : raw}"` };
}
