// `output_schema` of a step in either spelling: as JSON Schema, checked against a value, and what an answer about nothing looks like in it.
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { toJsonSchema } from "../../operations/schemaForm.ts";
import { validateData, type Defect } from "../../operations/validation.ts";

/** @throws AppError `WORKFLOW_INVALID` when it is no schema */
export function jsonSchemaOf(schema: JsonObject): JsonObject {
  const converted = toJsonSchema(schema);
  if (isJsonObject(converted)) return converted;
  throw new AppError("WORKFLOW_INVALID", "output_schema is not an object", {
    details: { field: "output_schema", expected: "JSON Schema", got: typeof converted },
  });
}

/** One line per defect: where, what, expected, got. */
export function defectsOf(schema: JsonObject, value: JsonValue): string[] {
  return validateData(value, schema, [], { nowMs: 0 }).map(describeDefect);
}

export function describeDefect({ path, message, expected, got }: Defect): string {
  const place = path === "" ? "the value" : path;
  const facts = [...(expected === undefined ? [] : [`expected ${expected}`]), ...(got === undefined ? [] : [`got ${got}`])].join(", ");
  return facts === "" ? `${place}: ${message}` : `${place}: ${message} (${facts})`;
}

export const NO_DATA = "No data available.";

/** Empty lists and nulls in the schema's shape: nothing is known, and nothing is made up. */
export function emptyAnswer(schema: JsonObject | null): JsonValue {
  if (schema === null) return NO_DATA;
  const { type, properties } = schema;
  if (type === "array") return [];
  if (type === "string") return NO_DATA;
  if (!isJsonObject(properties)) return type === "object" ? {} : null;
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, isJsonObject(property) && property["type"] === "array" ? [] : null]),
  );
}
