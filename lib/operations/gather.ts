// Combining the results of a fan-out: what the gather half of a scatter_gather step runs. Failed items are left out by the caller.
import { AppError } from "../core/errors.ts";
import { isJsonObject, type JsonValue } from "../core/json.ts";
import { describeKeys, describeValue } from "./describeValue.ts";
import { isList } from "./lists.ts";
import { sumExactly } from "./numbers.ts";
import { reduceByExpression } from "./reduceByExpression.ts";
import type { TemplateScope } from "./templates.ts";

export interface GatherEntry {
  readonly item: JsonValue;
  /** Data of the inner steps by id, in the order in which they stand; the last one is the result unless `from` says otherwise. */
  readonly outputs: Readonly<Record<string, JsonValue>>;
  /** Data of the last inner step. */
  readonly last: JsonValue;
}

export interface GatherOptions {
  readonly operation: "collect" | "merge" | "reduce" | "flatten";
  /** The result is put into an object under this key. */
  readonly outputKey?: string;
  /** CEL with acc, item (one result) and index; with `operation: reduce`. */
  readonly reduceExpression?: string;
  readonly shape?: "step_only" | "merge_with_item" | "merge_as_named_array" | "item_only";
  readonly shapeField?: string;
  readonly from?: string;
}

/** @throws AppError `TRANSFORM_INVALID`, `TRANSFORM_FAILED` */
export function gatherResults(entries: readonly GatherEntry[], options: GatherOptions, scope?: TemplateScope): JsonValue {
  const results = entries.map((entry, index) => shapeResult(entry, options, index));
  const combined = combine(results, options, scope);
  return options.outputKey === undefined ? combined : { [options.outputKey]: combined };
}

function shapeResult(entry: GatherEntry, options: GatherOptions, index: number): JsonValue {
  const { item } = entry;
  const { shape = "step_only", shapeField } = options;
  const result = readResult(entry, options.from);
  const itemFields = isJsonObject(item) ? item : { item };
  switch (shape) {
    case "step_only":
      return result;
    case "merge_with_item":
      return overlay(itemFields, isJsonObject(result) ? result : { [shapeField ?? "result"]: result });
    case "merge_as_named_array":
      if (shapeField === undefined) throw gatherInvalid("shapeField", "a field name for the results", "nothing");
      return overlay(itemFields, { [shapeField]: isList(result) ? result : [result] });
    case "item_only":
      return shapeField === undefined ? item : readItemField(item, shapeField, index);
    default:
      throw gatherInvalid("shape", "step_only | merge_with_item | merge_as_named_array | item_only", String(shape));
  }
}

function readResult(entry: GatherEntry, from: string | undefined): JsonValue {
  if (from === undefined) return entry.last;
  const result = Object.hasOwn(entry.outputs, from) ? entry.outputs[from] : undefined;
  if (result !== undefined) return result;
  throw gatherInvalid("from", describeKeys(Object.keys(entry.outputs)), from);
}

function overlay(base: { readonly [key: string]: JsonValue | undefined }, top: typeof base): JsonValue {
  return Object.fromEntries([...Object.entries(base), ...Object.entries(top)]) as JsonValue;
}

function readItemField(item: JsonValue, field: string, index: number): JsonValue {
  const value = isJsonObject(item) && Object.hasOwn(item, field) ? item[field] : undefined;
  if (value !== undefined) return value;
  const expected = isJsonObject(item) ? describeKeys(Object.keys(item)) : "an object";
  throw gatherFailed(`item ${index} has no field "${field}"`, expected, describeValue(item));
}

function combine(results: readonly JsonValue[], options: GatherOptions, scope: TemplateScope | undefined): JsonValue {
  const { operation, reduceExpression } = options;
  if (reduceExpression !== undefined && operation !== "reduce") {
    throw gatherInvalid("operation", "reduce, because reduceExpression is given", operation);
  }
  if (operation === "collect") return results;
  if (operation === "flatten") return results.flatMap((result) => (isList(result) ? result : [result]));
  if (operation === "merge") return mergeAll(results);
  if (reduceExpression !== undefined) return reduceByExpression(results, reduceExpression, undefined, scope);
  return reduceByKind(results);
}

function mergeAll(results: readonly JsonValue[]): JsonValue {
  const entries = results.flatMap((result, index) => {
    if (isJsonObject(result)) return Object.entries(result);
    throw gatherFailed(`result ${index} cannot be merged`, "an object", describeValue(result));
  });
  return Object.fromEntries(entries) as JsonValue;
}

/** Numbers are added, lists and texts put together, objects merged. Mixed kinds have no sensible answer. */
function reduceByKind(results: readonly JsonValue[]): JsonValue {
  const values = results.filter((result) => result !== null);
  if (values.length === 0) return null;
  if (values.every((value) => typeof value === "number")) return sumExactly(values);
  if (values.every((value) => typeof value === "string")) return values.join("");
  if (values.every(isList)) return values.flat(1) as JsonValue;
  if (values.every(isJsonObject)) return mergeAll(values);
  const odd = values.find((value) => typeof value !== typeof values[0] || isList(value) !== isList(values[0])) ?? null;
  throw gatherFailed(
    "results of different kinds cannot be reduced",
    `all like ${describeValue(values[0])}, or a reduceExpression`,
    describeValue(odd),
  );
}

function gatherInvalid(field: string, expected: string, got: string): AppError {
  return new AppError("TRANSFORM_INVALID", `gather.${field}: expected ${expected}, got ${got}`, {
    details: { field: `gather.${field}`, expected, got },
  });
}

function gatherFailed(problem: string, expected: string, got: string): AppError {
  return new AppError("TRANSFORM_FAILED", `gather: ${problem}: expected ${expected}, got ${got}`, { details: { expected, got } });
}
