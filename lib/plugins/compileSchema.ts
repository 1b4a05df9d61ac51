// Makes a zod schema or a JSON Schema ready for checking. Defects name every fault, not just the first.
import { Ajv, type ErrorObject } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { z } from "zod";
import { AppError } from "../core/errors.ts";
import { isJsonObject, type JsonValue } from "../core/json.ts";
import { compileForeignSchema } from "./compileForeignSchema.ts";
import type { CompiledSchema, Defect, JsonSchema, Schema } from "./types.ts";

/** How much of a refused value an error may show. */
const SHOWN_CHARACTERS = 80;
/** How many defects one error tells: enough to mend them, few enough to store. */
const MAX_TOLD_DEFECTS = 20;

export interface CompileOptions {
  /** For schemas that come from workflows, models or servers: patterns run on RE2 and the work is bounded, so that none can hold us up. @defaultValue false */
  readonly isUntrusted?: boolean;
}

/** @throws AppError `PLUGIN_INVALID` when the schema itself is wrong; `owner` says whose it is */
export function compileSchema(schema: Schema, owner: string, { isUntrusted = false }: CompileOptions = {}): CompiledSchema {
  try {
    return schema instanceof z.ZodType ? compileZod(schema) : compileJsonSchema(schema, isUntrusted);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("PLUGIN_INVALID", `the schema of ${owner} does not compile: ${reason}`, { cause, details: { field: owner } });
  }
}

function compileZod(schema: z.ZodType): CompiledSchema {
  return {
    json: z.toJSONSchema(schema, { io: "input" }) as unknown as JsonSchema,
    check: (value) => {
      const result = schema.safeParse(value, { reportInput: true });
      if (result.success) return { ok: true, value: result.data };
      return { ok: false, defects: result.error.issues.flatMap(describeIssue) };
    },
  };
}

function describeIssue(issue: z.core.$ZodIssue): Defect[] {
  const path = formatPath(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: formatPath([...issue.path, key]), message: "is not a known field" }));
  }
  const expected =
    issue.code === "invalid_type" ? issue.expected : issue.code === "invalid_value" ? issue.values.map(String).join(" | ") : undefined;
  const isMissing = issue.input === undefined && issue.code === "invalid_type";
  return [
    {
      path,
      message: isMissing ? "is required" : issue.message,
      ...(expected !== undefined && { expected }),
      got: isMissing ? "nothing" : showValue(issue.input),
    },
  ];
}

function compileJsonSchema(schema: JsonSchema, isUntrusted: boolean): CompiledSchema {
  const findDefects = isUntrusted ? compileForeignSchema(schema) : compileOwnSchema(schema);
  return {
    json: schema,
    check: (value) => {
      // ajv writes defaults into what it checks; the caller's value stays as it was.
      const copy: unknown = structuredClone(value);
      const errors = findDefects(copy);
      return errors.length === 0 ? { ok: true, value: copy } : { ok: false, defects: errors.map(describeAjvError) };
    },
  };
}

function compileOwnSchema(schema: JsonSchema): (value: unknown) => readonly ErrorObject[] {
  const options = { allErrors: true, useDefaults: true, strict: false, verbose: true, validateFormats: true } as const;
  const dialect = schema["$schema"];
  const ajv = typeof dialect === "string" && dialect.includes("2020-12") ? new Ajv2020(options) : new Ajv(options);
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? [] : (validate.errors ?? []));
}

function describeAjvError(error: ErrorObject): Defect {
  const path = error.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const params = error.params as Record<string, unknown>;
  if (error.keyword === "required")
    return { path: formatPath([...path, String(params["missingProperty"])]), message: "is required", got: "nothing" };
  if (error.keyword === "additionalProperties") {
    return { path: formatPath([...path, String(params["additionalProperty"])]), message: "is not a known field" };
  }
  const allowed = params["allowedValues"] ?? params["type"];
  const expected = Array.isArray(allowed) ? allowed.join(" | ") : typeof allowed === "string" ? allowed : undefined;
  return {
    path: formatPath(path),
    message: error.message ?? error.keyword,
    ...(expected !== undefined && { expected }),
    got: showValue(error.data),
  };
}

function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    const isIndex = typeof part === "number" || /^\d+$/.test(String(part));
    if (isIndex) text += `[${String(part)}]`;
    else text += text === "" ? String(part) : `.${String(part)}`;
  }
  return text;
}

/** Kind and size rather than content for what is long: params may hold personal data, and errors are stored. */
function showValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return value.length > SHOWN_CHARACTERS ? `a text of ${value.length} characters` : JSON.stringify(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isJsonObject(value)) return `an object with ${Object.keys(value).slice(0, 5).join(", ") || "no fields"}`;
  return value === null ? "null" : `${typeof value} ${JSON.stringify(value)}`;
}

/** One line for people: `to: is required; count: must be number (expected number, got "x")`. */
export function describeDefects(defects: readonly Defect[]): string {
  const untold = defects.length - MAX_TOLD_DEFECTS;
  return [...defects.slice(0, MAX_TOLD_DEFECTS).map(describeDefect), ...(untold > 0 ? [`and ${untold} more`] : [])].join("; ");
}

function describeDefect(defect: Defect): string {
  const facts = [
    defect.expected === undefined ? "" : `expected ${defect.expected}`,
    defect.got === undefined ? "" : `got ${defect.got}`,
  ].filter((fact) => fact !== "");
  return `${defect.path === "" ? "value" : defect.path}: ${defect.message}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`;
}

/** Defects as facts of an error. */
export function defectsToJson(defects: readonly Defect[]): JsonValue {
  return defects.slice(0, MAX_TOLD_DEFECTS).map((defect) => ({ ...defect }));
}
