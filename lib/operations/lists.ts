// The one question `Array.isArray` answers wrongly for our read-only JSON: is this value a list of JSON values?
import type { JsonValue } from "../core/json.ts";

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
