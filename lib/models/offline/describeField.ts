// One sentence about one column of a table. Figures are quoted as they stand or are counts.
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { scalarText } from "./scalarText.ts";

export interface FieldFact {
  readonly name: string;
  readonly sentence: string;
  /** Lower is more telling. */
  readonly rank: number;
}

export interface FieldContext {
  /** What each value's item is called; "" when nothing names it. */
  readonly names: readonly string[];
  /** Items in the table, those without this field included. */
  readonly total: number;
}

const NAME_KEYS = ["name", "title", "subject", "label", "id", "number", "key", "sku", "email"];
const TITLE = /(?:^|[_.])(?:name|title|subject|headline|topic|label)$/i;
const ID = /(?:^|[_.-])(?:id|uuid|guid|key|hash|index)$/i;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}|$)/;
const MAX_GROUPS = 6;
const MAX_TITLES = 8;
const MAX_VALUE_CHARS = 80;

/** What a reader would call this row. */
export function itemName(row: JsonObject): string | null {
  for (const key of NAME_KEYS) {
    const value = row[key];
    if (typeof value === "string" && value !== "" && value.length <= MAX_VALUE_CHARS) return value;
    if (typeof value === "number") return String(value);
  }
  return null;
}

/** @returns null when there is nothing worth saying */
export function describeField(name: string, values: readonly JsonValue[], context: FieldContext): FieldFact | null {
  const numbers = values.filter((value): value is number => typeof value === "number");
  const texts = values.filter((value): value is string => typeof value === "string");
  if (values.length === 0) return null;
  if (numbers.length > values.length * 0.8) return ID.test(name) ? null : describeNumbers(name, values, context);
  if (texts.length > values.length * 0.8 && texts.every((text) => ISO_DATE.test(text))) return describeDates(name, texts, context);
  return describeGroups(name, values, context);
}

function describeNumbers(name: string, values: readonly JsonValue[], context: FieldContext): FieldFact {
  let lowest = -1;
  let highest = -1;
  values.forEach((value, index) => {
    if (typeof value !== "number") return;
    if (lowest < 0 || value < (values[lowest] as number)) lowest = index;
    if (highest < 0 || value > (values[highest] as number)) highest = index;
  });
  const say = (index: number): string => {
    const owner = context.names[index] ?? "";
    const value = JSON.stringify(values[index]);
    return owner === "" || owner === value ? value : `${value} (${owner})`;
  };
  const isConstant = values[lowest] === values[highest];
  const range = isConstant ? `always ${JSON.stringify(values[lowest])}` : `lowest ${say(lowest)}, highest ${say(highest)}`;
  return { name, rank: isConstant ? 5 : 2, sentence: `${name}: ${range}${missing(values, context)}.` };
}

function describeDates(name: string, texts: readonly string[], context: FieldContext): FieldFact {
  const sorted = texts.toSorted();
  const first = sorted[0]!;
  const last = sorted.at(-1)!;
  const range = first === last ? `always ${first}` : `from ${first} to ${last}`;
  return { name, rank: 3, sentence: `${name}: ${range}${missing(texts, context)}.` };
}

function describeGroups(name: string, values: readonly JsonValue[], context: FieldContext): FieldFact | null {
  const counts = new Map<string, number>();
  for (const value of values) {
    const text = scalarText(value);
    if (text.length <= MAX_VALUE_CHARS) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const groups = [...counts].toSorted((left, right) => right[1] - left[1]);
  const top = groups[0];
  if (top === undefined) return null;
  if (top[1] > 1) {
    if (ID.test(name)) return null;
    const said = groups.slice(0, MAX_GROUPS).map(([value, count]) => `${value} (${count})`);
    const more = groups.length - said.length;
    return {
      name,
      rank: 1,
      sentence: `${name}: ${said.join(", ")}${more > 0 ? ` and ${more} other values` : ""}${missing(values, context)}.`,
    };
  }
  if (!TITLE.test(name) && name !== "values" && values.length > 3) return null;
  const said = groups.slice(0, MAX_TITLES).map(([value]) => value);
  const more = groups.length - said.length;
  return { name, rank: 4, sentence: `${name}: ${said.join("; ")}${more > 0 ? `; and ${more} more` : ""}.` };
}

function missing(values: readonly JsonValue[], { total }: FieldContext): string {
  const absent = total - values.length;
  return absent > 0 ? `; missing in ${absent}` : "";
}
