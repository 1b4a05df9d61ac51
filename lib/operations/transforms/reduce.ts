// reduce: one value from a list, by a named reducer or by CEL with acc, item and index.
import { z } from "zod";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import { describeValue } from "../describeValue.ts";
import { isList } from "../lists.ts";
import { readNumber, sumExactly } from "../numbers.ts";
import { reduceByExpression } from "../reduceByExpression.ts";
import { isBlank, readColumn, requireList, requireObject, transformFailed, transformInvalid } from "./rows.ts";
import { anyJson, defineTransform, fieldName } from "./types.ts";

const reducers = z.enum(["sum", "count", "concat", "merge"]);

export const reduce = defineTransform({
  name: "reduce",
  summary: "One value from a list: sum, count, concat, merge, or CEL.",
  configSchema: z.strictObject({
    reducer: reducers.optional().describe("Either this or `expression`."),
    operation: reducers.optional().describe("The same as `reducer`."),
    field: fieldName.optional().describe("Reduce this field instead of whole items."),
    separator: z.string().optional().describe("Between texts; with concat."),
    expression: z.string().min(1).optional().describe("CEL that gives the next acc."),
    initial: anyJson.optional().describe("First acc; without it the first item is."),
  }),
  perItemFields: ["expression"],
  apply: (input, config, context) => {
    const reducer = config.reducer ?? config.operation;
    const { expression } = config;
    if ((reducer === undefined) === (expression === undefined)) {
      const got = reducer === undefined ? "neither" : "both";
      throw transformInvalid("reduce", "reducer", { expected: `either reducer (${reducers.options.join(" | ")}) or expression`, got });
    }
    const items = requireList("reduce", input);
    const values = config.field === undefined ? items : readColumn("reduce", items, config.field);
    if (expression !== undefined) return reduceByExpression(values, expression, config.initial, context.scope);
    if (reducer === "count") return values.length;
    if (reducer === "sum") return sum("reduce", values);
    return reducer === "concat" ? concat(values, config.separator ?? "") : merge(values);
  },
});

/** Blank values are left out; anything else that is no number is an error rather than a zero. */
export function sum(operation: string, values: readonly JsonValue[]): number {
  return sumExactly(toNumbers(operation, values));
}

export function toNumbers(operation: string, values: readonly JsonValue[]): number[] {
  const numbers: number[] = [];
  for (const [index, value] of values.entries()) {
    if (isBlank(value)) continue;
    const number = readNumber(value);
    if (number === undefined) {
      const facts = { field: `input[${index}]`, expected: "a number", got: describeValue(value) };
      throw transformFailed(operation, `value ${index} is not a number`, facts);
    }
    numbers.push(number);
  }
  return numbers;
}

function concat(values: readonly JsonValue[], separator: string): JsonValue {
  if (values.some(isList)) return values.flatMap((value) => (isList(value) ? value : isBlank(value) ? [] : [value]));
  const texts = values.flatMap((value, index) => {
    if (value === null) return [];
    if (isJsonObject(value)) {
      throw transformFailed("reduce", `value ${index} is not a text`, { expected: "texts, numbers or lists", got: describeValue(value) });
    }
    return [typeof value === "string" ? value : JSON.stringify(value)];
  });
  return texts.join(separator);
}

function merge(values: readonly JsonValue[]): JsonValue {
  const entries = values.flatMap((value, index) =>
    value === null ? [] : Object.entries(requireObject("reduce", value, `input[${index}]`)),
  );
  return Object.fromEntries(entries);
}
