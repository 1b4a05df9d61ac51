// partition: items into named lists, by the value of a field or by whether a condition holds. No item is lost unless `handle_empty: skip` asks for it.
import { z } from "zod";
import { describeValue } from "../describeValue.ts";
import { groupItems, toObject } from "./group.ts";
import { compileItemTest, itemTestFields } from "./itemTest.ts";
import { requireList, transformFailed, transformInvalid } from "./rows.ts";
import { defineTransform, fieldName } from "./types.ts";

export const partition = defineTransform({
  name: "partition",
  summary: "Items into lists by the value of a field, or into matched and unmatched by a condition.",
  configSchema: z.strictObject({
    field: fieldName.optional().describe("One list per value of this field. Either this or a condition."),
    handle_empty: z.enum(["group", "skip", "error"]).optional().describe("Items whose field is blank. Default: group, under empty_key."),
    empty_key: z.string().min(1).optional().describe("Default: (empty)."),
    ...itemTestFields,
  }),
  perItemFields: ["condition", "expression"],
  apply: (input, config, context) => {
    const { field } = config;
    const hasTest = config.condition !== undefined || config.expression !== undefined;
    if ((field === undefined) === !hasTest) {
      throw transformInvalid("partition", "field", { expected: "either field or condition", got: hasTest ? "both" : "neither" });
    }
    const items = requireList("partition", input);
    if (field === undefined) {
      const test = compileItemTest("partition", config, context);
      const results = items.map(test);
      return { matched: items.filter((_, index) => results[index]), unmatched: items.filter((_, index) => results[index] === false) };
    }
    const groups = groupItems(items, field);
    const blank = groups.find(({ key }) => key === null);
    if (blank !== undefined && config.handle_empty === "error") {
      const got = describeValue(blank.items[0]);
      throw transformFailed("partition", `${blank.items.length} items have no ${field}`, {
        field: String(field),
        expected: "a value in every item",
        got,
      });
    }
    const kept = config.handle_empty === "skip" ? groups.filter(({ key }) => key !== null) : groups;
    return toObject(kept, config.empty_key ?? "(empty)");
  },
});
