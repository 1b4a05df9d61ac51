// expand: a delimited text into a list, or each row with a delimited field into one row per part.
import { z } from "zod";
import type { JsonValue } from "../../core/json.ts";
import { describeValue } from "../describeValue.ts";
import { isList } from "../lists.ts";
import { MAX_ROWS, readColumn, requireList, requireObject, transformFailed } from "./rows.ts";
import { defineTransform } from "./types.ts";

export const expand = defineTransform({
  name: "expand",
  summary: "Delimited text into a list; with `field`, a row into one row per part.",
  configSchema: z.strictObject({
    delimiter: z.string().min(1).optional().describe("Default: a comma."),
    field: z.string().min(1).optional().describe("The field of each row that holds the text, or a list."),
  }),
  apply: (input, config) => {
    const delimiter = config.delimiter ?? ",";
    if (config.field !== undefined) return expandRows(requireList("expand", input), config.field, delimiter);
    if (typeof input === "string") return splitText(input, delimiter);
    const texts = requireList("expand", input);
    return texts.flatMap((text, index) => (text === null ? [] : splitText(requireText(text, `input[${index}]`), delimiter)));
  },
});

function expandRows(rows: readonly JsonValue[], field: string, delimiter: string): JsonValue {
  const columns = readColumn("expand", rows, field);
  const result: JsonValue[] = [];
  for (const [index, value] of columns.entries()) {
    const row = requireObject("expand", rows[index], `input[${index}]`);
    const parts = isList(value) ? value : value === null ? [] : splitText(requireText(value, `input[${index}].${field}`), delimiter);
    // A row without parts is still a row.
    if (parts.length === 0) result.push(row);
    for (const part of parts) result.push({ ...row, [field]: part });
    if (result.length > MAX_ROWS) throw transformFailed("expand", "too many rows", { expected: `at most ${MAX_ROWS}`, got: "more" });
  }
  return result;
}

/** Parts are trimmed; empty ones are dropped. */
function splitText(text: string, delimiter: string): string[] {
  return text
    .split(delimiter)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function requireText(value: JsonValue, place: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw transformFailed("expand", `${place} is not a text`, { field: place, expected: "a text with parts", got: describeValue(value) });
}
