// Reading rows: the list that a transform works on and the fields of its items. Fields are lenient about absence, since real rows are ragged.
import { AppError } from "../../core/errors.ts";
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { describeKeys, describeValue } from "../describeValue.ts";
import { didYouMean } from "../didYouMean.ts";
import { isList } from "../lists.ts";
import { lookUpPath, parsePath, type PathSegment } from "../paths.ts";
import { scopeOf, type TemplateScope } from "../templates.ts";
import type { FieldName, TransformContext } from "./types.ts";

/** Joins and expansions multiply; beyond this an execution would run out of memory rather than fail with a message. */
export const MAX_ROWS = 1_000_000;

interface Facts {
  readonly field?: string;
  readonly expected: string;
  readonly got: string;
  readonly hint?: string;
}

/** The data do not suit the operation. */
export function transformFailed(operation: string, problem: string, facts: Facts): AppError {
  const { hint, ...details } = facts;
  const message = `transform ${operation}: ${problem}: expected ${facts.expected}, got ${facts.got}`;
  return new AppError("TRANSFORM_FAILED", message, { details, ...(hint !== undefined && { hint }) });
}

/** The configuration is wrong in a way that a schema cannot say. */
export function transformInvalid(operation: string, field: string, facts: { expected: string; got: string; hint?: string }): AppError {
  const { hint, ...details } = facts;
  const tail = hint === undefined ? "" : `; ${hint}`;
  const message = `transform ${operation}: config.${field}: expected ${facts.expected}, got ${facts.got}${tail}`;
  return new AppError("TRANSFORM_INVALID", message, {
    details: { field: `config.${field}`, ...details },
    hint: hint ?? settingsHint(operation),
  });
}

/** Where the settings of a transform are told. */
export function settingsHint(operation: string): string {
  return `docs/reference/transforms.md shows the settings of ${operation}, and an example`;
}

/** @throws AppError `TRANSFORM_FAILED` that names the lists inside, when the input is an object around one */
export function requireList(operation: string, input: JsonValue): readonly JsonValue[] {
  if (isList(input)) return input;
  const inner = isJsonObject(input) ? Object.keys(input).filter((key) => isList(input[key])) : [];
  throw transformFailed(operation, "input is not a list", {
    field: "input",
    expected: "a list",
    got: describeValue(input),
    ...(inner.length > 0 && { hint: `name the list inside it: .${inner.slice(0, 3).join(" or .")}` }),
  });
}

export function requireObject(operation: string, item: JsonValue | undefined, place: string): JsonObject {
  if (isJsonObject(item)) return item;
  throw transformFailed(operation, `${place} is not an object`, { field: place, expected: "an object", got: describeValue(item) });
}

/**
 * A key of exactly that spelling first, then a path; a leading `item.` may be written. Numbers are positions: of a list, or
 * of an object's values in order, which is how rows whose headers became keys are still read by column.
 */
export function readField(item: JsonValue, field: FieldName): JsonValue | undefined {
  if (typeof field === "number" || /^\d{1,6}$/.test(field)) return readPosition(item, field);
  if (isJsonObject(item) && Object.hasOwn(item, field)) return item[field];
  const lookup = lookUpPath(item, pathOf(field, item));
  return lookup.found ? lookup.value : undefined;
}

function readPosition(item: JsonValue, field: FieldName): JsonValue | undefined {
  if (isList(item)) return item[Number(field)];
  if (!isJsonObject(item)) return undefined;
  return Object.hasOwn(item, String(field)) ? item[String(field)] : Object.values(item)[Number(field)];
}

function pathOf(field: string, item: JsonValue): readonly PathSegment[] {
  let path: readonly PathSegment[];
  try {
    path = parsePath(field);
  } catch {
    // A header such as "Amount (EUR)" is a key, not a path.
    return [{ kind: "key", key: field }];
  }
  const [first] = path;
  const isPrefixed = path.length > 1 && first?.kind === "key" && first.key === "item";
  return isPrefixed && !(isJsonObject(item) && Object.hasOwn(item, "item")) ? path.slice(1) : path;
}

/**
 * The field of every row, null where a row lacks it.
 *
 * @throws AppError `TRANSFORM_FAILED` when no row has it, which is a wrong name rather than ragged data
 */
export function readColumn(operation: string, rows: readonly JsonValue[], field: FieldName): JsonValue[] {
  const values = rows.map((row) => readField(row, field));
  if (rows.length > 0 && values.every((value) => value === undefined)) throw unknownField(operation, rows[0], field);
  return values.map((value) => value ?? null);
}

function unknownField(operation: string, row: JsonValue | undefined, field: FieldName): AppError {
  const keys = isJsonObject(row) ? Object.keys(row) : [];
  const suggestion = didYouMean(String(field), keys);
  const tail = suggestion === undefined ? "" : `; did you mean "${suggestion}"?`;
  return transformFailed(operation, `no row has the field "${field}"${tail}`, {
    field: String(field),
    expected: isJsonObject(row) ? describeKeys(keys) : describeValue(row),
    got: JSON.stringify(field),
  });
}

/** Equal keys give equal texts. A number and its plain text are one key, since one system's 12 is another's "12"; "012" is not. */
export function keyOf(value: JsonValue | undefined): string {
  if (typeof value === "string") return String(Number(value)) === value ? `n${value}` : `s${value}`;
  if (typeof value === "number") return `n${value}`;
  return canonicalJson(value ?? null);
}

export function isBlank(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}

/** Runs what reads one item, so that its error says which. */
export function atItem<Result>(operation: string, index: number, run: () => Result): Result {
  try {
    return run();
  } catch (cause) {
    if (!AppError.is(cause)) throw cause;
    const options = { cause, details: { ...cause.details, field: `input[${index}]` }, hint: cause.hint };
    throw new AppError("TRANSFORM_FAILED", `transform ${operation}: item ${index}: ${cause.message}`, options);
  }
}

/** `item` and `index` over the names outside. */
export function itemScope(item: JsonValue, index: number, context: TransformContext): TemplateScope {
  return scopeOf({ item, index }, context.scope);
}

export function toFieldList(fields: FieldName | readonly FieldName[]): readonly FieldName[] {
  return typeof fields === "object" ? fields : [fields];
}
