// Checks that every schema in a workflow compiles: JSON Schema, or the short form with `fields`. Which of them data fit is operations/validation.
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { describeValue } from "../../operations/describeValue.ts";
import { checkSchema } from "../../operations/validation.ts";
import type { IssueList } from "./IssueList.ts";
import { walkSteps } from "../nestedSteps.ts";
import { valueAt } from "./schemaIssues.ts";
import { suggest } from "./suggest.ts";
import type { PathKey } from "../read/SourceMap.ts";
import type { WorkflowDefinition, WorkflowStep } from "../types.ts";

export function checkSchemas(definition: WorkflowDefinition, issues: IssueList): void {
  for (const { step, path } of walkSteps(definition)) {
    for (const [field, schema] of schemasOf(step)) addSchemaProblem(schema, [...path, ...field], issues);
  }
}

function schemasOf(step: WorkflowStep): [PathKey[], JsonObject][] {
  const found: [PathKey[], JsonObject | undefined][] = [];
  if ("output_schema" in step) found.push([["output_schema"], step.output_schema]);
  if (step.type === "ai_processing") found.push([["config", "output_schema"], step.config?.output_schema]);
  if (step.type === "validation") found.push([["schema"], step.schema]);
  return found.flatMap(([field, schema]) => (schema === undefined ? [] : [[field, schema]]));
}

function addSchemaProblem(schema: JsonObject, path: readonly PathKey[], issues: IssueList): void {
  const [problem] = checkSchema(schema);
  if (problem === undefined) return;
  // `schema is invalid: data/properties/title/type must be …, data/…` tells where; of a short form that place does not exist.
  const [, pointer = "", reason = ""] = / data((?:\/[^\s,]+)+) ((?:(?!, data\/).)+)/s.exec(problem.message) ?? [];
  const at = pointerToPath(pointer);
  const value = at.length === 0 ? undefined : (valueAt(schema, at) as JsonValue | undefined);
  if (value === undefined) {
    return issues.add("WORKFLOW_INVALID", path, `the schema ${problem.message}`, {
      expected: "JSON Schema",
      got: describeValue(schema),
      hint: SCHEMA_FORMS,
    });
  }
  const isType = at.at(-1) === "type";
  issues.add("WORKFLOW_INVALID", [...path, ...at], `the schema does not compile: ${String(at.at(-1))} ${reason}`, {
    expected: isType ? SCHEMA_TYPES.join(", ") : "JSON Schema",
    got: describeValue(value),
    hint: isType && typeof value === "string" ? suggest(value, SCHEMA_TYPES, "use one of the listed types") : SCHEMA_FORMS,
  });
}

const SCHEMA_TYPES = ["string", "number", "integer", "boolean", "array", "object", "null"];
const SCHEMA_FORMS = "write JSON Schema, such as {type: object, properties: {title: {type: string}}}, or {type, fields: [{name, type}]}";

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
