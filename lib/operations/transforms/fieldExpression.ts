// The closed vocabulary of with_fields: a tree of named nodes, checked when the configuration is read and evaluated without any code from it.
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { evaluateCondition, parseCondition, type Condition } from "../conditions.ts";
import { readDate, type ReadDate } from "../dates.ts";
import { describeKeys, describeValue } from "../describeValue.ts";
import { didYouMean } from "../didYouMean.ts";
import { isList } from "../lists.ts";
import { readNumber } from "../numbers.ts";
import { calendarDayAt, isoDateOfDay } from "../timeZones.ts";
import { itemScope, readField, transformFailed, transformInvalid } from "./rows.ts";
import type { TransformContext } from "./types.ts";

interface FieldScope {
  readonly item: JsonValue;
  readonly index: number;
  readonly context: TransformContext;
}
export interface FieldExpression {
  /** False when the value is the same for every row. */
  readonly readsItem: boolean;
  readonly evaluate: (scope: FieldScope) => JsonValue;
}

const OPERATION = "with_fields";
const MAX_DEPTH = 30;
const MS_PER_DAY = 86_400_000;

interface Place {
  readonly where: string;
  readonly depth: number;
}
type Compile = (node: JsonObject, place: Place) => FieldExpression;

/** Node kinds, the fields each may have, and how it is compiled. */
export const FIELD_EXPRESSION_KINDS: Readonly<Record<string, { readonly fields: readonly string[]; readonly compile: Compile }>> = {
  literal: { fields: ["value"], compile: (node, place) => constant(requireField(node, "value", place)) },
  ref: { fields: ["ref", "slot", "field"], compile: compileRef },
  config: { fields: ["key"], compile: compileConfig },
  concat: { fields: ["args", "separator"], compile: compileConcat },
  if: { fields: ["condition", "then", "else"], compile: compileIf },
  today: { fields: [], compile: () => ({ readsItem: false, evaluate: ({ context }) => isoDateOfDay(dayOf(context.nowMs, context)) }) },
  date_diff: { fields: ["left", "right", "unit"], compile: compileDateDiff },
  date_add: { fields: ["date", "days"], compile: compileDateAdd },
  null_check: { fields: ["value", "invert"], compile: compileNullCheck },
  all_not_null: { fields: ["refs"], compile: compileAllNotNull },
};

/** @throws AppError `TRANSFORM_INVALID` naming the node */
export function compileFieldExpression(node: JsonValue, where: string, depth = 0): FieldExpression {
  if (depth > MAX_DEPTH) throw transformInvalid(OPERATION, where, { expected: `at most ${MAX_DEPTH} levels`, got: "more" });
  const names = Object.keys(FIELD_EXPRESSION_KINDS);
  if (!isJsonObject(node))
    throw transformInvalid(OPERATION, where, { expected: `{kind: ${names.join(" | ")}, …}`, got: describeValue(node) });
  const kind =
    typeof node["kind"] === "string" && Object.hasOwn(FIELD_EXPRESSION_KINDS, node["kind"])
      ? FIELD_EXPRESSION_KINDS[node["kind"]]
      : undefined;
  if (kind === undefined) {
    const suggestion = typeof node["kind"] === "string" ? didYouMean(node["kind"], names) : undefined;
    const hint = suggestion === undefined ? {} : { hint: `did you mean "${suggestion}"?` };
    throw transformInvalid(OPERATION, `${where}.kind`, { expected: names.join(" | "), got: describeValue(node["kind"]), ...hint });
  }
  for (const key of Object.keys(node)) {
    if (key !== "kind" && !kind.fields.includes(key))
      throw transformInvalid(OPERATION, `${where}.${key}`, { expected: describeKeys(kind.fields), got: key });
  }
  return kind.compile(node, { where, depth: depth + 1 });
}

function constant(value: JsonValue): FieldExpression {
  return { readsItem: false, evaluate: () => value };
}

