// Conditions: the structured forms and CEL text, normalised to one union and evaluated with typed operands. Values are never spliced into expression text.
import { AppError } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { compileCel, type CompiledCel } from "./cel.ts";
import { evaluateCel } from "./celScope.ts";
import { findOperator, OPERATORS, operatorNames, type Operator, type OperatorContext } from "./conditionOperators.ts";
import { describeKeys, describeValue } from "./describeValue.ts";
import { didYouMean } from "./didYouMean.ts";
import { isList } from "./lists.ts";
import { readNumber } from "./numbers.ts";
import { describeFailure, lookUpPath, parsePath, type PathLookup, type PathSegment } from "./paths.ts";
import { compilePattern } from "./regularExpressions.ts";
import { lookUpInScope, parseTemplate, resolveTemplates, templateReferences, type TemplateScope } from "./templates.ts";

type Operand =
  /** `isTemplate`: written as `{{…}}`, so it names the outer scope even in a per-item condition. */
  | {
      readonly kind: "path";
      readonly text: string;
      readonly root: string;
      readonly path: readonly PathSegment[];
      readonly isTemplate: boolean;
    }
  /** May hold templates. */
  | { readonly kind: "value"; readonly value: JsonValue };

export type Condition =
  | { readonly kind: "comparison"; readonly operator: Operator; readonly left: Operand; readonly right: Operand | undefined }
  | { readonly kind: "and"; readonly conditions: readonly Condition[] }
  | { readonly kind: "or"; readonly conditions: readonly Condition[] }
  | { readonly kind: "not"; readonly condition: Condition }
  | { readonly kind: "cel"; readonly compiled: CompiledCel };

export interface ConditionOptions {
  /** For `within_last_days`; milliseconds since the epoch. */
  readonly nowMs: number;
  /** IANA name. @defaultValue `UTC` */
  readonly timeZone?: string;
  /** For conditions on each row of data: a bare field is read from `item`, an absent field is no error, and what cannot be ordered is false. */
  readonly perItem?: { readonly item: JsonValue; readonly names: readonly string[] };
}

export interface ConditionReference {
  readonly root: string;
  readonly path: readonly PathSegment[];
  /** The condition asks whether it exists, so a missing path is an answer. */
  readonly mayBeMissing: boolean;
  /** False for a bare field, which in a per-item condition belongs to the row. */
  readonly isOuter: boolean;
}

const MAX_DEPTH = 50;
const FORMS = "CEL text, {field, operator, value}, {conditionType: complex_and, conditions} or {kind: and, …}";
const OPERATOR_FIX = "use one of these; docs/reference/conditions.md says what each does";
const LOGICAL = { complex_and: "and", complex_or: "or", and: "and", or: "or", complex_not: "not", not: "not" } as const;

/** @throws AppError `CONDITION_INVALID` naming the place inside the condition */
export function parseCondition(raw: JsonValue, where = "condition"): Condition {
  return parseAt(raw, where, 0);
}

function parseAt(raw: JsonValue, where: string, depth: number): Condition {
  if (depth > MAX_DEPTH)
    throw invalid(where, "is nested too deeply", {
      expected: `at most ${MAX_DEPTH} levels`,
      got: "more",
      fix: "split it over several steps",
    });
  if (typeof raw === "string") return { kind: "cel", compiled: compileText(raw, where) };
  if (!isJsonObject(raw))
    throw invalid(where, "is not a condition", {
      expected: FORMS,
      got: describeValue(raw),
      fix: "write CEL text such as step1.total > 10",
    });
  const type = raw["kind"] ?? raw["conditionType"] ?? raw["type"];
  if (typeof type === "string" && Object.hasOwn(LOGICAL, type))
    return parseLogical(raw, LOGICAL[type as keyof typeof LOGICAL], where, depth);
  if (type === "comparison") return parseTree(raw, where);
  if (type === undefined || type === "simple") return parseSimple(raw, where);
  const known = ["simple", "comparison", ...Object.keys(LOGICAL)];
  throw invalid(
    where,
    "has an unknown type",
    { expected: known.join(" | "), got: describeValue(type), fix: "use one of the listed types" },
    suggest(type, known),
  );
}

