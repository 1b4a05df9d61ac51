// What docs/reference/conditions.md says of each operator and of CEL. The answers are not written here: the page asks the code for them.
import type { JsonValue } from "../../lib/core/json.ts";
import type { Operator } from "../../lib/operations/conditionOperators.ts";

/** Noon, so that the time zone of nobody changes the day. */
export const EXAMPLE_NOW = "2024-05-15T12:00:00Z";

interface OperatorExample {
  readonly meaning: string;
  readonly left: JsonValue;
  readonly right?: JsonValue;
}

/** A type rather than a list: an operator without an entry does not compile. */
export const OPERATOR_EXAMPLES: Readonly<Record<Operator, OperatorExample>> = {
  "==": {
    meaning: "Both are equal. A number equals the text of that number; lists and objects are compared by content.",
    left: 1,
    right: "1.0",
  },
  "!=": { meaning: "They are not equal.", left: "open", right: "closed" },
  ">": { meaning: "Numbers by size, ISO dates by time, other texts by their letters.", left: "100", right: 90 },
  ">=": { meaning: "As `>`, or equal.", left: 90, right: 90 },
  "<": { meaning: "As `>`, the other way round.", left: "2024-02-01", right: "2024-03-01" },
  "<=": { meaning: "As `<`, or equal.", left: 90, right: 89 },
  contains: {
    meaning: "A text holds the text, a list the element, an object the key. Upper and lower case differ.",
    left: "invoice 7",
    right: "voice",
  },
  not_contains: { meaning: "It does not.", left: ["a", "b"], right: "c" },
  contains_any: { meaning: "One of several is contained: a list, or a text with commas.", left: "urgent: pay", right: "invoice, urgent" },
  in: { meaning: "The field is one of several: a list, or a text with commas.", left: "open", right: ["open", "new"] },
  not_in: { meaning: "It is none of them.", left: "open", right: "closed, done" },
  exists: { meaning: "The field is there and not null.", left: 0 },
  not_exists: { meaning: "The field is absent or null.", left: null },
  is_empty: { meaning: "Absent, null, blank text, an empty list or an empty object. 0 and false are not empty.", left: "  " },
  is_not_empty: { meaning: "There is something.", left: 0 },
  matches: { meaning: "The RE2 pattern occurs in the text; `^` and `$` tie it to the ends.", left: "order-17", right: "^order-[0-9]+$" },
  starts_with: { meaning: "The text begins with it.", left: "order-17", right: "order" },
  ends_with: { meaning: "The text ends with it.", left: "order-17", right: "-17" },
  within_last_days: { meaning: "The date is at most that many calendar days ago, and not in the future.", left: "2024-05-10", right: 7 },
  before: {
    meaning: "The date is earlier. Dates such as `31/12/2024` and `5 Feb 2024` are read too.",
    left: "5 Feb 2024",
    right: "2024-03-01",
  },
  after: { meaning: "The date is later.", left: "2024-02-05", right: "2024-03-01" },
};

/** Outputs of steps that the CEL examples read. */
export const CEL_DATA = {
  order: { total: 120.5, quantity: 7, status: "open", note: null, placed: "2024-12-31T10:00:00Z" },
  rows: [
    { name: "Ada", amount: 30, paid: true },
    { name: "Bob", amount: 70, paid: false },
  ],
} as const satisfies Readonly<Record<string, JsonValue>>;

interface CelGroup {
  readonly title: string;
  readonly text?: string;
  readonly expressions: readonly (readonly [source: string, remark: string])[];
}

