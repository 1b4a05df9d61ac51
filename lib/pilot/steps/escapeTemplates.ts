// Makes JSON that came from outside (a model, a person) safe where templates are resolved: it comes out as it went in.
import type { JsonValue } from "../../core/json.ts";

/** The inverse of template resolution: `\{{` is a literal `{{`, and backslashes right before it are written twice. */
export function escapeTemplates(value: JsonValue): JsonValue {
  if (typeof value === "string") return value.replaceAll(/(\\*)\{\{/g, (_match, backslashes: string) => `${backslashes}${backslashes}\\{{`);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(escapeTemplates);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, escapeTemplates(member)]])),
  );
}