function compileText(text: string, where: string): CompiledCel {
  try {
    return compileCel(text, undefined, "condition");
  } catch (cause) {
    if (!AppError.is(cause)) throw cause;
    throw new AppError(cause.code, `${where}: ${cause.message}`, { cause, details: { ...cause.details, field: where }, hint: cause.hint });
  }
}

function parseLogical(raw: JsonObject, kind: "and" | "or" | "not", where: string, depth: number): Condition {
  if (kind === "not") {
    checkKeys(raw, ["condition", "operand"], where);
    const inner = raw["condition"] ?? raw["operand"];
    if (inner === undefined)
      throw invalid(`${where}.condition`, "is missing", { expected: FORMS, got: "nothing", fix: "add the condition that is turned round" });
    return { kind, condition: parseAt(inner, `${where}.condition`, depth + 1) };
  }
  checkKeys(raw, ["conditions", "operands"], where);
  const key = raw["conditions"] === undefined && raw["operands"] !== undefined ? "operands" : "conditions";
  const inner = raw[key];
  if (!isList(inner) || inner.length === 0) {
    throw invalid(`${where}.${key}`, "is not a list of conditions", {
      expected: "a list with at least one condition",
      got: describeValue(inner),
      fix: "add `conditions` with a list of conditions",
    });
  }
  return { kind, conditions: inner.map((condition, index) => parseAt(condition, `${where}.${key}[${index}]`, depth + 1)) };
}

function parseSimple(raw: JsonObject, where: string): Condition {
  checkKeys(raw, ["field", "operator", "value"], where);
  const { field, value } = raw;
  if (typeof field !== "string" || field.trim() === "") {
    throw invalid(`${where}.field`, "is not a path", {
      expected: "a path such as step1.data.count or item.status",
      got: describeValue(field),
      fix: "name what is compared, such as `field: step1.total`",
    });
  }
  const right: Operand | undefined = value === undefined ? undefined : { kind: "value", value };
  return comparison(raw["operator"], parseField(field, `${where}.field`), right, where);
}

function parseTree(raw: JsonObject, where: string): Condition {
  checkKeys(raw, ["operator", "left", "right"], where);
  const left = parseOperand(raw["left"], `${where}.left`);
  const right = raw["right"] === undefined ? undefined : parseOperand(raw["right"], `${where}.right`);
  return comparison(raw["operator"], left, right, where);
}

function parseOperand(raw: JsonValue | undefined, where: string): Operand {
  const expected = "{kind: literal, value} or {kind: ref, path}";
  const fix = "write {kind: ref, path: step1.total} or {kind: literal, value: 10}";
  if (!isJsonObject(raw)) throw invalid(where, "is not an operand", { expected, got: describeValue(raw), fix });
  if (raw["kind"] === "literal" && raw["value"] !== undefined) return { kind: "value", value: raw["value"] };
  if (raw["kind"] !== "ref") throw invalid(where, "is not an operand", { expected, got: describeValue(raw["kind"]), fix });
  const parts = [raw["path"] ?? raw["ref"], raw["field"]].filter((part) => part !== undefined);
  if (parts.length === 0 || !parts.every((part) => typeof part === "string"))
    throw invalid(where, "names no path", { expected, got: describeValue(raw), fix });
  return parseField(parts.join("."), where);
}

function parseField(text: string, where: string): Operand {
  try {
    if (!text.includes("{{")) {
      const [first, ...path] = parsePath(text);
      if (first?.kind === "key") return { kind: "path", text, root: first.key, path, isTemplate: false };
      throw invalid(where, "does not begin with a name", {
        expected: "a path such as item.status",
        got: text,
        fix: "begin with the id of a step, with item or with input",
      });
    }
    const parts = parseTemplate(text.trim(), where);
    const [only] = parts;
    if (parts.length === 1 && only?.kind === "template") return { ...only, kind: "path", text: only.expression, isTemplate: true };
    return { kind: "value", value: text };
  } catch (cause) {
    if (AppError.is(cause, "TEMPLATE_INVALID")) throw invalid(where, cause.message, {}, cause.hint, cause);
    throw cause;
  }
}

