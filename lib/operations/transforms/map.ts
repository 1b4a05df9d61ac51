// map: a new item from each item. Exactly one way of saying how; CEL where a formula is needed, never JavaScript.
import { z } from "zod";
import type { JsonValue } from "../../core/json.ts";
import { compileCel } from "../cel.ts";
import { evaluateCel } from "../celScope.ts";
import { resolveTemplates } from "../templates.ts";
import { atItem, itemScope, readColumn, requireList, toFieldList, transformInvalid } from "./rows.ts";
import { anyJson, defineTransform, fieldName, fieldNames, type FieldName, type TransformContext } from "./types.ts";

const column = z.union([fieldName, z.strictObject({ field: fieldName, header: z.string().optional() })]);

const configSchema = z.strictObject({
  field_mapping: z
    .record(z.string(), fieldName)
    .optional()
    .describe("New name → field or position; or, with only numeric keys, position → new name."),
  field: fieldName.optional().describe("One field of each item: a flat list."),
  field_path: fieldName.optional().describe("The same as `field`."),
  column_index: z.int().min(0).optional().describe("One column of rows that are lists."),
  fields: fieldNames.optional().describe("Objects with these fields only."),
  mapping: anyJson.optional().describe("Any shape with {{item.x}} and {{index}} in it."),
  columns: z.array(column).min(1).optional().describe("Rows as lists, for spreadsheets."),
  add_headers: z.boolean().optional().describe("With `columns`: the header row comes first."),
  expression: z.string().min(1).optional().describe("CEL with item and index."),
});
type MapConfig = z.output<typeof configSchema>;

const WAYS = ["field_mapping", "field", "field_path", "column_index", "fields", "mapping", "columns", "expression"] as const;

export const map = defineTransform({
  name: "map",
  summary: "A new item from each item.",
  configSchema,
  perItemFields: ["mapping", "expression"],
  apply: (input, config, context) => {
    const given = WAYS.filter((way) => config[way] !== undefined);
    if (given.length !== 1) {
      throw transformInvalid("map", given[1] ?? "mapping", {
        expected: `exactly one of ${WAYS.join(", ")}`,
        got: given.join(" and ") || "none",
      });
    }
    if (config.add_headers !== undefined && config.columns === undefined) {
      throw transformInvalid("map", "add_headers", { expected: "columns beside it", got: "no columns" });
    }
    return mapRows(requireList("map", input), config, context);
  },
});

function mapRows(rows: readonly JsonValue[], config: MapConfig, context: TransformContext): JsonValue {
  const single = config.field ?? config.field_path ?? config.column_index;
  if (single !== undefined) return readColumn("map", rows, single);
  if (config.fields !== undefined)
    return toObjects(
      rows,
      toFieldList(config.fields).map((field) => [String(field), field]),
    );
  if (config.field_mapping !== undefined) return toObjects(rows, readFieldMapping(config.field_mapping));
  if (config.columns !== undefined) return toTable(rows, config.columns, config.add_headers === true);
  if (config.expression !== undefined) return mapExpression(rows, config.expression, context);
  return rows.map((item, index) => fillMapping(config.mapping ?? null, item, index, context));
}

/** `{"0": "name", "1": "email"}` reads positions into names; every other mapping reads names from fields. */
function readFieldMapping(mapping: Readonly<Record<string, FieldName>>): [string, FieldName][] {
  const entries = Object.entries(mapping);
  const isByPosition =
    entries.length > 0 && entries.every(([key, value]) => /^\d+$/.test(key) && typeof value === "string" && !/^\d+$/.test(value));
  return isByPosition ? entries.map(([position, name]) => [String(name), Number(position)]) : entries;
}

function toObjects(rows: readonly JsonValue[], fields: readonly (readonly [string, FieldName])[]): JsonValue {
  const columns = fields.map(([name, field]) => [name, readColumn("map", rows, field)] as const);
  return rows.map((_, row) => Object.fromEntries(columns.map(([name, values]) => [name, values[row] ?? null])));
}

function toTable(rows: readonly JsonValue[], columns: NonNullable<MapConfig["columns"]>, addHeaders: boolean): JsonValue {
  const fields = columns.map((entry) => (typeof entry === "object" ? entry : { field: entry, header: undefined }));
  const values = fields.map(({ field }) => readColumn("map", rows, field));
  const table: JsonValue[] = rows.map((_, row) => values.map((entry) => entry[row] ?? null));
  if (addHeaders) table.unshift(fields.map(({ field, header }) => header ?? String(field)));
  return table;
}

function mapExpression(rows: readonly JsonValue[], expression: string, context: TransformContext): JsonValue {
  const names = ["item", "index", ...(context.scope?.roots() ?? [])];
  const compiled = compileCel(expression, names, "transform");
  return rows.map((item, index) => atItem("map", index, () => evaluateCel(compiled, itemScope(item, index, context), "transform")));
}

function fillMapping(mapping: JsonValue, item: JsonValue, index: number, context: TransformContext): JsonValue {
  return atItem("map", index, () => resolveTemplates(mapping, itemScope(item, index, context), "mapping"));
}