function requireField(node: JsonObject, name: string, place: Place): JsonValue {
  const value = node[name];
  if (value !== undefined) return value;
  throw transformInvalid(OPERATION, `${place.where}.${name}`, { expected: "a value", got: "nothing" });
}

function requireText(node: JsonObject, name: string, place: Place): string {
  const value = requireField(node, name, place);
  if (typeof value === "string" && value !== "") return value;
  throw transformInvalid(OPERATION, `${place.where}.${name}`, { expected: "a text", got: describeValue(value) });
}

function child(node: JsonObject, name: string, place: Place): FieldExpression {
  return compileFieldExpression(requireField(node, name, place), `${place.where}.${name}`, place.depth);
}

/** `ref: item` reads the row, any other name a value outside. An absent field is null. */
function compileRef(node: JsonObject, place: Place): FieldExpression {
  const name = requireText(node, node["slot"] === undefined ? "ref" : "slot", place);
  const field = node["field"] === undefined ? undefined : requireText(node, "field", place);
  const pick = (value: JsonValue): JsonValue => (field === undefined ? value : (readField(value, field) ?? null));
  if (name === "item") return { readsItem: true, evaluate: ({ item }) => pick(item) };
  return { readsItem: false, evaluate: ({ context }) => pick(readOuter(name, context)) };
}

function readOuter(name: string, context: TransformContext): JsonValue {
  const lookup = context.scope?.get(name);
  if (lookup?.found === true) return lookup.value;
  const known = ["item", ...(context.scope?.roots() ?? [])];
  throw transformFailed(OPERATION, `ref "${name}" is not a known name`, { field: name, expected: describeKeys(known), got: name });
}

/** A run input: `config(key)` is `input.key`. */
function compileConfig(node: JsonObject, place: Place): FieldExpression {
  const key = requireText(node, "key", place);
  return {
    readsItem: false,
    evaluate: ({ context }) => {
      const inputs = readOuter("input", context);
      const value = readField(inputs, key);
      if (value !== undefined) return value;
      const expected = isJsonObject(inputs) ? describeKeys(Object.keys(inputs)) : "an input";
      throw transformFailed(OPERATION, `input has no "${key}"`, { field: key, expected, got: key });
    },
  };
}

function compileConcat(node: JsonObject, place: Place): FieldExpression {
  const args = node["args"];
  if (!isList(args))
    throw transformInvalid(OPERATION, `${place.where}.args`, { expected: "a list of expressions", got: describeValue(args) });
  const parts = args.map((arg, index) =>
    typeof arg === "string" ? constant(arg) : compileFieldExpression(arg, `${place.where}.args[${index}]`, place.depth),
  );
  const separator = node["separator"] === undefined ? "" : requireText(node, "separator", place);
  return {
    readsItem: parts.some((part) => part.readsItem),
    evaluate: (scope) => parts.map((part) => toText(part.evaluate(scope))).join(separator),
  };
}

