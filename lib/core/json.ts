// JSON as we store it: bytes of UTF-8, equal values giving equal bytes, NUL and lone surrogates kept as escapes.
import { AppError } from "./errors.ts";
import type { JsonObject, JsonValue } from "./jsonTypes.ts";

export type { JsonObject, JsonValue };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The text that is hashed and stored. Key order is kept as given: two outputs that differ only in key order are
 * different outputs, and sorting would cost more than the rare duplicate saves. Lone surrogates come out as
 * `\udXXX` escapes (ECMAScript's well-formed JSON.stringify), so the result is always valid UTF-8.
 *
 * @throws AppError `OUTPUT_UNSTORABLE` for functions, symbols, bigint and cycles
 */
export function encodeJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value === undefined ? null : value);
  } catch (cause) {
    throw new AppError("OUTPUT_UNSTORABLE", `value cannot be written as JSON: ${String(cause)}`, { cause });
  }
  if (text === undefined) throw new AppError("OUTPUT_UNSTORABLE", `a ${typeof value} cannot be written as JSON`);
  return text;
}

export function decodeJson(bytes: Uint8Array | string): JsonValue {
  // Written by encodeJson, so what comes back is JSON by construction.
  return JSON.parse(
    typeof bytes === "string" ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"),
  ) as JsonValue;
}

/** What JSON numbers hold exactly has at most sixteen digits; texts without longer ones need no second look. */
const LONG_DIGITS = /\d{16}/;
const WHOLE = /^-?\d+$/;

/**
 * JSON written by somebody else. Whole numbers beyond 2^53 - 1, such as ids, come back as text: as numbers they would be rounded to
 * other ids. Fractions and numbers in exponent notation are numbers, as exact as those can be.
 *
 * @throws SyntaxError
 */
export function decodeForeignJson(text: string): JsonValue {
  if (!LONG_DIGITS.test(text)) return JSON.parse(text) as JsonValue;
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) as JsonValue;
}

/** The third argument is ECMAScript's, and not yet in the types of `JSON.parse`. */
function keepDigits(_key: string, value: unknown, { source = "" }: { readonly source?: string }): unknown {
  return typeof value === "number" && !Number.isSafeInteger(value) && WHOLE.test(source) ? source : value;
}

/** Object keys sorted at every depth: for hashing definitions and configurations, where key order carries no meaning. */
export function canonicalJson(value: JsonValue): string {
  return JSON.stringify(sortKeys(value));
}

function sortKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(sortKeys);
  if (!isJsonObject(value)) return value;
  const sorted: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>;
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) sorted[key] = sortKeys(member);
  }
  return sorted;
}
