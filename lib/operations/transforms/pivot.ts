// pivot: long rows to wide ones, a column for each value of a field.
import { z } from "zod";
import type { JsonValue } from "../../core/json.ts";
import { describeValue } from "../describeValue.ts";
import { sum } from "./reduce.ts";
import { isBlank, keyOf, readColumn, requireList, transformFailed } from "./rows.ts";
import { defineTransform, fieldName } from "./types.ts";

export const pivot = defineTransform({
  name: "pivot",
  summary: "One row per rowKey with a column per value of columnKey.",
  configSchema: z.strictObject({
    rowKey: fieldName.describe("The field whose values make the rows."),
    columnKey: fieldName.describe("The field whose values make the columns."),
    valueKey: fieldName.describe("The field that fills the cells."),
    aggregate: z
      .enum(["sum", "count", "first", "last"])
      .optional()
      .describe("What to do with several values of one cell. Default: an error."),
  }),
  apply: (input, config) => {
    const items = requireList("pivot", input);
    const rowKeys = readColumn("pivot", items, config.rowKey);
    const columnKeys = readColumn("pivot", items, config.columnKey);
    const values = readColumn("pivot", items, config.valueKey);
    const columns = new Map<string, string>();
    const rows = new Map<string, { key: JsonValue; cells: Map<string, JsonValue[]> }>();
    for (const [index, rowKey] of rowKeys.entries()) {
      const columnKey = columnKeys[index] ?? null;
      const row = rows.get(keyOf(rowKey)) ?? { key: rowKey, cells: new Map<string, JsonValue[]>() };
      rows.set(keyOf(rowKey), row);
      const column = keyOf(columnKey);
      columns.set(column, columnName(columnKey));
      const cell = row.cells.get(column) ?? [];
      cell.push(values[index] ?? null);
      row.cells.set(column, cell);
    }
    return [...rows.values()].map(({ key, cells }) => {
      const entries = [...columns].map(([column, name]) => [name, toCell(cells.get(column), config.aggregate, name)] as const);
      return Object.fromEntries([[String(config.rowKey), key], ...entries]);
    });
  },
});

function columnName(key: JsonValue): string {
  if (isBlank(key)) return "(empty)";
  return typeof key === "string" ? key : JSON.stringify(key);
}

function toCell(
  values: readonly JsonValue[] | undefined,
  aggregate: "sum" | "count" | "first" | "last" | undefined,
  column: string,
): JsonValue {
  if (aggregate === "count") return values?.length ?? 0;
  if (values === undefined) return null;
  if (aggregate === "sum") return sum("pivot", values);
  if (aggregate === undefined && values.length > 1) {
    const got = `${values.length} values, first ${describeValue(values[0])}`;
    throw transformFailed("pivot", `several values for one cell of column ${column}`, {
      expected: "one value, or aggregate: sum | count | first | last",
      got,
    });
  }
  return values.at(aggregate === "last" ? -1 : 0) ?? null;
}
