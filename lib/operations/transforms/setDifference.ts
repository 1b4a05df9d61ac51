// set_difference: the items whose key is not in a reference list. With nothing to compare with, the input stays as it is.
import { z } from "zod";
import { describeValue } from "../describeValue.ts";
import { isList } from "../lists.ts";
import { isBlank, keyOf, readField, requireList, transformInvalid } from "./rows.ts";
import { anyJson, defineTransform, fieldName } from "./types.ts";

export const setDifference = defineTransform({
  name: "set_difference",
  aliases: ["anti_join", "exclude"],
  summary: "The items whose key is not in the reference list.",
  configSchema: z.strictObject({
    reference: anyJson.describe("A list; null gives the input back."),
    key_field: fieldName.optional().describe("Without it whole items are compared."),
    reference_key_field: fieldName.optional().describe("Default: key_field, or the reference's own values when those are plain."),
  }),
  apply: (input, config) => {
    const items = requireList("set_difference", input);
    const { reference, key_field: keyField } = config;
    if (reference === null) return items;
    if (!isList(reference))
      throw transformInvalid("set_difference", "reference", { expected: "a list or null", got: describeValue(reference) });
    const referenceField = config.reference_key_field ?? keyField;
    const known = new Set<string>();
    for (const entry of reference) {
      const isPlain = typeof entry !== "object" || entry === null;
      const key =
        referenceField === undefined || (isPlain && config.reference_key_field === undefined) ? entry : readField(entry, referenceField);
      if (!isBlank(key)) known.add(keyOf(key));
    }
    return items.filter((item) => {
      const key = keyField === undefined ? item : readField(item, keyField);
      // An item without a key cannot be shown to be in the reference.
      return isBlank(key) || !known.has(keyOf(key));
    });
  },
});
