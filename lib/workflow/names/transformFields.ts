// What the settings of a transform name: some fields are read once per element, where `item` and `index` stand for it. Which ones, the operation says.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { findTransform } from "../../operations/transforms/registry.ts";
import type { PathKey } from "../read/SourceMap.ts";
import type { FieldScope, StepField } from "./StepField.ts";
import type { StepOf } from "../types.ts";

export function transformFields({ operation, expression, input, config = {} }: StepOf<"transform">): StepField[] {
  const transform = findTransform(operation ?? "expression");
  // Without an input of its own, `input` in a formula is what the execution was started with.
  const ofExpression = input === undefined ? "step" : "whole";
  const scope: FieldScope = transform?.name === "expression" ? ofExpression : transform?.name === "reduce" ? "reduce" : "element";
  const fields: StepField[] = [];
  if (expression !== undefined) fields.push({ kind: "cel", path: ["expression"], value: expression, scope });
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined) continue;
    // Of an unknown operation nothing is known but its name, which is reported.
    const isPerItem = transform === undefined || transform.perItemFields.includes(key);
    if (!isPerItem) fields.push({ kind: "template", path: ["config", key], value, scope: "step" });
    else if (transform?.name === "with_fields") addNodes(value, ["config", key], fields);
    else fields.push(perItemField(key, value, scope));
  }
  return fields;
}

function perItemField(key: string, value: JsonValue, scope: FieldScope): StepField {
  const path = ["config", key];
  if (key === "expression" && typeof value === "string") return { kind: "cel", path, value, scope };
  if (key === "condition" && (typeof value === "string" || isJsonObject(value))) return { kind: "condition", path, value, scope };
  return { kind: "template", path, value, scope };
}

/** The expressions of with_fields are trees; `ref` and `config` name what is outside the row. */
function addNodes(node: JsonValue | undefined, path: readonly PathKey[], fields: StepField[]): void {
  if (Array.isArray(node))
    for (const [index, member] of (node as readonly JsonValue[]).entries()) addNodes(member, [...path, index], fields);
  if (!isJsonObject(node) || node["kind"] === "literal") return;
  addName(node, path, fields);
  for (const [key, member] of Object.entries(node)) {
    if (key === "condition" && isCondition(member))
      fields.push({ kind: "condition", path: [...path, key], value: member, scope: "element" });
    else addNodes(member, [...path, key], fields);
  }
}

function addName(node: JsonObject, path: readonly PathKey[], fields: StepField[]): void {
  const reference = node["slot"] ?? node["ref"];
  if (node["kind"] === "ref" && typeof reference === "string")
    fields.push({ kind: "name", path, value: reference, below: [], scope: "element" });
  if (node["kind"] === "config" && typeof node["key"] === "string")
    fields.push({ kind: "name", path, value: "input", below: [{ kind: "key", key: node["key"] }], scope: "element" });
}

function isCondition(value: JsonValue | undefined): value is string | JsonObject {
  if (typeof value === "string") return true;
  return isJsonObject(value) && value["kind"] !== "null_check" && value["kind"] !== "all_not_null";
}
