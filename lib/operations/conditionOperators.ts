// The comparison operators of structured conditions: their names, aliases and typed semantics. Operands come resolved; nothing here reads a scope.
import { isJsonObject, type JsonValue } from "../core/json.ts";
import { readDate } from "./dates.ts";
import { isList } from "./lists.ts";
import { readNumber } from "./numbers.ts";
import { matchesPattern } from "./regularExpressions.ts";
import { calendarDayAt } from "./timeZones.ts";

export interface OperatorContext {
  readonly nowMs: number;
  readonly timeZone: string;
}

/** `undefined` as an operand: the field is absent. `undefined` as a result: the operands cannot be compared this way. */
type Compare = (left: JsonValue | undefined, right: JsonValue | undefined, context: OperatorContext) => boolean | undefined;

interface OperatorEntry {
  readonly aliases: readonly string[];
  /** `none`: the operator takes no value. */
  readonly value: "any" | "none" | "pattern" | "days";
  /** What the operands must be, for the error when they are not. */
  readonly operands: string;
  /** True: an absent left side is an answer, not an error. */
  readonly acceptsAbsent: boolean;
  readonly compare: Compare;
}

function entry(aliases: string, compare: Compare, options: Partial<Omit<OperatorEntry, "aliases" | "compare">> = {}): OperatorEntry {
  return {
    aliases: aliases.split(" ").filter((alias) => alias !== ""),
    value: "any",
    operands: "values that can be compared",
    acceptsAbsent: false,
    compare,
    ...options,
  };
}

const ORDERED = { operands: "two numbers (or numeric texts), two dates or two texts" };
const DATES = { operands: "dates, such as 2024-12-31" };
const UNARY = { value: "none", acceptsAbsent: true } as const;

export const OPERATORS = {
  "==": entry("equals eq = ===", (left, right) => equalValues(left, right)),
  "!=": entry("not_equals ne <> !==", (left, right) => !equalValues(left, right)),
  ">": entry(
    "greater_than gt",
    ordered((order) => order > 0),
    ORDERED,
  ),
  ">=": entry(
    "greater_than_or_equal greater_than_or_equals gte",
    ordered((order) => order >= 0),
    ORDERED,
  ),
  "<": entry(
    "less_than lt",
    ordered((order) => order < 0),
    ORDERED,
  ),
  "<=": entry(
    "less_than_or_equal less_than_or_equals lte",
    ordered((order) => order <= 0),
    ORDERED,
  ),
  contains: entry("", (left, right) => containsValue(left, right)),
  not_contains: entry("", (left, right) => !containsValue(left, right)),
  contains_any: entry("", (left, right) => toChoices(right).some((choice) => containsValue(left, choice))),
  in: entry("", (left, right) => toChoices(right).some((choice) => equalValues(left, choice))),
  not_in: entry("", (left, right) => !toChoices(right).some((choice) => equalValues(left, choice))),
  exists: entry("", (left) => left !== undefined && left !== null, UNARY),
  not_exists: entry("", (left) => left === undefined || left === null, UNARY),
  is_empty: entry("", (left) => isEmpty(left), UNARY),
  is_not_empty: entry("", (left) => !isEmpty(left), UNARY),
  matches: entry("matches_regex", (left, right) => onTexts(left, right, matchesPattern), {
    value: "pattern",
    operands: "a text and a pattern",
  }),
  starts_with: entry("", (left, right) => onTexts(left, right, (text, part) => text.startsWith(part)), { operands: "two texts" }),
  ends_with: entry("", (left, right) => onTexts(left, right, (text, part) => text.endsWith(part)), { operands: "two texts" }),
  within_last_days: entry("", isWithinLastDays, { value: "days", operands: "a date and a number of days" }),
  before: entry("", (left, right, context) => onDates(left, right, context, (difference) => difference < 0), DATES),
  after: entry("", (left, right, context) => onDates(left, right, context, (difference) => difference > 0), DATES),
} as const satisfies Record<string, OperatorEntry>;

export type Operator = keyof typeof OPERATORS;

const BY_NAME = new Map<string, Operator>(
  (Object.keys(OPERATORS) as Operator[]).flatMap((name) => [name, ...OPERATORS[name].aliases].map((alias) => [alias, name] as const)),
);

