// Whether a value is known before the execution: what holds a template is not.
import type { JsonValue } from "../../core/json.ts";

export function holdsTemplate(value: JsonValue | undefined): boolean {
  if (typeof value === "string") return value.includes("{{");
  return typeof value === "object" && value !== null && Object.values(value as Record<string, JsonValue | undefined>).some(holdsTemplate);
}