function comparison(name: JsonValue | undefined, left: Operand, right: Operand | undefined, where: string): Condition {
  const operator = typeof name === "string" ? findOperator(name.trim()) : undefined;
  if (operator === undefined) {
    const expected = Object.keys(OPERATORS).join(" ");
    throw invalid(
      `${where}.operator`,
      "is unknown",
      { expected, got: describeValue(name), fix: OPERATOR_FIX },
      suggest(name, operatorNames()),
    );
  }
  const kind = OPERATORS[operator].value;
  if (kind === "none") return { kind: "comparison", operator, left, right: undefined };
  if (right === undefined)
    throw invalid(`${where}.value`, `is missing for ${operator}`, {
      expected: "a value to compare with",
      got: "nothing",
      fix: "add `value`, or ask with exists or is_empty, which take none",
    });
  if (right.kind === "value" && !hasTemplates(right.value)) checkLiteral(kind, right.value, `${where}.value`);
  return { kind: "comparison", operator, left, right };
}

function checkLiteral(kind: "any" | "pattern" | "days", value: JsonValue, where: string): void {
  if (kind === "days" && (readNumber(value) ?? -1) < 0)
    throw invalid(where, "is not a number of days", {
      expected: "a number from 0",
      got: describeValue(value),
      fix: "write a number of days, such as 7",
    });
  if (kind !== "pattern") return;
  if (typeof value !== "string")
    throw invalid(where, "is not a pattern", {
      expected: "a regular expression as text",
      got: describeValue(value),
      fix: "write the pattern in quotes",
    });
  try {
    compilePattern(value);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(
      where,
      `is not a valid pattern: ${reason}`,
      {
        expected: "an RE2 regular expression",
        got: describeValue(value),
        fix: "mend the pattern; RE2 has no look-around and no back-references",
      },
      undefined,
      cause,
    );
  }
}

function hasTemplates(value: JsonValue): boolean {
  return typeof value === "object" || (typeof value === "string" && value.includes("{{"));
}

/** @throws AppError `CONDITION_FAILED` when a name or field does not exist, or operands cannot be compared */
export function evaluateCondition(condition: Condition, scope: TemplateScope, options: ConditionOptions): boolean {
  if (condition.kind === "and") return condition.conditions.every((inner) => evaluateCondition(inner, scope, options));
  if (condition.kind === "or") return condition.conditions.some((inner) => evaluateCondition(inner, scope, options));
  if (condition.kind === "not") return !evaluateCondition(condition.condition, scope, options);
  if (condition.kind === "comparison") return compare(condition, scope, options);
  const result = evaluateCel(condition.compiled, scope, "condition");
  if (typeof result === "boolean") return result;
  const got = describeValue(result);
  throw failed(`condition "${condition.compiled.source}" gave ${got}: expected true or false`, "true or false", got);
}

function compare(condition: Condition & { readonly kind: "comparison" }, scope: TemplateScope, options: ConditionOptions): boolean {
  const entry = OPERATORS[condition.operator];
  const left = readOperand(condition.left, scope, options, entry.acceptsAbsent);
  const right = condition.right === undefined ? undefined : readOperand(condition.right, scope, options, false);
  const context: OperatorContext = { nowMs: options.nowMs, timeZone: options.timeZone ?? "UTC" };
  let result: boolean | undefined;
  try {
    result = entry.compare(left, right, context);
  } catch (cause) {
    // A pattern that came from data; a literal one was checked when the condition was parsed.
    if (AppError.is(cause)) throw cause;
    throw failed(
      `${condition.operator}: ${cause instanceof Error ? cause.message : String(cause)}`,
      entry.operands,
      describeValue(right),
      cause,
    );
  }
  if (result !== undefined) return result;
  if (options.perItem !== undefined) return false;
  const got = `${describeValue(left)} and ${describeValue(right)}`;
  const subject = condition.left.kind === "path" ? `${condition.left.text} ` : "";
  throw failed(`${subject}${condition.operator} cannot compare ${got}: expected ${entry.operands}`, entry.operands, got);
}