function toText(value: JsonValue): string {
  if (value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function compileIf(node: JsonObject, place: Place): FieldExpression {
  const test = compileTest(requireField(node, "condition", place), place);
  const [whenTrue, whenFalse] = [child(node, "then", place), node["else"] === undefined ? constant(null) : child(node, "else", place)];
  return {
    readsItem: test.readsItem || whenTrue.readsItem || whenFalse.readsItem,
    evaluate: (scope) => (test.evaluate(scope) === true ? whenTrue : whenFalse).evaluate(scope),
  };
}

/** A condition of any form, or a null_check or all_not_null node. */
function compileTest(source: JsonValue, place: Place): FieldExpression {
  const where = `${place.where}.condition`;
  const kind = isJsonObject(source) ? source["kind"] : undefined;
  if (kind === "null_check" || kind === "all_not_null") return compileFieldExpression(source, where, place.depth);
  let condition: Condition;
  try {
    condition = parseCondition(source, where);
  } catch (cause) {
    if (!AppError.is(cause)) throw cause;
    const options = { cause, details: cause.details, hint: cause.hint };
    throw new AppError("TRANSFORM_INVALID", `transform ${OPERATION}: config.${cause.message}`, options);
  }
  const evaluate = ({ item, index, context }: FieldScope): boolean => {
    const { nowMs, timeZone } = context;
    const zone = timeZone === undefined ? {} : { timeZone };
    const perItem = { item, names: ["item", "index"] };
    return evaluateCondition(condition, itemScope(item, index, context), { nowMs, ...zone, perItem });
  };
  return { readsItem: true, evaluate };
}

/** Whole days on the zone's calendar, so that this evening to tomorrow morning is one. Null when a side is null. */
function compileDateDiff(node: JsonObject, place: Place): FieldExpression {
  const [left, right] = [child(node, "left", place), child(node, "right", place)];
  if (node["unit"] !== undefined && node["unit"] !== "days") {
    throw transformInvalid(OPERATION, `${place.where}.unit`, { expected: "days", got: describeValue(node["unit"]) });
  }
  const evaluate = (scope: FieldScope): JsonValue => {
    const [first, second] = [toDate(left.evaluate(scope), scope), toDate(right.evaluate(scope), scope)];
    return first === null || second === null ? null : dayOf(first.ms, scope.context) - dayOf(second.ms, scope.context);
  };
  return { readsItem: left.readsItem || right.readsItem, evaluate };
}

/** A date stays a date, an instant an instant. */
function compileDateAdd(node: JsonObject, place: Place): FieldExpression {
  const date = child(node, "date", place);
  const days = typeof node["days"] === "number" ? constant(node["days"]) : child(node, "days", place);
  const evaluate = (scope: FieldScope): JsonValue => {
    const start = toDate(date.evaluate(scope), scope);
    const added = days.evaluate(scope);
    if (start === null || added === null) return null;
    const count = readNumber(added);
    if (count === undefined)
      throw transformFailed(OPERATION, "date_add: days is not a number", { expected: "a number of days", got: describeValue(added) });
    if (start.isDateOnly) return isoDateOfDay(dayOf(start.ms, scope.context) + Math.round(count));
    return new Date(start.ms + count * MS_PER_DAY).toISOString();
  };
  return { readsItem: date.readsItem || days.readsItem, evaluate };
}

function toDate(value: JsonValue, { context, index }: FieldScope): ReadDate | null {
  if (value === null || value === "") return null;
  const date = readDate(value, context.timeZone);
  if (date !== undefined) return date;
  throw transformFailed(OPERATION, `item ${index} has no readable date`, {
    expected: "a date such as 2024-12-31",
    got: describeValue(value),
  });
}

function dayOf(ms: number, context: TransformContext): number {
  return calendarDayAt(ms, context.timeZone ?? "UTC");
}

/** True when the value is null, absent or blank text; `invert` turns it round. */
function compileNullCheck(node: JsonObject, place: Place): FieldExpression {
  const value = child(node, "value", place);
  const inverted = node["invert"] === true;
  return { readsItem: value.readsItem, evaluate: (scope) => isNothing(value.evaluate(scope)) !== inverted };
}

function compileAllNotNull(node: JsonObject, place: Place): FieldExpression {
  const refs = node["refs"];
  if (!isList(refs) || refs.length === 0) {
    throw transformInvalid(OPERATION, `${place.where}.refs`, { expected: "a list of field names", got: describeValue(refs) });
  }
  const parts = refs.map((ref, index): FieldExpression => {
    if (typeof ref !== "string") return compileFieldExpression(ref, `${place.where}.refs[${index}]`, place.depth);
    return { readsItem: true, evaluate: ({ item }) => readField(item, ref) ?? null };
  });
  return { readsItem: parts.some((part) => part.readsItem), evaluate: (scope) => parts.every((part) => !isNothing(part.evaluate(scope))) };
}

function isNothing(value: JsonValue): boolean {
  return value === null || (typeof value === "string" && value.trim() === "");
}
