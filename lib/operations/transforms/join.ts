// join: rows of two lists that share a key. Blank keys match nothing, as in SQL.
import { z } from "zod";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { describeValue } from "../describeValue.ts";
import { isList } from "../lists.ts";
import { isBlank, keyOf, MAX_ROWS, readField, requireList, requireObject, transformFailed, transformInvalid } from "./rows.ts";
import { anyJson, defineTransform, fieldName, type FieldName } from "./types.ts";

export interface JoinPlan {
  readonly leftKey: FieldName;
  readonly rightKey: FieldName;
  readonly isLeft: boolean;
  readonly prefix: string;
}

export const join = defineTransform({
  name: "join",
  summary: "Rows of two lists that share a key: inner or left.",
  configSchema: z.strictObject({
    right: anyJson.optional().describe("The other list. Not needed when the input is {left, right}."),
    with: anyJson.optional().describe("The same as `right`."),
    on: fieldName.optional().describe("The key field of both lists."),
    key: fieldName.optional().describe("The same as `on`."),
    left_key: fieldName.optional().describe("The key field of the left list, when the two differ."),
    right_key: fieldName.optional().describe("The key field of the right list."),
    type: z
      .enum(["inner", "left"])
      .optional()
      .describe("Default: inner. left keeps rows without a partner, with null in the other's fields."),
    prefix: z.string().min(1).optional().describe("For fields of the right list whose name the left row has too. Default: right_."),
  }),
  apply: (input, config) => {
    const isPair = isJsonObject(input) && isList(input["left"]) && isList(input["right"]);
    const leftRows = requireList("join", isPair ? (input["left"] ?? null) : input);
    const right = config.right ?? config.with ?? (isPair ? input["right"] : undefined);
    if (!isList(right)) throw transformInvalid("join", "right", { expected: "a list", got: describeValue(right) });
    const common = config.on ?? config.key;
    const leftKey = config.left_key ?? common;
    const rightKey = config.right_key ?? common;
    if (leftKey === undefined || rightKey === undefined) {
      throw transformInvalid("join", "on", { expected: "on, or left_key and right_key", got: "no key field" });
    }
    return joinRows(leftRows, right, { leftKey, rightKey, isLeft: config.type === "left", prefix: config.prefix ?? "right_" });
  },
});

/** Order of the left list, then of the right one. */
export function joinRows(leftRows: readonly JsonValue[], rightRows: readonly JsonValue[], plan: JoinPlan): JsonValue[] {
  const partners = new Map<string, JsonObject[]>();
  const rightFields = new Set<string>();
  for (const [index, row] of rightRows.entries()) {
    const object = requireObject("join", row, `right[${index}]`);
    for (const field of Object.keys(object)) rightFields.add(field);
    const key = readField(object, plan.rightKey);
    if (isBlank(key)) continue;
    const known = partners.get(keyOf(key));
    if (known === undefined) partners.set(keyOf(key), [object]);
    else known.push(object);
  }
  const nobody: JsonObject = Object.fromEntries([...rightFields].map((field) => [field, null]));
  const result: JsonValue[] = [];
  for (const [index, row] of leftRows.entries()) {
    const left = requireObject("join", row, `left[${index}]`);
    const key = readField(left, plan.leftKey);
    const found = isBlank(key) ? undefined : partners.get(keyOf(key));
    if (found === undefined && plan.isLeft) result.push(combine(left, nobody, plan));
    for (const right of found ?? []) result.push(combine(left, right, plan));
    if (result.length > MAX_ROWS) throw transformFailed("join", "too many rows", { expected: `at most ${MAX_ROWS}`, got: "more" });
  }
  return result;
}

function combine(left: JsonObject, right: JsonObject, plan: JoinPlan): JsonValue {
  const entries = Object.entries(left);
  for (const [field, value] of Object.entries(right)) {
    if (!Object.hasOwn(left, field)) entries.push([field, value]);
    // The shared key says the same on both sides.
    else if (!(field === plan.rightKey && field === plan.leftKey)) entries.push([`${plan.prefix}${field}`, value]);
  }
  return Object.fromEntries(entries) as JsonValue;
}
