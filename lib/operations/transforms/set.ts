// set and select: a fixed value, fields laid over an object, fields picked from objects.
import { z } from "zod";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import { describeValue } from "../describeValue.ts";
import { isList } from "../lists.ts";
import { readColumn, requireObject, toFieldList, transformFailed, transformInvalid } from "./rows.ts";
import { anyJson, defineTransform, fieldNames } from "./types.ts";

export const set = defineTransform({
  name: "set",
  summary: "Gives `value`, or the input object with `fields` laid over it.",
  configSchema: z.strictObject({
    value: anyJson.optional().describe("The result, whatever the input is."),
    fields: z.record(z.string(), anyJson).optional().describe("Name → value, laid over the input object."),
  }),
  apply: (input, config) => {
    const { value, fields } = config;
    if ((value === undefined) === (fields === undefined)) {
      throw transformInvalid("set", "value", { expected: "either value or fields", got: value === undefined ? "neither" : "both" });
    }
    if (value !== undefined) return value;
    const base = input === null ? {} : requireObject("set", input, "input");
    return Object.fromEntries([...Object.entries(base), ...Object.entries(fields ?? {})]) as JsonValue;
  },
});

export const select = defineTransform({
  name: "select",
  aliases: ["pick"],
  summary: "Keeps the named fields of an object, or of each object of a list.",
  configSchema: z.strictObject({ fields: fieldNames.describe("The fields to keep.") }),
  apply: (input, config) => {
    const fields = toFieldList(config.fields);
    if (!isList(input) && !isJsonObject(input)) {
      throw transformFailed("select", "input has no fields", {
        field: "input",
        expected: "an object or a list of objects",
        got: describeValue(input),
      });
    }
    const rows = isList(input) ? input : [input];
    const columns = fields.map((field) => readColumn("select", rows, field));
    const selected = rows.map((_, row) =>
      Object.fromEntries(fields.map((field, column) => [String(field), columns[column]?.[row] ?? null])),
    );
    return isList(input) ? selected : (selected[0] ?? {});
  },
});