/** The operator of a name or alias. */
export function findOperator(name: string): Operator | undefined {
  return BY_NAME.get(name);
}

export function operatorNames(): string[] {
  return [...BY_NAME.keys()];
}

/** A number and a numeric text are equal when the numbers are; otherwise types must agree. Absent equals null. Objects and lists by content. */
export function equalValues(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || left === null) return right === undefined || right === null;
  if (typeof left === "number" && typeof right === "string") return readNumber(right) === left;
  if (typeof left === "string" && typeof right === "number") return readNumber(left) === right;
  if (isList(left))
    return isList(right) && left.length === right.length && left.every((element, index) => equalValues(element, right[index]));
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => equalMembers(left, right, key));
}

function equalMembers(left: { readonly [key: string]: JsonValue | undefined }, right: typeof left, key: string): boolean {
  const [first, second] = [left, right].map((object) => (Object.hasOwn(object, key) ? object[key] : undefined));
  // Inside objects an absent member is not null: {a: null} and {} differ.
  return (first === undefined) === (second === undefined) && equalValues(first, second);
}

function ordered(decide: (order: number) => boolean): Compare {
  return (left, right) => {
    const order = orderOf(left, right);
    return order === undefined ? undefined : decide(order);
  };
}

/** Numeric texts as numbers (`"100" > "90"`), ISO dates as instants, other texts by code unit; mixed kinds have no order. */
function orderOf(left: JsonValue | undefined, right: JsonValue | undefined): number | undefined {
  const numbers = [readNumber(left), readNumber(right)] as const;
  if (numbers[0] !== undefined && numbers[1] !== undefined) return numbers[0] - numbers[1];
  if (typeof left !== "string" || typeof right !== "string") return undefined;
  const dates = [readIsoDate(left), readIsoDate(right)] as const;
  if (dates[0] !== undefined && dates[1] !== undefined) return dates[0] - dates[1];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function readIsoDate(text: string): number | undefined {
  return /^\s*\d{4}-\d{2}-\d{2}/.test(text) ? readDate(text)?.ms : undefined;
}

function containsValue(container: JsonValue | undefined, part: JsonValue | undefined): boolean {
  if (typeof container === "string" || typeof container === "number") {
    return (typeof part === "string" || typeof part === "number") && String(container).includes(String(part));
  }
  if (isList(container)) return container.some((element) => equalValues(element, part));
  return isJsonObject(container) && typeof part === "string" && Object.hasOwn(container, part);
}

/** A comma-separated text is a list of its trimmed parts. */
function toChoices(value: JsonValue | undefined): readonly (JsonValue | undefined)[] {
  if (isList(value)) return value;
  if (typeof value === "string") return value.split(",").map((part) => part.trim());
  return [value];
}

/** Blank text counts as empty; 0 and false do not. */
function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === "string") return value.trim() === "";
  if (isList(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

function onTexts(
  left: JsonValue | undefined,
  right: JsonValue | undefined,
  decide: (text: string, part: string) => boolean,
): boolean | undefined {
  const texts = [left, right].map((value) => (typeof value === "number" ? String(value) : value));
  const [text, part] = texts;
  return typeof text === "string" && typeof part === "string" ? decide(text, part) : undefined;
}

function onDates(
  left: JsonValue | undefined,
  right: JsonValue | undefined,
  context: OperatorContext,
  decide: (differenceMs: number) => boolean,
): boolean | undefined {
  const [first, second] = [readDate(left, context.timeZone), readDate(right, context.timeZone)];
  return first === undefined || second === undefined ? undefined : decide(first.ms - second.ms);
}

/** Calendar days of the zone: with 7, a date of the same weekday last week still counts, a moment in the future does not. */
function isWithinLastDays(left: JsonValue | undefined, right: JsonValue | undefined, context: OperatorContext): boolean | undefined {
  const [date, days] = [readDate(left, context.timeZone), readNumber(right)];
  if (date === undefined || days === undefined) return undefined;
  if (date.ms > context.nowMs) return false;
  return calendarDayAt(context.nowMs, context.timeZone) - calendarDayAt(date.ms, context.timeZone) <= days;
}
