// deduplicate: one item per key. Items without the key are all kept, since nothing says that they are the same.
import { z } from "zod";
import { canonicalJson, type JsonValue } from "../../core/json.ts";
import { isBlank, keyOf, readField, requireList, toFieldList, transformInvalid } from "./rows.ts";
import { defineTransform, fieldNames, type FieldName } from "./types.ts";

export const deduplicate = defineTransform({
  name: "deduplicate",
  aliases: ["dedupe", "unique"],
  summary: "One item per value of the key fields; without fields, per content.",
  configSchema: z.strictObject({
    key: fieldNames.optional().describe("The field or fields that tell items apart."),
    keys: fieldNames.optional().describe("The same as `key`."),
    field: fieldNames.optional().describe("The same as `key`."),
    fields: fieldNames.optional().describe("The same as `key`."),
    keep: z.enum(["first", "last"]).optional().describe("Default: first. The order of the kept items does not change."),
  }),
  apply: (input, config) => {
    const given = [config.key, config.keys, config.field, config.fields].filter((value) => value !== undefined);
    if (given.length > 1) throw transformInvalid("deduplicate", "key", { expected: "one of key, keys, field, fields", got: "several" });
    const fields = given[0] === undefined ? undefined : toFieldList(given[0]);
    const items = requireList("deduplicate", input);
    const keepsLast = config.keep === "last";
    const chosen = new Map<string, number>();
    for (const [position, item] of items.entries()) {
      const key = identityOf(item, fields) ?? `\u0000${position}`;
      if (keepsLast || !chosen.has(key)) chosen.set(key, position);
    }
    return [...chosen.values()].sort((left, right) => left - right).map((position) => items[position] ?? null);
  },
});

function identityOf(item: JsonValue, fields: readonly FieldName[] | undefined): string | undefined {
  if (fields === undefined) return canonicalJson(item);
  const values = fields.map((field) => readField(item, field));
  return values.every(isBlank) ? undefined : JSON.stringify(values.map(keyOf));
}
