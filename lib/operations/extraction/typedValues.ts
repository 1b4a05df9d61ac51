// A piece of text as a value of a field's type, and the values of a type that occur in a text. What does not fit is `undefined`.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { readDate } from "../dates.ts";
import { isList } from "../lists.ts";
import { readNumber } from "../numbers.ts";
import { compilePattern } from "../regularExpressions.ts";
import type { SchemaField } from "../schemaForm.ts";
import { calendarDayAt, isoDateOfDay } from "../timeZones.ts";

export type ValueKind =
  | "text"
  | "number"
  | "integer"
  | "money"
  | "date"
  | "datetime"
  | "boolean"
  | "email"
  | "url"
  | "phone"
  | "list"
  | "any";

const KINDS: Readonly<Record<string, ValueKind>> = {
  string: "text",
  text: "text",
  number: "number",
  float: "number",
  integer: "integer",
  int: "integer",
  currency: "money",
  money: "money",
  date: "date",
  datetime: "datetime",
  boolean: "boolean",
  bool: "boolean",
  email: "email",
  url: "url",
  phone: "phone",
  array: "list",
  list: "list",
};

/** A text field called `contact_email` is an e-mail address. */
export function kindOfField(field: SchemaField, words: readonly string[]): ValueKind {
  const kind = Object.hasOwn(KINDS, field.type) ? (KINDS[field.type] ?? "any") : "any";
  if (kind !== "text") return kind;
  const last = words.at(-1) === "address" ? words.at(-2) : words.at(-1);
  if (last === "email" || last === "phone" || last === "url") return last;
  return last === "website" || last === "link" ? "url" : "text";
}

