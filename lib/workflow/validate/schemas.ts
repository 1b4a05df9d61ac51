// Checks that every schema in a workflow compiles: JSON Schema, or the short form with `fields`.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { describeValue } from "../../operations/describeValue.ts";
import type { IssueList } from "../IssueList.ts";
import { walkSteps } from "../nestedSteps.ts";
import type { PathKey } from "../SourceMap.ts";
import type { WorkflowDefinition, WorkflowStep } from "../types.ts";
import { compileJsonSchema } from "./compileJsonSchema.ts";

export function checkSchemas(definition: WorkflowDefinition, issues: IssueList): void {
  for (const { step, path } of walkSteps(definition)) {
    for (const [field, schema] of schemasOf(step)) checkSchema(schema, [...path, ...field], issues);
  }
}

function schemasOf(step: WorkflowStep): [PathKey[], JsonObject][] {
  const found: [PathKey[], JsonObject | undefined][] = [];
  if ("output_schema" in step) found.push([["output_schema"], step.output_schema]);
  if (step.type === "ai_processing") found.push([["config", "output_schema"], step.config?.output_schema]);
  if (step.type === "validation") found.push([["schema"], step.schema]);
  return found.flatMap(([field, schema]) => (schema === undefined ? [] : [[field, schema]]));
}

function checkSchema(schema: JsonObject, path: readonly PathKey[], issues: IssueList): void {
  const items = schema["items"];
  const isShort = schema["fields"] !== undefined || (isJsonObject(items) && items["fields"] !== undefined);
  if (isShort) {
    checkFields(schema["fields"], [...path, "fields"], issues);
    if (isJsonObject(items)) checkFields(items["fields"], [...path, "items", "fields"], issues);
    return;
  }
  const { problem } = compileJsonSchema(schema);
  if (problem === null) return;
  const { message, at } = problem;
  issues.add("WORKFLOW_INVALID", [...path, ...at], `the schema does not compile: ${message}`, {
    expected: "JSON Schema",
    ...got(schema, at),
  });
}

function got(schema: JsonObject, at: readonly PathKey[]): { got?: string } {
  let node: JsonValue | undefined = schema;
  for (const key of at)
    node = typeof node === "object" && node !== null ? (node as Record<string, JsonValue | undefined>)[String(key)] : undefined;
  return at.length === 0 ? {} : { got: describeValue(node) };
}

const FIELD_TYPES: readonly string[] = ["string", "number", "integer", "boolean", "date", "currency", "array", "object", "email", "url"];

function checkFields(fields: JsonValue | undefined, path: readonly PathKey[], issues: IssueList): void {
  if (fields === undefined) return;
  if (!Array.isArray(fields))
    return issues.add("WORKFLOW_INVALID", path, `fields is ${describeValue(fields)}, expected a list`, {
      expected: "a list of {name, type, required, description}",
    });
  for (const [index, field] of (fields as readonly JsonValue[]).entries()) {
    const name = isJsonObject(field) ? field["name"] : undefined;
    if (typeof name !== "string" || name === "")
      issues.add("WORKFLOW_INVALID", [...path, index, "name"], "a field has no name", {
        expected: "{name, type, required, description}",
        got: describeValue(field),
      });
    const type = isJsonObject(field) ? field["type"] : undefined;
    if (type !== undefined && (typeof type !== "string" || !FIELD_TYPES.includes(type))) {
      issues.add("WORKFLOW_INVALID", [...path, index, "type"], `a field has the unknown type ${describeValue(type)}`, {
        expected: FIELD_TYPES.join(", "),
        got: describeValue(type),
      });
    }
  }
}
