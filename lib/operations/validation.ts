// Checking data against a schema and rules. Every defect is reported, each with its place; nothing is repaired unless coercion is asked for.
import type { ErrorObject } from "ajv";
import { AppError } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { evaluateCondition, parseCondition } from "./conditions.ts";
import { describeValue } from "./describeValue.ts";
import { isList } from "./lists.ts";
import { readNumber } from "./numbers.ts";
import { formatPath, lookUpPath, parsePath, type PathSegment } from "./paths.ts";
import { toJsonSchema } from "./schemaForm.ts";
import { findValidator } from "./schemaValidators.ts";
import { scopeOf, type TemplateScope } from "./templates.ts";

export interface Defect {
  /** `items[2].price`; empty for the value itself. */
  readonly path: string;
  readonly message: string;
  readonly expected?: string;
  readonly got?: string;
}

export interface DataRule {
  /** What the rule is about; `rows[*].amount` checks each. Absent: the whole data. */
  readonly field?: string;
  /** Any form of condition, on `value` (the field), `data` (all) and, bare, the fields of `data`. */
  readonly condition: JsonValue;
  readonly message?: string;
}

export interface ValidationContext {
  readonly nowMs: number;
  readonly timeZone?: string;
  readonly scope?: TemplateScope;
}

const MAX_DEFECTS = 1_000;

/**
 * @param schema the short form or JSON Schema
 * @throws AppError `CONDITION_INVALID` for a malformed rule; a schema that does not compile is a defect of its own
 */
export function validateData(
  data: JsonValue,
  schema: JsonValue | undefined,
  rules: readonly DataRule[],
  context: ValidationContext,
): Defect[] {
  const defects = schema === undefined ? [] : checkAgainstSchema(data, schema);
  for (const [index, rule] of rules.entries()) defects.push(...checkRule(data, rule, `rules[${index}]`, context));
  if (defects.length <= MAX_DEFECTS) return defects;
  const rest = defects.length - MAX_DEFECTS;
  return [...defects.slice(0, MAX_DEFECTS), { path: "", message: `and ${rest} more defects` }];
}

/** Why a schema does not compile; empty when it does. */
export function checkSchema(schema: JsonValue): Defect[] {
  const outcome = findValidator(schema);
  return outcome.ok
    ? []
    : [{ path: "schema", message: `does not compile: ${outcome.reason}`, expected: "JSON Schema", got: describeValue(schema) }];
}

function checkAgainstSchema(data: JsonValue, schema: JsonValue): Defect[] {
  const outcome = findValidator(schema);
  if (!outcome.ok) return checkSchema(schema);
  const defects = new Map<string, Defect>();
  for (const error of outcome.validator.check(data)) {
    const defect = toDefect(error);
    // Branches of anyOf repeat what other branches said.
    defects.set(`${defect.path}\u0000${defect.message}\u0000${defect.expected}`, defect);
  }
  return [...defects.values()];
}

function toDefect(error: ErrorObject): Defect {
  const path = toSegments(error.instancePath);
  const params = error.params as Readonly<Record<string, JsonValue | undefined>>;
  const at = (key: string): string => formatPath([...path, { kind: "key", key }]);
  const missing = params["missingProperty"];
  if (typeof missing === "string") {
    const expected = isJsonObject(error.parentSchema) ? expectedType(error.parentSchema, missing) : "a value";
    return { path: at(missing), message: "is required", expected, got: "nothing" };
  }
  const extra = params["additionalProperty"] ?? params["unevaluatedProperty"];
  if (typeof extra === "string") return { path: at(extra), message: "is not a known field", expected: "no such field", got: "one" };
  const expected = describeExpected(params);
  const got = describeValue(error.data as JsonValue | undefined);
  return { path: formatPath(path), message: error.message ?? error.keyword, ...(expected !== undefined && { expected }), got };
}

const EXPECTATIONS = ["allowedValues", "allowedValue", "type", "format", "pattern", "limit"];

function describeExpected(params: Readonly<Record<string, JsonValue | undefined>>): string | undefined {
  const name = EXPECTATIONS.find((key) => params[key] !== undefined);
  const expected = name === undefined ? undefined : params[name];
  if (expected === undefined) return undefined;
  return (isList(expected) ? expected : [expected]).map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" | ");
}

function expectedType(schema: JsonObject, field: string): string {
  const properties = schema["properties"];
  const property = isJsonObject(properties) ? properties[field] : undefined;
  return isJsonObject(property) && typeof property["type"] === "string" ? property["type"] : "a value";
}

function toSegments(pointer: string): PathSegment[] {
  const parts = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return parts.map((part): PathSegment => (/^\d{1,9}$/.test(part) ? { kind: "index", index: Number(part) } : { kind: "key", key: part }));
}

