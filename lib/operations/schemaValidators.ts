// Compiled JSON Schema validators, kept by content. Patterns run on RE2, and no schema is ever fetched.
import { Ajv, type ErrorObject, type Options } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { LRUCache } from "lru-cache";
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { compilePattern } from "./regularExpressions.ts";
import { toJsonSchema } from "./schemaForm.ts";

interface SchemaValidator {
  /** Every error; empty when the data fit. */
  check(data: JsonValue): readonly ErrorObject[];
}

type Outcome = { readonly ok: true; readonly validator: SchemaValidator } | { readonly ok: false; readonly reason: string };

const MAX_SCHEMA_CHARACTERS = 500_000;
const NEWER_KEYWORDS = /"(prefixItems|\$dynamicRef|dependentRequired|dependentSchemas|unevaluatedProperties|unevaluatedItems|minContains)"/;

const re2 = Object.assign(
  (pattern: string) => {
    const compiled = compilePattern(pattern);
    return { test: (text: string): boolean => compiled.matcher(text).find() };
  },
  { code: "undefined" },
);
const OPTIONS: Options = { allErrors: true, strict: false, verbose: true, addUsedSchema: false, logger: false, code: { regExp: re2 } };

const cache = new LRUCache<string, Outcome>({ max: 500 });
let engines: { readonly draft7: Ajv; readonly draft2020: Ajv2020 } | undefined;

/** Never throws: a schema that does not compile is an outcome. */
export function findValidator(schema: JsonValue): Outcome {
  const text = canonicalJson(schema);
  const known = cache.get(text);
  if (known !== undefined) return known;
  const outcome = compile(schema, text);
  cache.set(text, outcome);
  return outcome;
}

function compile(schema: JsonValue, text: string): Outcome {
  if (!isJsonObject(schema)) return { ok: false, reason: "a schema is an object" };
  if (text.length > MAX_SCHEMA_CHARACTERS) return { ok: false, reason: `a schema has at most ${MAX_SCHEMA_CHARACTERS} characters` };
  // The dialect is chosen here; names of dialects that the engine does not know would only make it fail.
  const { $schema: dialect, ...body } = toJsonSchema(schema) as JsonObject;
  const isNewer = (typeof dialect === "string" && /20(19-09|20-12)/.test(dialect)) || NEWER_KEYWORDS.test(text);
  const engine = isNewer ? getEngines().draft2020 : getEngines().draft7;
  try {
    const validate = engine.compile(body);
    return { ok: true, validator: { check: (data) => (validate(data) ? [] : [...(validate.errors ?? [])]) } };
  } catch (cause) {
    return { ok: false, reason: cause instanceof Error ? cause.message : String(cause) };
  } finally {
    // The engine would otherwise keep every schema it ever saw.
    engine.removeSchema(body);
  }
}

/** Built on first use: the two take some milliseconds that a start without validation need not spend. */
function getEngines(): NonNullable<typeof engines> {
  if (engines === undefined) {
    engines = { draft7: new Ajv(OPTIONS), draft2020: new Ajv2020(OPTIONS) };
    addFormats.default(engines.draft7);
    addFormats.default(engines.draft2020);
  }
  return engines;
}
