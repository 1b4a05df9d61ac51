// with_fields: computed fields on each row, in a closed vocabulary of expressions (fieldExpression.ts).
import { z } from "zod";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import { describeValue } from "../describeValue.ts";
import { isList } from "../lists.ts";
import { compileFieldExpression, type FieldExpression } from "./fieldExpression.ts";
import { requireObject, transformFailed } from "./rows.ts";
import { anyJson, defineTransform, type TransformContext } from "./types.ts";

export const withFields = defineTransform({
  name: "with_fields",
  summary: "Adds computed fields to each row; a later field may read an earlier one.",
  configSchema: z.strictObject({
    fields: z
      .array(z.strictObject({ name: z.string().min(1), expression: anyJson }))
      .min(1)
      .describe("The new fields in order, each with a name and an expression."),
  }),
  perItemFields: ["fields"],
  apply: (input, config, context) => {
    const fields = config.fields.map(({ name, expression }, index) => ({
      name,
      expression: compileFieldExpression(expression, `fields[${index}].expression`),
    }));
    if (isList(input)) {
      return input.map((row, index) => extend(requireObject("with_fields", row, `input[${index}]`), fields, index, context));
    }
    if (isJsonObject(input)) return extend(input, fields, 0, context);
    // Constants alone need no rows: they make one object.
    if (input === null && !fields.some(({ expression }) => expression.readsItem)) return extend({}, fields, 0, context);
    const expected = "a list of objects, an object, or nothing when no field reads item";
    throw transformFailed("with_fields", "input has no fields", { field: "input", expected, got: describeValue(input) });
  },
});

// oxlint-disable-next-line max-params -- a row, its position and what to do with it
function extend(
  row: { readonly [key: string]: JsonValue | undefined },
  fields: readonly { readonly name: string; readonly expression: FieldExpression }[],
  index: number,
  context: TransformContext,
): JsonValue {
  let item = row;
  for (const { name, expression } of fields) {
    const value = expression.evaluate({ item, index, context });
    item = Object.fromEntries([...Object.entries(item), [name, value] as const]);
  }
  return item;
}
