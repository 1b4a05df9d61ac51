// An execution's inputs against what its workflow declares: defaults, unambiguous text, every problem at once.
import { AppError } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { InputDeclaration, WorkflowDefinition } from "../workflow/types.ts";

/** @throws AppError `INPUT_INVALID` naming every problem */
export function checkInputs(definition: WorkflowDefinition, given: JsonObject): JsonObject {
  if (definition.inputs === undefined) return given;
  const problems: string[] = [];
  const inputs: [string, JsonValue][] = [];
  for (const key of Object.keys(given)) if (!Object.hasOwn(definition.inputs, key)) problems.push(`${key} is not declared`);
  for (const [name, { type, required, default: byDefault }] of Object.entries(definition.inputs)) {
    const value = (Object.hasOwn(given, name) ? given[name] : undefined) ?? byDefault;
    if (value === undefined) {
      if (required !== false) problems.push(`${name} is missing`);
      continue;
    }
    const coerced = type === undefined ? value : COERCIONS[type](value);
    if (coerced === undefined) problems.push(`${name}: expected a ${type}, got ${JSON.stringify(value).slice(0, 60)}`);
    else inputs.push([name, coerced]);
  }
  if (problems.length > 0) {
    const names = Object.keys(definition.inputs).join(", ");
    throw new AppError("INPUT_INVALID", `inputs of ${definition.name}: ${problems.join("; ")}`, {
      details: { field: "inputs", expected: names },
    });
  }
  return Object.fromEntries(inputs);
}

type Coercion = (value: JsonValue) => JsonValue | undefined;

/** Command lines give text: an unambiguous number, boolean or JSON document is taken for what it says. */
const COERCIONS: Readonly<Record<NonNullable<InputDeclaration["type"]>, Coercion>> = {
  number: (value) => {
    if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))) return Number(value);
    return typeof value === "number" ? value : undefined;
  },
  boolean: (value) => {
    if (value === "true" || value === "false") return value === "true";
    return typeof value === "boolean" ? value : undefined;
  },
  array: (value) => {
    const parsed = parseIfText(value);
    return Array.isArray(parsed) ? parsed : undefined;
  },
  object: (value) => {
    const parsed = parseIfText(value);
    return isJsonObject(parsed) ? parsed : undefined;
  },
  string: (value) =>
    typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : undefined,
};

function parseIfText(value: JsonValue): JsonValue | undefined {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    return undefined;
  }
}
