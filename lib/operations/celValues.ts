// What a CEL evaluation gives, as JSON: integers become numbers, times become ISO text. What has no JSON form is an error.
import type { JsonValue } from "../core/json.ts";

/** Results share parts with their inputs, so a small expression can describe a huge value; the count is taken as written out. */
const MAX_VALUES = 2_000_000;
const MAX_TEXT_CHARACTERS = 50_000_000;
const MAX_DEPTH = 200;
/** Sizes of what was given out before, so that a fold over a growing list does not walk the whole list again at each turn. */
const knownSizes = new WeakMap<object, Readonly<Size>>();

/** @throws Error for integers that a JSON number cannot hold, for types, and for results beyond the bounds */
export function toJson(result: unknown): JsonValue {
  return convert(result, { values: 0, characters: 0, depth: 0 }, 0);
}

interface Size {
  values: number;
  characters: number;
  /** Deepest level reached. */
  depth: number;
}

function convert(value: unknown, size: Size, depth: number): JsonValue {
  size.values += 1;
  if (size.values > MAX_VALUES) throw new Error(`result has more than ${MAX_VALUES} values`);
  if (depth > MAX_DEPTH) throw new Error(`result is nested more than ${MAX_DEPTH} levels deep`);
  if (typeof value === "string") {
    size.characters += value.length;
    if (size.characters > MAX_TEXT_CHARACTERS) throw new Error(`result has more than ${MAX_TEXT_CHARACTERS} characters`);
    return value;
  }
  if (typeof value === "boolean" || value === null) return value;
  if (typeof value === "number" || typeof value === "bigint") return toNumber(value);
  if (typeof value === "object") return convertOnce(value, size, depth);
  throw new Error(`result is a ${typeof value}, which has no JSON form`);
}

function convertOnce(value: object, size: Size, depth: number): JsonValue {
  const known = knownSizes.get(value);
  if (known !== undefined && depth + known.depth <= MAX_DEPTH) {
    size.values += known.values;
    size.characters += known.characters;
    if (size.values > MAX_VALUES || size.characters > MAX_TEXT_CHARACTERS)
      throw new Error(`result has more than ${MAX_VALUES} values or ${MAX_TEXT_CHARACTERS} characters`);
    size.depth = Math.max(size.depth, depth + known.depth);
    return value as JsonValue;
  }
  const before = { ...size };
  size.depth = depth;
  const converted = convertObject(value, size, depth);
  if (typeof converted === "object" && converted !== null) {
    const own = { values: size.values - before.values, characters: size.characters - before.characters, depth: size.depth - depth };
    knownSizes.set(converted, own);
  }
  size.depth = Math.max(size.depth, before.depth);
  return converted;
}

function toNumber(value: number | bigint): number {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new Error(`result ${value} is not a number that JSON can hold`);
    return value;
  }
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw new Error(`integer ${value} is beyond what a JSON number holds exactly; use string(…)`);
  }
  return Number(value);
}

function convertObject(value: object, size: Size, depth: number): JsonValue {
  if (Array.isArray(value)) return value.map((element) => convert(element, size, depth + 1));
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, member]) => [String(key), convert(member, size, depth + 1)]));
  }
  // Unsigned integers and durations are classes of the library; both know their plain form.
  if ("seconds" in value && "nanos" in value && Object.getPrototypeOf(value) !== Object.prototype) return `${Number(value.seconds)}s`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const plain = value.valueOf();
    if (typeof plain === "bigint" || typeof plain === "number") return convert(plain, size, depth);
    throw new Error("result is a type or another value that has no JSON form");
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, convert(member, size, depth + 1)]])),
  );
}
