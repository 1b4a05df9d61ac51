// filter: the items for which a condition holds, in order.
import { z } from "zod";
import type { JsonValue } from "../../core/json.ts";
import { compileItemTest, itemTestFields } from "./itemTest.ts";
import { requireList, transformInvalid } from "./rows.ts";
import { anyJson, defineTransform } from "./types.ts";

const configSchema = z.strictObject({
  ...itemTestFields,
  field: z.string().min(1).optional().describe("Short form of a simple condition, with `operator` and `value`."),
  operator: z.string().min(1).optional().describe("An operator of the reference of conditions."),
  value: anyJson.optional().describe("What the field is compared with."),
});

export const filter = defineTransform({
  name: "filter",
  summary: "The items for which the condition holds.",
  configSchema,
  perItemFields: ["condition", "expression", "field", "value"],
  apply: (input, config, context) => {
    const test = compileItemTest("filter", { condition: toCondition(config), expression: config.expression }, context);
    return requireList("filter", input).filter(test);
  },
});

function toCondition({ condition, field, operator, value }: z.output<typeof configSchema>): JsonValue | undefined {
  if (field === undefined && operator === undefined && value === undefined) return condition;
  if (condition !== undefined)
    throw transformInvalid("filter", "field", { expected: "either condition or field, operator and value", got: "both" });
  return { field, operator, value };
}
