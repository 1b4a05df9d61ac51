// Compiles a JSON Schema for checking what is written in a workflow, or says where it is wrong. Not for checking data at run time.
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { PathKey } from "../SourceMap.ts";

export type CompiledJsonSchema =
  | { readonly validate: ValidateFunction; readonly problem: null }
  | { readonly validate: null; readonly problem: { readonly message: string; readonly at: readonly PathKey[] } };

const compiled = new WeakMap<JsonObject, CompiledJsonSchema>();

export function compileJsonSchema(schema: JsonObject): CompiledJsonSchema {
  let result = compiled.get(schema);
  if (result === undefined) compiled.set(schema, (result = compile(schema)));
  return result;
}

function compile(schema: JsonObject): CompiledJsonSchema {
  const options = { allErrors: true, strict: false, verbose: true, validateFormats: true, logger: false } as const;
  // A fresh instance each time: schemas of different workflows may carry the same $id.
  const ajv = isDraft7(schema["$schema"]) ? new Ajv(options) : new Ajv2020(options);
  addFormats.default(ajv);
  try {
    if (ajv.validateSchema(schema) === true) return { validate: ajv.compile(schema), problem: null };
  } catch (thrown) {
    return { validate: null, problem: { message: thrown instanceof Error ? thrown.message : String(thrown), at: [] } };
  }
  // The deepest place is the fault itself; what is around it only fails with it.
  const [first] = (ajv.errors ?? []).toSorted((left, right) => depth(right) - depth(left));
  return {
    validate: null,
    problem: { message: first?.message ?? "it is not JSON Schema", at: first === undefined ? [] : pointerToPath(first.instancePath) },
  };
}

function depth({ instancePath }: ErrorObject): number {
  return instancePath.split("/").length;
}

function isDraft7(dialect: JsonValue | undefined): boolean {
  return typeof dialect === "string" && dialect.includes("draft-07");
}

/** `/rows/0/a~1b` → `["rows", 0, "a/b"]`. */
export function pointerToPath(pointer: string): PathKey[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      return /^\d+$/.test(key) ? Number(key) : key;
    });
}
