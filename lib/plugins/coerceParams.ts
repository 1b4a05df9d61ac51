// Brings params into the shape of their schema where only one reading is possible. Fills in nothing: what is missing is an error, not "" or 0.
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { JsonSchema } from "./types.ts";

/** Schemas may refer to themselves. */
const MAX_DEPTH = 32;
/** No leading zeros, no spaces inside, no hexadecimal: `007` is a code, not a number. */
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * One value for a list becomes a list of one, `"5"` becomes 5, `"true"` true, 5 becomes `"5"`, each only where the
 * schema allows a single type and the value is not of it. Everything else comes back as it was, for the check to refuse.
 */
export function coerceParams(params: JsonValue, schema: JsonSchema): JsonValue {
  return coerce(params, schema, { root: schema, depth: 0 });
}

interface Place {
  readonly root: JsonSchema;
  readonly depth: number;
}

function coerce(value: JsonValue, given: JsonValue | undefined, place: Place): JsonValue {
  if (place.depth > MAX_DEPTH) return value;
  const schema = followReference(given, place.root);
  if (schema === undefined) return value;
  const inner = { root: place.root, depth: place.depth + 1 };
  const branch = pickBranch(value, schema, place.root);
  if (branch !== undefined) return coerce(value, branch, inner);
  const types = typesOf(schema);
  if (types.length === 0 || types.some((type) => isOfType(value, type))) return coerceInside(value, schema, inner);
  const [only, ...others] = types.filter((type) => type !== "null");
  if (only === undefined || others.length > 0 || value === null) return value;
  return coerceTo(only, value, schema, inner);
}

function coerceInside(value: JsonValue, schema: JsonSchema, place: Place): JsonValue {
  if (isList(value)) return value.map((item) => coerce(item, schema["items"], place));
  if (!isJsonObject(value)) return value;
  const properties = schema["properties"];
  const others = schema["additionalProperties"];
  const entries = Object.entries(value).map(([key, member]): [string, JsonValue | undefined] => {
    const known = isJsonObject(properties) && Object.hasOwn(properties, key) ? properties[key] : others;
    return [key, member === undefined ? undefined : coerce(member, known, place)];
  });
  return Object.fromEntries(entries);
}

function coerceTo(type: string, value: JsonValue, schema: JsonSchema, place: Place): JsonValue {
  if (type === "array") return [coerce(value, schema["items"], place)];
  if (type === "string") return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
  if (typeof value !== "string") return value;
  const text = value.trim();
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : value;
  if (type !== "number" && type !== "integer") return value;
  const number = DECIMAL.test(text) ? Number(text) : Number.NaN;
  const isExact = Number.isInteger(number) ? Number.isSafeInteger(number) : type === "number" && Number.isFinite(number);
  return isExact ? number : value;
}

/** With alternatives, the only one that the value's type fits, or the only one that is not null. */
function pickBranch(value: JsonValue, schema: JsonSchema, root: JsonSchema): JsonSchema | undefined {
  const alternatives = schema["anyOf"] ?? schema["oneOf"];
  if (!isList(alternatives)) return undefined;
  const branches = alternatives.map((branch) => followReference(branch, root)).filter((branch) => branch !== undefined);
  const fitting = branches.filter((branch) => typesOf(branch).some((type) => isOfType(value, type)));
  if (fitting.length > 0) return fitting.length === 1 ? fitting[0] : undefined;
  const solid = branches.filter((branch) => !typesOf(branch).every((type) => type === "null"));
  return solid.length === 1 && branches.every((branch) => typesOf(branch).length > 0) ? solid[0] : undefined;
}

function followReference(schema: JsonValue | undefined, root: JsonSchema): JsonSchema | undefined {
  let current = schema;
  for (let hops = 0; hops < MAX_DEPTH && isJsonObject(current); hops += 1) {
    const reference: JsonValue | undefined = current["$ref"];
    if (typeof reference !== "string") return current;
    if (!reference.startsWith("#/") && reference !== "#") return undefined;
    current = reference
      .split("/")
      .slice(1)
      .reduce<JsonValue | undefined>(
        (node, part) => (isJsonObject(node) ? node[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined),
        root,
      );
  }
  return undefined;
}

function typesOf(schema: JsonObject): readonly string[] {
  const type = schema["type"];
  if (typeof type === "string") return [type];
  if (isList(type)) return type.filter((name) => typeof name === "string");
  return isList(schema["enum"]) || "const" in schema ? typesOfConstants(schema) : [];
}

function typesOfConstants(schema: JsonObject): readonly string[] {
  const values = isList(schema["enum"]) ? schema["enum"] : [schema["const"] ?? null];
  return [...new Set(values.map(typeName))];
}

function isOfType(value: JsonValue, type: string): boolean {
  const name = typeName(value);
  return name === type || (type === "integer" && name === "number" && Number.isInteger(value));
}

function typeName(value: JsonValue): string {
  if (value === null) return "null";
  return isList(value) ? "array" : typeof value;
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
