// How a value is shown in an error: kind and size rather than content for what is long. Not for logs of whole values.
import { isJsonObject, type JsonValue } from "../core/json.ts";

const SHOWN_CHARACTERS = 60;
const SHOWN_KEYS = 10;

/** `"text"`, `a text of 120 characters`, `a list of 3`, `an object with a, b`, `null`, `nothing`. */
export function describeValue(value: JsonValue | undefined): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return value.length > SHOWN_CHARACTERS ? `a text of ${value.length} characters` : JSON.stringify(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isJsonObject(value)) return `an object with ${describeKeys(Object.keys(value))}`;
  return JSON.stringify(value);
}

/** At most ten names; says how many more there are. */
export function describeKeys(keys: readonly string[]): string {
  if (keys.length === 0) return "no keys";
  const shown = keys.slice(0, SHOWN_KEYS).map((key) => (key.length > SHOWN_CHARACTERS ? `${key.slice(0, SHOWN_CHARACTERS)}…` : key));
  const rest = keys.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}
