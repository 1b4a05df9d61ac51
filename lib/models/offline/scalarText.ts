// A JSON value as a reader sees it: text without quotes, everything else as JSON.
import type { JsonValue } from "../../core/json.ts";

export function scalarText(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