const AMOUNT = /^(?:[$€£¥₹]|[A-Z]{3})? ?([+-]?\(?\d[\d.,' ]*\)?) ?(?:[$€£¥₹%]|[A-Z]{3})?$/;
const FINDERS: Partial<Record<ValueKind, RegExp>> = {
  email: /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}/g,
  url: /https?:\/\/[^\s<>"')\]]{1,500}/g,
  phone: /(?<![\w.-])\+?\d[\d ()/-]{6,18}\d(?![\w.-])/g,
  money: /(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF)) ?\d[\d.,]{0,20}|\b\d[\d.,]{0,20} ?(?:[$€£¥₹]|(?:USD|EUR|GBP|CHF)\b)/g,
  date: /\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{1,2} [A-Za-z]{3,9} \d{4}|[A-Z][a-z]{2,8} \d{1,2}, \d{4})\b/g,
};

/** Distinct values of the kind, as they are written. */
export function findInText(lines: readonly string[], kind: ValueKind): string[] {
  const finder = FINDERS[kind === "datetime" ? "date" : kind];
  if (finder === undefined) return [];
  return [...new Set(lines.flatMap((line) => line.match(finder) ?? []).map((found) => found.replace(/[.,]+$/, "")))];
}

/** Distinct matches of a field's own pattern; none when the pattern does not compile. */
export function findPattern(lines: readonly string[], pattern: string): string[] {
  const found = new Set<string>();
  try {
    const compiled = compilePattern(pattern.replace(/^\^|\$$/g, ""));
    for (const line of lines) {
      const matcher = compiled.matcher(line);
      while (matcher.find()) {
        const text = matcher.group();
        if (text !== null && text !== "") found.add(text);
      }
    }
  } catch {
    return [];
  }
  return [...found];
}

/** @param timeZone for slashed dates and times without an offset */
export function toKind(value: JsonValue, kind: ValueKind, schema: JsonObject, timeZone: string): JsonValue | undefined {
  const converted = typeof value === "string" ? fromText(value, kind, timeZone) : fromJson(value, kind, timeZone);
  return converted === undefined ? undefined : fitEnum(converted, schema["enum"]);
}

/** Allowed values are matched without case and given in the schema's spelling. */
function fitEnum(value: JsonValue, allowed: JsonValue | undefined): JsonValue | undefined {
  if (!isList(allowed)) return value;
  return allowed.find(
    (entry) => entry === value || (typeof entry === "string" && typeof value === "string" && entry.toLowerCase() === value.toLowerCase()),
  );
}

function fromJson(value: JsonValue, kind: ValueKind, timeZone: string): JsonValue | undefined {
  if (value === null) return undefined;
  if (kind === "any") return value;
  if (kind === "list") return isList(value) ? value : undefined;
  if (typeof value === "number") return fromNumber(value, kind, timeZone);
  if (typeof value === "boolean") return kind === "boolean" ? value : kind === "text" ? String(value) : undefined;
  return isList(value) || isJsonObject(value) ? undefined : value;
}

function fromNumber(value: number, kind: ValueKind, timeZone: string): JsonValue | undefined {
  if (kind === "number" || kind === "money") return value;
  if (kind === "integer") return Number.isInteger(value) ? value : undefined;
  if (kind === "date" || kind === "datetime") return toIsoDate(value, kind, timeZone);
  return kind === "boolean" ? undefined : String(value);
}

type ReadText = (text: string, timeZone: string) => JsonValue | undefined;

const READERS: Readonly<Record<ValueKind, ReadText>> = {
  text: (text) => text,
  any: (text) => text,
  number: readAmount,
  money: readAmount,
  integer: (text) => {
    const amount = readAmount(text);
    return Number.isInteger(amount) ? amount : undefined;
  },
  date: (text, timeZone) => toIsoDate(text, "date", timeZone),
  datetime: (text, timeZone) => toIsoDate(text, "datetime", timeZone),
  boolean: readBoolean,
  email: (text) => onlyIn(text, "email"),
  url: (text) => onlyIn(text, "url"),
  phone: (text) => onlyIn(text, "phone"),
  list: (text) =>
    text
      .split(/[,;\n]/)
      .map((part) => part.trim())
      .filter((part) => part !== ""),
};

function fromText(text: string, kind: ValueKind, timeZone: string): JsonValue | undefined {
  const trimmed = text.trim();
  // A dash or a line is how forms say nothing.
  return /^[-–—_.\s]*$/.test(trimmed) ? undefined : READERS[kind](trimmed, timeZone);
}

function onlyIn(text: string, kind: ValueKind): string | undefined {
  const found = findInText([text], kind);
  return found.length === 1 ? found[0] : undefined;
}

function readBoolean(text: string): boolean | undefined {
  if (/^(true|yes|y|\[x\]|checked|on)$/i.test(text)) return true;
  return /^(false|no|n|\[ ?\]|unchecked|off)$/i.test(text) ? false : undefined;
}

function toIsoDate(value: string | number, kind: "date" | "datetime", timeZone: string): string | undefined {
  const date = readDate(value, timeZone);
  if (date === undefined) return undefined;
  return kind === "date" || date.isDateOnly ? isoDateOfDay(calendarDayAt(date.ms, timeZone)) : new Date(date.ms).toISOString();
}

/** `$1,234.56`, `1.234,56 €`, `(45.00)`; the last separator is the decimal one unless it groups by threes. */
export function readAmount(text: string): number | undefined {
  const match = AMOUNT.exec(text)?.[1];
  if (match === undefined) return undefined;
  const isNegative = /^-|^\(.*\)$/.test(match);
  const digits = match.replace(/[()+\-' ]/g, "");
  const plain = toPlainDecimal(digits);
  const number = plain === undefined ? undefined : readNumber(plain);
  return number === undefined ? undefined : isNegative ? -number : number;
}

function toPlainDecimal(digits: string): string | undefined {
  const [comma, dot] = [digits.lastIndexOf(","), digits.lastIndexOf(".")];
  if (comma === -1) return /^\d{1,3}(\.\d{3}){2,}$/.test(digits) ? digits.replaceAll(".", "") : digits;
  if (dot === -1) {
    if (/^\d{1,3}(,\d{3})+$/.test(digits)) return digits.replaceAll(",", "");
    return /^\d+,\d{1,2}$/.test(digits) ? digits.replace(",", ".") : undefined;
  }
  return comma < dot ? digits.replaceAll(",", "") : digits.replaceAll(".", "").replace(",", ".");
}