function readOperand(operand: Operand, scope: TemplateScope, options: ConditionOptions, acceptsAbsent: boolean): JsonValue | undefined {
  if (operand.kind === "value") return resolveTemplates(operand.value, scope, "value");
  const lookup = lookUpOperand(operand, scope, options);
  if (lookup.found) return lookup.value;
  const isKnownRoot = options.perItem !== undefined || scope.get(operand.root).found;
  if (isKnownRoot && (acceptsAbsent || options.perItem !== undefined)) return undefined;
  throw failed(`field ${operand.text}: ${describeFailure(lookup.at, lookup)}`, lookup.expected, lookup.got);
}

function lookUpOperand(operand: Operand & { readonly kind: "path" }, scope: TemplateScope, options: ConditionOptions): PathLookup {
  const { perItem } = options;
  if (perItem === undefined || operand.isTemplate || perItem.names.includes(operand.root))
    return lookUpInScope(operand.root, operand.path, scope);
  return lookUpPath(perItem.item, [{ kind: "key", key: operand.root }, ...operand.path]);
}

/** Everything that the condition reads. */
export function conditionReferences(condition: Condition): ConditionReference[] {
  if (condition.kind === "and" || condition.kind === "or") return condition.conditions.flatMap(conditionReferences);
  if (condition.kind === "not") return conditionReferences(condition.condition);
  if (condition.kind === "cel")
    return condition.compiled.paths.map(({ root, path }) => ({ root, path, mayBeMissing: false, isOuter: true }));
  const mayBeMissing = OPERATORS[condition.operator].acceptsAbsent;
  return [condition.left, condition.right].flatMap((operand) => operandReferences(operand, mayBeMissing));
}

function operandReferences(operand: Operand | undefined, mayBeMissing: boolean): ConditionReference[] {
  if (operand === undefined) return [];
  if (operand.kind === "path") return [{ root: operand.root, path: operand.path, mayBeMissing, isOuter: operand.isTemplate }];
  return templateReferences(operand.value).map(({ root, path }) => ({ root, path, mayBeMissing: false, isOuter: true }));
}

function checkKeys(raw: JsonObject, known: readonly string[], where: string): void {
  const all = [...known, "kind", "conditionType", "type", "description"];
  for (const key of Object.keys(raw)) {
    if (all.includes(key) || raw[key] === undefined) continue;
    throw invalid(
      `${where}.${key}`,
      "is not a known field",
      { expected: describeKeys(known), got: key, fix: "take it out" },
      suggest(key, known),
    );
  }
}

function suggest(word: JsonValue | undefined, known: readonly string[]): string | undefined {
  const suggestion = typeof word === "string" ? didYouMean(word, known) : undefined;
  return suggestion === undefined ? undefined : `did you mean "${suggestion}"?`;
}

interface Facts {
  readonly expected?: string;
  readonly got?: string;
  /** What helps when no better hint is at hand; not part of the message. */
  readonly fix?: string;
}

// oxlint-disable-next-line max-params -- the place, the problem and its facts are one sentence
function invalid(where: string, problem: string, { fix, ...facts }: Facts, hint?: string, cause?: unknown): AppError {
  const told = hint ?? fix;
  const expected = facts.expected === undefined ? "" : `: expected ${facts.expected}, got ${facts.got}`;
  return new AppError("CONDITION_INVALID", `${where} ${problem}${expected}${hint === undefined ? "" : `; ${hint}`}`, {
    details: { field: where, ...facts },
    ...(told !== undefined && { hint: told }),
    ...(cause !== undefined && { cause }),
  });
}

function failed(message: string, expected: string, got: string, cause?: unknown): AppError {
  return new AppError("CONDITION_FAILED", message, { details: { expected, got }, ...(cause !== undefined && { cause }) });
}
