// A tool's or an answer's JSON Schema in the fewest tokens: what a model needs to fill it in stays, bounds included; what only a validator reads goes. It
// validates nothing.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";

/** The action's own schema still checks every call: a model that breaks one of these rules is told so. */
const VALIDATOR_ONLY = new Set(["$schema", "$id", "additionalProperties", "propertyNames", "uniqueItems"]);
/** Bounds that no value would pass anyway. */
const UNBOUNDED: Readonly<Record<string, (bound: number) => boolean>> = {
  minLength: (bound) => bound <= 1,
  maxLength: (bound) => bound >= 10_000,
  minItems: (bound) => bound <= 0,
  maxItems: (bound) => bound >= 10_000,
  minimum: (bound) => bound <= Number.MIN_SAFE_INTEGER,
  maximum: (bound) => bound >= Number.MAX_SAFE_INTEGER,
  exclusiveMinimum: (bound) => bound <= Number.MIN_SAFE_INTEGER,
  exclusiveMaximum: (bound) => bound >= Number.MAX_SAFE_INTEGER,
};
const MAX_DEPTH = 30;

/** Names of properties are never taken for keywords: `properties`, `$defs` and their like are walked by their values. */
const MAPS = new Set(["properties", "$defs", "definitions", "patternProperties"]);
const LITERALS = new Set(["enum", "const", "default", "examples"]);

export function shortSchema(schema: JsonObject, depth = 0): JsonObject {
  if (depth > MAX_DEPTH) return schema;
  const entries = Object.entries(schema).flatMap(([key, value]): [string, JsonValue][] => {
    if (value === undefined || VALIDATOR_ONLY.has(key)) return [];
    if (typeof value === "number" && UNBOUNDED[key]?.(value) === true) return [];
    if (LITERALS.has(key)) return [[key, value]];
    if (MAPS.has(key) && isJsonObject(value)) return [[key, mapValues(value, depth)]];
    return [[key, shortValue(value, depth)]];
  });
  return Object.fromEntries(entries);
}

function mapValues(map: JsonObject, depth: number): JsonObject {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, shortValue(value ?? null, depth)]));
}

function shortValue(value: JsonValue, depth: number): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((element) => shortValue(element, depth + 1));
  return isJsonObject(value) ? shortSchema(value, depth + 1) : value;
}
