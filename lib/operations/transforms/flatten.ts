// flatten: nested lists into one, or the children in a field of each row into rows of their own that carry the parent's fields.
import { z } from "zod";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import { describeValue } from "../describeValue.ts";
import { isList } from "../lists.ts";
import { MAX_ROWS, readColumn, requireList, requireObject, transformFailed, transformInvalid } from "./rows.ts";
import { defineTransform } from "./types.ts";

export const flatten = defineTransform({
  name: "flatten",
  summary: "Nested lists into one; with `field`, children into rows that carry the parent's fields.",
  configSchema: z.strictObject({
    depth: z.int().min(1).max(100).optional().describe("Levels to open. Default: 1."),
    field: z.string().min(1).optional().describe("The field that holds each row's children."),
    keep_empty: z.boolean().optional().describe("With `field`: a row without children stays, with null there. Default: false."),
  }),
  apply: (input, config) => {
    const items = requireList("flatten", input);
    if (config.field === undefined) {
      if (config.keep_empty !== undefined)
        throw transformInvalid("flatten", "keep_empty", { expected: "field beside it", got: "no field" });
      return flattenLists(items, config.depth ?? 1);
    }
    if (config.depth !== undefined) throw transformInvalid("flatten", "depth", { expected: "either depth or field", got: "both" });
    return flattenField(items, config.field, config.keep_empty === true);
  },
});

function flattenLists(items: readonly JsonValue[], depth: number): JsonValue[] {
  return items.flatMap((item) => (isList(item) ? (depth > 1 ? flattenLists(item, depth - 1) : item) : [item]));
}

function flattenField(items: readonly JsonValue[], field: string, keepsEmpty: boolean): JsonValue[] {
  const columns = readColumn("flatten", items, field);
  const rows: JsonValue[] = [];
  for (const [index, children] of columns.entries()) {
    const { [field]: _, ...parent } = requireObject("flatten", items[index], `input[${index}]`);
    if (children !== null && !isList(children)) {
      const facts = { field: `input[${index}].${field}`, expected: "a list", got: describeValue(children) };
      throw transformFailed("flatten", `field ${field} of item ${index} is not a list`, facts);
    }
    if (keepsEmpty && (children === null || children.length === 0)) rows.push({ ...parent, [field]: null });
    for (const child of children ?? []) rows.push(isJsonObject(child) ? withParent(parent, child) : { ...parent, [field]: child });
    if (rows.length > MAX_ROWS) throw transformFailed("flatten", "too many rows", { expected: `at most ${MAX_ROWS}`, got: "more" });
  }
  return rows;
}

/** Where both have a field, the child keeps the name and the parent's value moves to `parent_<name>`. */
function withParent(
  parent: Readonly<Record<string, JsonValue | undefined>>,
  child: Readonly<Record<string, JsonValue | undefined>>,
): JsonValue {
  const carried = Object.entries(parent).map(([key, value]) => [Object.hasOwn(child, key) ? `parent_${key}` : key, value] as const);
  return Object.fromEntries([...carried, ...Object.entries(child)]) as JsonValue;
}