export const CEL_GROUPS: readonly CelGroup[] = [
  {
    title: "Operators",
    expressions: [
      ["order.total > 100 && order.status == 'open'", "and"],
      ["order.status == 'new' || order.status == 'open'", "or"],
      ["!(order.quantity >= 10)", "not"],
      ["order.total * 2.0 - 1.0", "`+ - * /`, and `%` for the rest"],
      ["order.quantity / 2", "numbers from data divide exactly"],
      ["7 / 2", "whole numbers in the text divide to whole numbers: write 7.0"],
      ["order.status in ['open', 'new']", "an element of a list"],
      ["'total' in order", "a key of an object"],
      ["order.quantity > 5 ? 'many' : 'few'", "one of two values"],
      ["order['status']", "a key in quotes, for keys with blanks"],
      ["rows[0].name", "an element, from 0"],
      ["'no. ' + string(order.quantity)", "texts are joined with `+`; numbers become texts first"],
    ],
  },
  {
    title: "Null and missing fields",
    text: "Null equals null and nothing else. Anything but `==` and `!=` on null is an error, and so is a field that is not there: ask first.",
    expressions: [
      ["order.note == null", ""],
      ["has(order.note)", "a field that is null is there"],
      ["has(order.discount)", ""],
      ["has(order.discount) && order.discount > 5", "what follows is not looked at"],
      ["has(order.discount) ? order.discount : 0", "with a value instead"],
      ["order.discount > 5", ""],
      ["order.note > 5", ""],
      ["order.discount > 5 || order.quantity == 7", "true on one side decides, even past an error"],
    ],
  },
  {
    title: "Lists",
    expressions: [
      ["size(rows)", "also of texts and objects; there is no `.length`"],
      ["rows.exists(row, row.amount > 50)", "some element"],
      ["rows.all(row, row.amount > 50)", "every element"],
      ["rows.exists_one(row, row.paid)", "exactly one"],
      ["rows.filter(row, row.paid)", "the elements for which it holds"],
      ["rows.map(row, row.amount * 2.0)", "a new list"],
      ["rows.map(row, row.paid, row.name)", "filter and map at once"],
      ["rows.map(row, row.name).join(', ')", "of texts"],
      ["[1, 2] + [3]", "one list after the other"],
      ["cel.bind(paid, rows.filter(row, row.paid), size(paid))", "a name for a part"],
    ],
  },
  {
    title: "Texts",
    expressions: [
      ["order.status.contains('pe')", ""],
      ["order.status.startsWith('op')", ""],
      ["order.status.endsWith('en')", ""],
      ["re2(order.status, '^o.*n$')", "an RE2 pattern; instead of `matches`"],
      ["order.status.upperAscii()", ""],
      ["'OPEN'.lowerAscii()", ""],
      ["' open '.trim()", ""],
      ["'a,b'.split(',')", ""],
      ["order.status.substring(1, 3)", "from, to (not included)"],
      ["order.status.indexOf('e')", "-1 when it is not there"],
      ["order.status.lastIndexOf('e')", ""],
      ["order.status.size()", ""],
    ],
  },
  {
    title: "Conversions",
    expressions: [
      ["int('42')", "of a number with a fraction, without the fraction"],
      ["double('2.5')", ""],
      ["string(order.total)", ""],
      ["bool('true')", ""],
      ["dyn(order.quantity) == 7", "a value whose type is not checked beforehand"],
    ],
  },
  {
    title: "Times",
    text: "`timestamp` takes a date with a time. The parts are in UTC, or in the zone that is given.",
    expressions: [
      ["timestamp(order.placed) < timestamp('2025-01-01T00:00:00Z')", ""],
      ["timestamp(order.placed) + duration('24h')", "`h`, `m`, `s`, `ms`"],
      ["duration('90m') > duration('1h')", ""],
      ["timestamp(order.placed).getFullYear()", ""],
      ["timestamp(order.placed).getMonth()", "from 0"],
      ["timestamp(order.placed).getDate()", "the day of the month, from 1"],
      ["timestamp(order.placed).getDayOfMonth()", "from 0"],
      ["timestamp(order.placed).getDayOfWeek()", "from 0, which is Sunday"],
      ["timestamp(order.placed).getDayOfYear()", "from 0"],
      ["timestamp(order.placed).getHours('Europe/Rome')", ""],
      ["timestamp(order.placed).getMinutes()", ""],
      ["timestamp(order.placed).getSeconds()", ""],
      ["timestamp(order.placed).getMilliseconds()", ""],
    ],
  },
];

/**
 * Functions of the library that have no use on JSON: bytes, unsigned numbers, types, optional values, what re2 stands in for.
 * `string` as a method reads bytes; the function is on the page.
 */
export const CEL_LEFT_OUT: readonly string[] = [
  "type",
  "bytes",
  "uint",
  "json",
  "hex",
  "string",
  "base64",
  "at",
  "matches",
  "hasValue",
  "value",
  "none",
  "of",
  "or",
  "orValue",
];
