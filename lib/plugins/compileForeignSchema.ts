// Compiles a JSON Schema that a server, model or workflow wrote, with a bound on the work of checking. Both it and what it checks may be made to take forever.
import { Ajv, type ErrorObject, type Options } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { compilePattern } from "../operations/regularExpressions.ts";
import type { JsonSchema } from "./types.ts";

/** Writes defaults into what it checks. Empty: it fits. */
export type ForeignCheck = (value: unknown) => readonly ErrorObject[];

/** About a second. A list of 100 000 rows of 20 columns takes a quarter of them. */
const MAX_STEPS = 20_000_000;
/** All defects of a value are gathered only where that takes no time. */
const MAX_STEPS_FOR_ALL = 20_000;
const STEPS = "x-neuronforge-steps";

const OPTIONS: Options = { useDefaults: true, strict: false, verbose: true, validateFormats: true };
const DATA: ReadonlySet<string> = new Set(["const", "enum", "default", "examples", "required", "dependentRequired"]);
const MAPS: ReadonlySet<string> = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"]);

/** What ajv writes to join the errors of a reference to those before it: a copy of all of them, however many branches or items fail. */
const JOIN = /vErrors === null \? ([\w.]{1,60})\.errors : vErrors\.concat\(\1\.errors\)/g;
const JOIN_FIRST = "vErrors === null ? [$1.errors[0]] : (vErrors.push($1.errors[0]), vErrors)";

class TooManySteps extends Error {}

/** @throws Error when the schema itself is wrong */
export function compileForeignSchema(schema: JsonSchema): ForeignCheck {
  const counted = countSteps(schema);
  const findFirst = createCheck(counted, { allErrors: false, maxSteps: MAX_STEPS });
  let findAll: ForeignCheck | undefined;
  return (value) => {
    try {
      const found = findFirst(value);
      if (found.length === 0) return found;
      try {
        findAll ??= createCheck(counted, { allErrors: true, maxSteps: MAX_STEPS_FOR_ALL });
        return findAll(value);
      } catch (error) {
        if (error instanceof TooManySteps) return found;
        throw error;
      }
    } catch (error) {
      if (!(error instanceof TooManySteps)) throw error;
      const message = `takes more than ${MAX_STEPS} steps to check`;
      return [{ keyword: STEPS, instancePath: "", schemaPath: "", params: {}, message, data: value }];
    }
  };
}

function createCheck(
  schema: JsonObject,
  { allErrors, maxSteps }: { readonly allErrors: boolean; readonly maxSteps: number },
): ForeignCheck {
  let steps = 0;
  const take = (count: number): void => {
    steps += count;
    if (steps > maxSteps) throw new TooManySteps();
  };
  const regExp = Object.assign(
    (pattern: string) => ({
      test: (text: string) => {
        const compiled = compilePattern(pattern);
        take(1 + Math.ceil((text.length * compiled.programSize()) / 4));
        return compiled.matcher(text).find();
      },
    }),
    // Only read when ajv writes standalone code, which we do not.
    { code: "" },
  );
  const process = (code: string): string => (allErrors ? code : code.replaceAll(JOIN, JOIN_FIRST));
  // Inlined references multiply the code.
  const options: Options = { ...OPTIONS, allErrors, inlineRefs: false, code: { regExp, process } };
  const dialect = schema["$schema"];
  const isNewer = typeof dialect === "string" && dialect.includes("2020-12");
  const ajv = isNewer ? new Ajv2020(options) : new Ajv(options);
  addFormats.default(ajv);
  ajv.addKeyword({
    keyword: STEPS,
    schemaType: "number",
    errors: false,
    // Before anything that goes on into other schemas.
    before: isNewer ? "$dynamicAnchor" : "$ref",
    validate: (weight: number, data: unknown) => {
      take(weight + sizeOf(data));
      return true;
    },
  });
  // The library compares each item with each other.
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    error: { message: "must NOT have duplicate items" },
    validate: (isWanted: boolean, items: readonly JsonValue[]) => {
      if (!isWanted) return true;
      const texts = items.map((item) => {
        const text = canonicalJson(item);
        take(text.length >>> 4);
        return text;
      });
      return new Set(texts).size === texts.length;
    },
  });
  const validate = ajv.compile(schema);
  return (value) => {
    steps = 0;
    return validate(value) ? [] : (validate.errors ?? []);
  };
}

/** Each keyword may go over all of it once. Objects of many keys are slow at that. */
function sizeOf(data: unknown): number {
  if (typeof data === "string") return data.length >>> 1;
  const keys = typeof data === "object" && data !== null && !Array.isArray(data) ? Object.keys(data).length : 0;
  return keys > 1_000 ? keys * 20 : keys;
}

/** A copy in which every schema says how much work it is, but for what is below it. */
function countSteps(schema: JsonObject): JsonObject {
  const copy: Record<string, JsonValue> = {};
  let weight = 1;
  for (const [key, value] of entriesOf(schema)) {
    if (key === "$ref" || key === "$dynamicRef") refuseDataReference(value);
    const isMap = MAPS.has(key) && isJsonObject(value);
    weight += DATA.has(key)
      ? JSON.stringify(value).length >>> 3
      : isMap
        ? Object.keys(value).length
        : Array.isArray(value)
          ? value.length
          : 1;
    const kept = DATA.has(key)
      ? value
      : isMap
        ? Object.fromEntries(entriesOf(value).map(([name, member]) => [name, countInside(member)]))
        : countInside(value);
    Object.defineProperty(copy, key, { value: kept, enumerable: true, configurable: true, writable: true });
  }
  return { ...copy, [STEPS]: weight };
}

function countInside(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(countInside);
  return isJsonObject(value) ? countSteps(value) : value;
}

function entriesOf(object: JsonObject): [string, JsonValue][] {
  return Object.entries(object) as [string, JsonValue][];
}

/** What stands in data is not counted, so it cannot be a schema. */
function refuseDataReference(reference: JsonValue): void {
  const pointer = typeof reference === "string" ? (reference.split("#", 2)[1] ?? "") : "";
  let isName = false;
  for (const part of decodeURIComponent(pointer).split("/")) {
    if (!isName && DATA.has(part)) throw new Error(`the reference ${JSON.stringify(reference)} leads into ${part}, which is no schema`);
    isName = !isName && MAPS.has(part);
  }
}