function checkRule(data: JsonValue, rule: DataRule, where: string, context: ValidationContext): Defect[] {
  const source = withDefaultField(rule.condition);
  const condition = parseCondition(source, `${where}.condition`);
  const targets = rule.field === undefined ? [{ path: [], value: data }] : expandTargets(data, parsePath(rule.field));
  const expected = describeRule(rule.condition);
  const { nowMs, timeZone } = context;
  const options = { nowMs, ...(timeZone !== undefined && { timeZone }) };
  const defects: Defect[] = [];
  for (const { path, value } of targets) {
    const scope = scopeOf(toNames(data, value), context.scope);
    let problem: string | undefined;
    try {
      const perItem = { item: toNames(data, value), names: [] };
      if (!evaluateCondition(condition, scope, { ...options, perItem })) problem = rule.message ?? "breaks a rule";
    } catch (cause) {
      if (!AppError.is(cause)) throw cause;
      // Data on which a rule cannot even be evaluated do not pass it.
      problem = `${rule.message ?? "breaks a rule"} (${cause.message})`;
    }
    if (problem !== undefined) defects.push({ path: formatPath(path), message: problem, expected, got: describeValue(value) });
  }
  return defects;
}

/** What a rule may name: the fields of the data, `data` itself, and `value`, the field that the rule is about, when it is there. */
function toNames(data: JsonValue, value: JsonValue | undefined): Record<string, JsonValue> {
  const fields = isJsonObject(data) ? Object.entries(data).filter(([key, member]) => key !== "value" && member !== undefined) : [];
  return Object.fromEntries([...fields, ["data", data], ...(value === undefined ? [] : [["value", value]])]) as Record<string, JsonValue>;
}

/** `{operator, value}` in a rule is about the rule's own field. */
function withDefaultField(condition: JsonValue): JsonValue {
  const isShort =
    isJsonObject(condition) && condition["operator"] !== undefined && condition["field"] === undefined && condition["left"] === undefined;
  return isShort ? { ...condition, field: "value" } : condition;
}

function describeRule(condition: JsonValue): string {
  if (typeof condition === "string") return condition;
  if (!isJsonObject(condition) || typeof condition["operator"] !== "string") return "the rule's condition to hold";
  const value = condition["value"];
  return value === undefined ? condition["operator"] : `${condition["operator"]} ${describeValue(value)}`;
}

interface Target {
  readonly path: readonly PathSegment[];
  /** `undefined`: absent. */
  readonly value: JsonValue | undefined;
}

function expandTargets(data: JsonValue, segments: readonly PathSegment[]): Target[] {
  const position = segments.findIndex((segment) => segment.kind === "each");
  if (position === -1) {
    const lookup = lookUpPath(data, segments);
    return [{ path: segments, value: lookup.found ? lookup.value : undefined }];
  }
  const before = segments.slice(0, position);
  const list = lookUpPath(data, before);
  if (!list.found || !isList(list.value)) return [{ path: before, value: list.found ? list.value : undefined }];
  return list.value.flatMap((element, index) =>
    expandTargets(element, segments.slice(position + 1)).map((target) => ({
      path: [...before, { kind: "index", index } as const, ...target.path],
      value: target.value,
    })),
  );
}

/** Numeric and boolean texts as the schema's numbers and booleans, where it allows no text. Nothing is added, removed or guessed. */
export function coerceToSchema(data: JsonValue, schema: JsonValue): JsonValue {
  const root = toJsonSchema(schema);
  return coerce(data, root, root, 0);
}

function coerce(data: JsonValue, schema: JsonValue | undefined, root: JsonValue, depth: number): JsonValue {
  if (!isJsonObject(schema) || depth > 100) return data;
  if (typeof schema["$ref"] === "string") return coerce(data, resolveReference(schema["$ref"], root), root, depth + 1);
  if (isList(data)) {
    const items = schema["items"];
    return isJsonObject(items) ? data.map((element) => coerce(element, items, root, depth + 1)) : data;
  }
  if (isJsonObject(data)) {
    const { properties, additionalProperties } = schema;
    const member = (key: string): JsonValue | undefined =>
      isJsonObject(properties) && Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    const entries = Object.entries(data).map(([key, value]) => [
      key,
      value === undefined ? undefined : coerce(value, member(key), root, depth + 1),
    ]);
    return Object.fromEntries(entries) as JsonObject;
  }
  return typeof data === "string" ? coerceText(data, schema["type"]) : data;
}

function coerceText(text: string, type: JsonValue | undefined): JsonValue {
  const types = isList(type) ? type.filter((name) => name !== "null") : [type];
  if (types.length !== 1) return text;
  if (types[0] === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (types[0] !== "number" && types[0] !== "integer") return text;
  const number = readNumber(text);
  return number === undefined || (types[0] === "integer" && !Number.isInteger(number)) ? text : number;
}

function resolveReference(reference: string, root: JsonValue): JsonValue | undefined {
  if (!reference.startsWith("#/")) return reference === "#" ? root : undefined;
  const lookup = lookUpPath(root, toSegments(reference.slice(1)));
  return lookup.found ? lookup.value : undefined;
}
