// Combining several values into one: what an enrichment step runs. Keys such as __proto__ stay ordinary keys of the data.
import { AppError } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { describeValue } from "./describeValue.ts";
import { isList } from "./lists.ts";
import { joinRows } from "./transforms/join.ts";

export interface EnrichmentSource {
  readonly key: string;
  readonly value: JsonValue;
}

export interface EnrichmentOptions {
  readonly strategy: "merge" | "deep_merge" | "join";
  /** Field that rows have in common; with `join`. */
  readonly joinOn?: string;
  /** Lists at the same place are put one after the other; otherwise the later one stands. */
  readonly mergeArrays?: boolean;
}

const MAX_DEPTH = 100;

/**
 * `merge` and `deep_merge`: objects become one object, later sources winning; a source that is no object stands under its `key`.
 * Only lists with `mergeArrays`: one list. `join`: the first list's rows with the fields of their partners in the later lists.
 *
 * @throws AppError `TRANSFORM_INVALID`, `TRANSFORM_FAILED`
 */
export function enrich(sources: readonly EnrichmentSource[], options: EnrichmentOptions): JsonValue {
  if (options.strategy === "join") return joinSources(sources, options.joinOn);
  const mergesArrays = options.mergeArrays === true;
  if (mergesArrays && sources.length > 0 && sources.every(({ value }) => isList(value))) {
    return sources.flatMap(({ value }) => (isList(value) ? value : []));
  }
  const depth = options.strategy === "merge" ? 0 : MAX_DEPTH;
  let result: JsonObject = {};
  for (const { key, value } of sources) result = mergeObjects(result, isJsonObject(value) ? value : { [key]: value }, depth, mergesArrays);
  return result;
}

// oxlint-disable-next-line max-params -- the recursion carries its two settings
function mergeObjects(left: JsonObject, right: JsonObject, depth: number, mergesArrays: boolean): JsonObject {
  const merged = new Map(Object.entries(left));
  for (const [key, value] of Object.entries(right)) {
    if (value !== undefined) merged.set(key, mergeValues(merged.get(key), value, depth, mergesArrays));
  }
  return Object.fromEntries(merged);
}

// oxlint-disable-next-line max-params -- the recursion carries its two settings
function mergeValues(left: JsonValue | undefined, right: JsonValue, depth: number, mergesArrays: boolean): JsonValue {
  if (mergesArrays && isList(left) && isList(right)) return [...left, ...right];
  if (depth > 0 && isJsonObject(left) && isJsonObject(right)) return mergeObjects(left, right, depth - 1, mergesArrays);
  return right;
}

function joinSources(sources: readonly EnrichmentSource[], joinOn: string | undefined): JsonValue {
  if (joinOn === undefined) {
    const details = { field: "joinOn", expected: "a field name", got: "nothing" };
    throw new AppError("TRANSFORM_INVALID", "enrichment join: joinOn is missing: expected the field that the rows have in common", {
      details,
    });
  }
  const lists = sources.map(({ key, value }) => ({ key, rows: requireRows(key, value) }));
  const [first, ...others] = lists;
  let rows = first?.rows ?? [];
  for (const { key, rows: right } of others)
    rows = joinRows(rows, right, { leftKey: joinOn, rightKey: joinOn, isLeft: true, prefix: `${key}_` });
  return rows;
}

/** One object is a list of one, so that a single record can be joined too. */
function requireRows(key: string, value: JsonValue): readonly JsonValue[] {
  if (isList(value)) return value;
  if (isJsonObject(value)) return [value];
  const message = `enrichment join: source ${key} is ${describeValue(value)}: expected a list of objects`;
  throw new AppError("TRANSFORM_FAILED", message, {
    details: { field: `sources.${key}`, expected: "a list of objects", got: describeValue(value) },
  });
}
