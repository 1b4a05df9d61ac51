// Says what is in structured data: counts, groups, extremes, frequent values. Every figure is in the data or a count of it.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { describeField, itemName } from "./describeField.ts";
import { pickSentences } from "./rankSentences.ts";
import { scalarText } from "./scalarText.ts";
import { stems } from "./words.ts";

const MAX_FIELDS = 24;
const MAX_FACTS = 30;
const MAX_DEPTH = 4;
/** Beyond this every n-th item is looked at, and that is said. */
const MAX_ITEMS = 20_000;
const LONG_TEXT_CHARS = 160;
const MAX_JOINED_CHARS = 60_000;

/** @returns one sentence per fact, the most telling first */
export function describeData(data: JsonValue, task: string): string[] {
  return describe(data, "", task, 0).slice(0, MAX_FACTS);
}

function describe(data: JsonValue, name: string, task: string, depth: number): string[] {
  if (Array.isArray(data)) return describeList(data as readonly JsonValue[], name, task, depth);
  if (isJsonObject(data)) return describeObject(data, name, task, depth);
  return data === null ? [] : [name === "" ? scalarText(data) : `${name}: ${ended(scalarText(data))}`];
}

function describeObject(object: JsonObject, name: string, task: string, depth: number): string[] {
  if (depth >= MAX_DEPTH) return [];
  const entries = Object.entries(object).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined && entry[1] !== null);
  const ordered = byTask(entries.slice(0, MAX_FIELDS * 2), task);
  return ordered.flatMap(([key, value]) => {
    const path = name === "" ? key : `${name}.${key}`;
    if (typeof value === "string" && value.length > LONG_TEXT_CHARS) return pickSentences(value, 2, task);
    return describe(value, path, task, depth + 1);
  });
}

function describeList(list: readonly JsonValue[], name: string, task: string, depth: number): string[] {
  const prefix = name === "" ? "" : `${name}: `;
  if (list.length === 0) return [`${prefix}no items.`];
  const count = `${prefix}${list.length} ${list.length === 1 ? "item" : "items"}.`;
  const stride = Math.ceil(list.length / MAX_ITEMS);
  const items = stride === 1 ? list : list.filter((_, index) => index % stride === 0);
  const sampled = stride === 1 ? [] : [`The figures below come from ${items.length} of the ${list.length} items.`];
  const objects = items.filter(isJsonObject);
  if (objects.length > items.length / 2) return [count, ...sampled, ...describeRows(objects, task, depth)];
  const scalars = items.filter((item) => typeof item !== "object");
  const texts = scalars.filter((item): item is string => typeof item === "string" && item.length > LONG_TEXT_CHARS);
  if (texts.length > scalars.length / 2) return [count, ...sampled, ...pickSentences(joined(texts), 4, task)];
  const field = describeField("values", scalars, { names: [], total: items.length });
  return field === null ? [count] : [count, ...sampled, field.sentence];
}

function describeRows(rows: readonly JsonObject[], task: string, depth: number): string[] {
  const columns = new Map<string, JsonValue[]>();
  const owners = new Map<string, string[]>();
  const longTexts: string[] = [];
  for (const row of rows) {
    const name = itemName(row) ?? "";
    for (const [key, value] of flatten(row)) {
      if (value === null || value === "" || typeof value === "object") continue;
      if (typeof value === "string" && value.length > LONG_TEXT_CHARS) longTexts.push(value);
      if (!columns.has(key) && columns.size >= MAX_FIELDS) continue;
      append(columns, key, value);
      append(owners, key, name);
    }
  }
  const named = byTask([...columns], task);
  const facts = named.flatMap(([key, values]) => describeField(key, values, { names: owners.get(key) ?? [], total: rows.length }) ?? []);
  const taskStems = new Set(stems(task));
  const rankOf = (name: string): number => (stems(name.replaceAll(/[_.]/g, " ")).some((word) => taskStems.has(word)) ? 0 : 1);
  facts.sort((left, right) => rankOf(left.name) - rankOf(right.name) || left.rank - right.rank);
  const quoted = longTexts.length === 0 || depth > 1 ? [] : pickSentences(joined(longTexts), 3, task);
  return [...facts.map((fact) => fact.sentence), ...quoted];
}

/** One level of nesting: `customer.city`. */
function flatten(row: JsonObject): [string, JsonValue][] {
  return Object.entries(row).flatMap(([key, value]): [string, JsonValue][] => {
    if (!isJsonObject(value)) return value === undefined ? [] : [[key, value]];
    return Object.entries(value).flatMap(([inner, member]): [string, JsonValue][] =>
      member === undefined ? [] : [[`${key}.${inner}`, member]],
    );
  });
}

/** What the task names comes first; the rest keeps its order. */
function byTask<T>(entries: readonly [string, T][], task: string): [string, T][] {
  const taskStems = new Set(stems(task));
  const rank = ([key]: [string, T]): number => (stems(key.replaceAll(/[_.-]/g, " ")).some((word) => taskStems.has(word)) ? 0 : 1);
  return entries.toSorted((left, right) => rank(left) - rank(right));
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function joined(texts: readonly string[]): string {
  return texts.join("\n").slice(0, MAX_JOINED_CHARS);
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
