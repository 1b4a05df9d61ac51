// group: items with the same value of a field, together. Every item ends up in exactly one group.
import { z } from "zod";
import type { JsonValue } from "../../core/json.ts";
import { isBlank, keyOf, readField, requireList, transformInvalid } from "./rows.ts";
import { defineTransform, fieldName, type FieldName } from "./types.ts";

export interface ItemGroup {
  readonly key: JsonValue;
  readonly items: readonly JsonValue[];
}

export const group = defineTransform({
  name: "group",
  aliases: ["group_by"],
  summary: "Items with the same value of a field, as an object of lists or a list of groups.",
  configSchema: z.strictObject({
    column: fieldName.optional().describe("The field whose values make the groups."),
    field: fieldName.optional().describe("The same as `column`."),
    groupBy: fieldName.optional().describe("The same as `column`."),
    group_by: fieldName.optional().describe("The same as `column`."),
    output_format: z.enum(["object", "array"]).optional().describe("Default: object; array when key_field or items_field is given."),
    key_field: z.string().min(1).optional().describe("With array. Default: key."),
    items_field: z.string().min(1).optional().describe("With array. Default: items."),
    include_null_keys: z.boolean().optional().describe("False leaves out items whose field is blank. Default: true."),
  }),
  apply: (input, config) => {
    const field = config.column ?? config.field ?? config.groupBy ?? config.group_by;
    if (field === undefined) throw transformInvalid("group", "field", { expected: "a field name", got: "nothing" });
    const groups = groupItems(requireList("group", input), field).filter(({ key }) => key !== null || config.include_null_keys !== false);
    const keyField = config.key_field ?? "key";
    const itemsField = config.items_field ?? "items";
    const format = config.output_format ?? (config.key_field === undefined && config.items_field === undefined ? "object" : "array");
    if (format === "array") return groups.map(({ key, items }) => ({ [keyField]: key, [itemsField]: items }));
    return toObject(groups);
  },
});

/** In the order of first appearance. Blank and absent are one group with the key null. */
export function groupItems(items: readonly JsonValue[], field: FieldName): ItemGroup[] {
  const groups = new Map<string, { key: JsonValue; items: JsonValue[] }>();
  for (const item of items) {
    const value = readField(item, field);
    const key = value === undefined || isBlank(value) ? null : value;
    const name = keyOf(key);
    const known = groups.get(name);
    if (known === undefined) groups.set(name, { key, items: [item] });
    else known.items.push(item);
  }
  return [...groups.values()];
}

/** Keys become texts; two that look alike as texts, such as true and "true", share a list. */
export function toObject(groups: readonly ItemGroup[], blankKey = "null"): JsonValue {
  const result = new Map<string, JsonValue[]>();
  for (const { key, items } of groups) {
    const name = key === null ? blankKey : keyText(key);
    result.set(name, [...(result.get(name) ?? []), ...items]);
  }
  return Object.fromEntries(result);
}

function keyText(key: JsonValue): string {
  return typeof key === "string" ? key : JSON.stringify(key);
}
