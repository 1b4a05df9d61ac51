// Plugin `json`: parse, stringify, query, merge, validate. Pure; the same input gives the same output.
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { canonicalJson, decodeForeignJson, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { lookUpPath, parsePath, readPath } from "../../operations/paths.ts";
import { compileSchema } from "../compileSchema.ts";
import { defineAction, definePlugin } from "../definePlugin.ts";
import type { CompiledSchema, Plugin } from "../types.ts";
import { jsonValue } from "./jsonValue.ts";

const PURE = { effect: "none", idempotency: { by: "natural", windowHours: 365 * 24 }, costUsd: 0 } as const;
const MAX_SCHEMA_CHARACTERS = 100_000;
/** Deeper merges are a mistake or an attack on the stack. */
const MAX_MERGE_DEPTH = 100;

/** Compiling costs milliseconds; a scatter validates every item with one schema. */
const schemas = new LRUCache<string, CompiledSchema>({ max: 100 });

const parse = defineAction({
  ...PURE,
  description: "Parses JSON text",
  params: z.strictObject({ text: z.string() }),
  run: async ({ text }) => {
    try {
      return decodeForeignJson(text);
    } catch (cause) {
      const start = JSON.stringify(text.slice(0, 60));
      throw new AppError("TRANSFORM_FAILED", `the text is not JSON (${String(cause)}); it begins with ${start}`, {
        cause,
        details: { field: "text", expected: "JSON", got: start },
      });
    }
  },
});

const stringify = defineAction({
  ...PURE,
  description: "Writes a value as JSON text",
  params: z.strictObject({ value: jsonValue, indent: z.int().min(0).max(8).default(0), sort_keys: z.boolean().default(false) }),
  output: z.string(),
  run: async ({ value, indent, sort_keys: sortKeys }) => {
    const ordered = sortKeys ? (JSON.parse(canonicalJson(value)) as JsonValue) : value;
    return JSON.stringify(ordered, null, indent);
  },
});

const query = defineAction({
  ...PURE,
  description: "Reads a path such as orders[*].total out of a value",
  params: z.strictObject({
    value: jsonValue,
    path: z.string().min(1),
    default: jsonValue.optional().describe("Used when the path leads nowhere; without it that is an error"),
  }),
  run: async (params) => {
    const segments = parsePath(params.path);
    const { value } = params;
    if (params.default === undefined) return readPath(value, segments);
    const found = lookUpPath(value, segments);
    return found.found ? found.value : params.default;
  },
});

const merge = defineAction({
  ...PURE,
  description: "Merges objects from left to right, at every depth",
  params: z.strictObject({
    values: z.array(z.record(z.string(), jsonValue)).min(1),
    arrays: z.enum(["replace", "concat"]).default("replace"),
  }),
  run: async ({ values, arrays }) => {
    const [first = {}, ...others] = values;
    return others.reduce<JsonObject>((merged, next) => mergeObjects(merged, next, arrays, MAX_MERGE_DEPTH), first);
  },
});

const validate = defineAction({
  ...PURE,
  description: "Checks a value against a JSON Schema and reports every defect",
  params: z.strictObject({ value: jsonValue, schema: z.record(z.string(), jsonValue) }),
  output: z.object({
    valid: z.boolean(),
    defects: z.array(z.object({ path: z.string(), message: z.string(), expected: z.string().optional(), got: z.string().optional() })),
  }),
  run: async (params) => {
    const result = compile(params.schema).check(params.value);
    return result.ok ? { valid: true, defects: [] } : { valid: false, defects: result.defects.map((defect) => ({ ...defect })) };
  },
});

export const jsonPlugin: Plugin = definePlugin({
  name: "json",
  version: "1.0.0",
  description: "Parse, write, query, merge and check JSON",
  actions: { parse, stringify, query, merge, validate },
});

function compile(schema: JsonObject): CompiledSchema {
  const key = canonicalJson(schema);
  const known = schemas.get(key);
  if (known !== undefined) return known;
  if (key.length > MAX_SCHEMA_CHARACTERS) {
    throw new AppError("PARAMS_INVALID", `schema has ${key.length} characters, more than ${MAX_SCHEMA_CHARACTERS}`, {
      details: { field: "schema" },
    });
  }
  try {
    const compiled = compileSchema(schema, "schema", { isUntrusted: true });
    schemas.set(key, compiled);
    return compiled;
  } catch (cause) {
    throw new AppError("PARAMS_INVALID", cause instanceof Error ? cause.message : String(cause), { cause, details: { field: "schema" } });
  }
}

function mergeObjects(left: JsonObject, right: JsonObject, arrays: "replace" | "concat", depthLeft: number): JsonObject {
  if (depthLeft <= 0)
    throw new AppError("TRANSFORM_FAILED", `the values are nested deeper than ${MAX_MERGE_DEPTH}`, { details: { field: "values" } });
  // Entries instead of assignment: a key named __proto__ must stay data.
  const merged = new Map(Object.entries(left));
  for (const [key, next] of Object.entries(right)) {
    const present = merged.get(key);
    if (isJsonObject(present) && isJsonObject(next)) merged.set(key, mergeObjects(present, next, arrays, depthLeft - 1));
    else if (arrays === "concat" && Array.isArray(present) && Array.isArray(next))
      merged.set(key, [...(present as JsonValue[]), ...(next as JsonValue[])]);
    else merged.set(key, next);
  }
  return Object.fromEntries(merged);
}
