// aggregate: sums, averages, extremes and counts of fields, over the whole list or per group.
import { z } from "zod";
import type { JsonValue } from "../../core/json.ts";
import { groupItems } from "./group.ts";
import { sum, toNumbers } from "./reduce.ts";
import { isBlank, readColumn, requireList, toFieldList, transformInvalid } from "./rows.ts";
import { toComparator } from "./sort.ts";
import { defineTransform, fieldName, fieldNames, type FieldName } from "./types.ts";

const functions = z.enum(["sum", "avg", "average", "min", "max", "count"]);
const aggregation = z.strictObject({
  operation: functions.optional().describe("What to compute, when it is one thing."),
  function: functions.optional().describe("The same as `operation`."),
  field: fieldName.optional().describe("Not needed for count, which without it counts items."),
  alias: z.string().min(1).optional().describe("Name in the result. Default: operation_field."),
});

export const aggregate = defineTransform({
  name: "aggregate",
  summary: "sum, avg, min, max and count of fields, over the list or per group.",
  configSchema: z.strictObject({
    ...aggregation.shape,
    aggregations: z.array(aggregation).min(1).optional().describe("Several at once, each with operation, field and alias."),
    group_by: fieldNames.optional().describe("One result per value of these fields; without it one for the whole list."),
  }),
  apply: (input, config, context) => {
    const { aggregations, group_by: groupBy, ...single } = config;
    const plans = (aggregations ?? [single]).map((entry, index) =>
      toPlan(entry, aggregations === undefined ? "" : `aggregations[${index}].`),
    );
    const items = requireList("aggregate", input);
    const compute = (rows: readonly JsonValue[]): [string, JsonValue][] =>
      plans.map((plan) => [plan.alias, computeOne(rows, plan, context.timeZone)]);
    if (groupBy === undefined) return Object.fromEntries(compute(items));
    return groupRows(items, toFieldList(groupBy)).map(({ keys, rows }) => Object.fromEntries([...keys, ...compute(rows)]));
  },
});

interface Plan {
  readonly operation: z.output<typeof functions>;
  readonly field: FieldName | undefined;
  readonly alias: string;
}

function toPlan(entry: z.output<typeof aggregation>, prefix: string): Plan {
  const operation = entry.operation ?? entry.function;
  if (operation === undefined)
    throw transformInvalid("aggregate", `${prefix}operation`, { expected: "sum | avg | min | max | count", got: "nothing" });
  if (entry.field === undefined && operation !== "count") {
    throw transformInvalid("aggregate", `${prefix}field`, { expected: `a field to ${operation}`, got: "nothing" });
  }
  return { operation, field: entry.field, alias: entry.alias ?? (entry.field === undefined ? operation : `${operation}_${entry.field}`) };
}

function computeOne(rows: readonly JsonValue[], { operation, field }: Plan, timeZone: string | undefined): JsonValue {
  if (field === undefined) return rows.length;
  const values = readColumn("aggregate", rows, field).filter((value) => !isBlank(value));
  if (operation === "count") return values.length;
  if (operation === "sum") return sum("aggregate", values);
  if (values.length === 0) return null;
  if (operation === "min" || operation === "max") return extreme(values, operation === "max", timeZone);
  return sum("aggregate", values) / toNumbers("aggregate", values).length;
}

/** Numbers, dates and texts alike, by the order of sort. */
function extreme(values: readonly JsonValue[], isMaximum: boolean, timeZone: string | undefined): JsonValue {
  const compare = toComparator(values, isMaximum, timeZone);
  let best = 0;
  for (let position = 1; position < values.length; position += 1) if (compare(position, best) < 0) best = position;
  return values[best] ?? null;
}

interface RowGroup {
  readonly keys: readonly [string, JsonValue][];
  readonly rows: readonly JsonValue[];
}

function groupRows(items: readonly JsonValue[], fields: readonly FieldName[]): RowGroup[] {
  let groups: RowGroup[] = [{ keys: [], rows: items }];
  for (const field of fields) {
    groups = groups.flatMap(({ keys, rows }) =>
      groupItems(rows, field).map(({ key, items: members }): RowGroup => ({ keys: [...keys, [String(field), key]], rows: members })),
    );
  }
  return groups;
}
