// The short forms in which workflows write schemas, as JSON Schema: `fields: [{name, type, required}]`, `min`/`max`, a type name as a property.
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { isList } from "./lists.ts";

export interface SchemaField {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string;
  /** For lists and objects with their own fields. */
  readonly schema: JsonObject;
}

const MAX_DEPTH = 60;
/** Words that people write as types, with their JSON Schema. */
const TYPES: Readonly<Record<string, JsonObject>> = {
  text: { type: "string" },
  date: { type: "string" },
  datetime: { type: "string" },
  email: { type: "string", format: "email" },
  url: { type: "string", format: "uri" },
  phone: { type: "string" },
  currency: { type: "number" },
  money: { type: "number" },
  float: { type: "number" },
  int: { type: "integer" },
  bool: { type: "boolean" },
  list: { type: "array" },
  any: {},
};
const MINIMUM = { string: "minLength", array: "minItems", object: "minProperties" } as const;
const MAXIMUM = { string: "maxLength", array: "maxItems", object: "maxProperties" } as const;
/** Members that hold values rather than schemas. */
const OPAQUE = new Set(["enum", "const", "default", "examples", "required", "description", "title"]);
const SCHEMA_MAPS = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);

/** JSON Schema of either form; what is JSON Schema already stays as it is. */
export function toJsonSchema(schema: JsonValue, depth = 0): JsonValue {
  if (typeof schema === "string") return TYPES[schema] ?? { type: schema };
  if (!isJsonObject(schema) || depth > MAX_DEPTH) return schema;
  const result = new Map<string, JsonValue | undefined>();
  for (const [key, member] of Object.entries(schema)) {
    if (member === undefined) continue;
    if (SCHEMA_MAPS.has(key) && isJsonObject(member)) result.set(key, mapValues(member, depth));
    else if (OPAQUE.has(key)) result.set(key, member);
    else if (isList(member))
      result.set(
        key,
        member.map((entry) => (isJsonObject(entry) ? toJsonSchema(entry, depth + 1) : entry)),
      );
    else result.set(key, isJsonObject(member) ? toJsonSchema(member, depth + 1) : member);
  }
  expandType(result);
  renameBounds(result);
  expandFields(schema, result, depth);
  hoistRequired(schema, result);
  return Object.fromEntries<JsonValue | undefined>(result);
}

function mapValues(members: JsonObject, depth: number): JsonObject {
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, member === undefined ? {} : toJsonSchema(member, depth + 1)]),
  );
}

function expandType(result: Map<string, JsonValue | undefined>): void {
  const type = result.get("type");
  if (typeof type !== "string" || !Object.hasOwn(TYPES, type)) return;
  result.delete("type");
  for (const [key, value] of Object.entries(TYPES[type] ?? {})) if (!result.has(key)) result.set(key, value);
}

function renameBounds(result: Map<string, JsonValue | undefined>): void {
  const type = result.get("type");
  const kind = type === "string" || type === "array" || type === "object" ? type : undefined;
  for (const [short, names, plain] of [
    ["min", MINIMUM, "minimum"],
    ["max", MAXIMUM, "maximum"],
  ] as const) {
    const bound = result.get(short);
    if (typeof bound !== "number") continue;
    result.delete(short);
    const name = kind === undefined ? plain : names[kind];
    if (!result.has(name)) result.set(name, bound);
  }
}

/** `fields` describe an object, or the items of a list. */
function expandFields(schema: JsonObject, result: Map<string, JsonValue | undefined>, depth: number): void {
  if (!isList(schema["fields"])) return;
  result.delete("fields");
  const fields = readFields({ fields: schema["fields"] });
  const properties = Object.fromEntries(fields.map((field) => [field.name, toJsonSchema(withoutFieldNames(field), depth + 1)]));
  const required = fields.filter((field) => field.isRequired).map((field) => field.name);
  const object: JsonObject = { type: "object", properties, ...(required.length > 0 && { required }) };
  if (schema["type"] === "array") result.set("items", object);
  else for (const [key, value] of Object.entries(object)) result.set(key, value);
}

function withoutFieldNames(field: SchemaField): JsonObject {
  const { name: _, required, ...rest } = field.schema;
  return isList(required) ? { ...rest, required } : rest;
}

/** `required: true` inside a property, as in older API descriptions. */
function hoistRequired(schema: JsonObject, result: Map<string, JsonValue | undefined>): void {
  if (typeof schema["required"] === "boolean") result.delete("required");
  const properties = schema["properties"];
  if (!isJsonObject(properties)) return;
  const marked = Object.keys(properties).filter((name) => isJsonObject(properties[name]) && properties[name]["required"] === true);
  if (marked.length === 0) return;
  const listed = result.get("required");
  result.set("required", [...new Set([...(isList(listed) ? listed : []), ...marked])]);
}

/** The fields of an object schema in either form. */
export function readFields(schema: JsonObject): SchemaField[] {
  const { fields, properties } = schema;
  if (isList(fields))
    return fields
      .filter(isJsonObject)
      .flatMap((field) => (typeof field["name"] === "string" ? [toField(field["name"], field, field["required"] === true)] : []));
  if (!isJsonObject(properties)) return [];
  const required = isList(schema["required"]) ? schema["required"] : [];
  return Object.entries(properties).map(([name, property]) => {
    const member: JsonObject = isJsonObject(property) ? property : typeof property === "string" ? { type: property } : {};
    return toField(name, member, required.includes(name) || member["required"] === true);
  });
}

function toField(name: string, schema: JsonObject, isRequired: boolean): SchemaField {
  const type = typeof schema["type"] === "string" ? schema["type"] : "string";
  const isDate = type === "string" && (schema["format"] === "date" || schema["format"] === "date-time");
  const isEmail = type === "string" && schema["format"] === "email";
  const description = typeof schema["description"] === "string" ? schema["description"] : "";
  return { name, type: isDate ? "date" : isEmail ? "email" : type, isRequired, description, schema };
}
