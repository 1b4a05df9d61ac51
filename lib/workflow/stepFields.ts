// Which fields of a step are templates, conditions or CEL, and what each may name. Nested steps are not part of it (nestedSteps.ts).
import type { JsonValue } from "../core/json.ts";
import type { PathKey } from "./SourceMap.ts";
import type { ConditionSource, WorkflowStep } from "./types.ts";

/**
 * What a field may name besides what the step reads: nothing more, the step's own output (`own`), the element at hand
 * (`element`), the results of a nested run (`inside`), or the values of a reduction (`reduce`).
 */
export type FieldScope = "step" | "own" | "element" | "inside" | "reduce";

export type StepField =
  | { readonly kind: "template"; readonly path: readonly PathKey[]; readonly value: JsonValue; readonly scope: FieldScope }
  | { readonly kind: "condition"; readonly path: readonly PathKey[]; readonly value: ConditionSource; readonly scope: FieldScope }
  | { readonly kind: "cel"; readonly path: readonly PathKey[]; readonly value: string; readonly scope: FieldScope };

export function stepFields(step: WorkflowStep): StepField[] {
  const fields: StepField[] = [];
  condition(fields, ["executeIf"], step.executeIf);
  template(fields, ["cache", "key"], step.cache?.key);
  template(fields, ["rollbackAction", "params"], step.rollbackAction?.params, "own");
  addTypeFields(step, fields);
  return fields;
}

function addTypeFields(step: WorkflowStep, fields: StepField[]): void {
  switch (step.type) {
    case "ai_processing":
    case "llm_decision":
      template(fields, ["prompt"], step.prompt);
      template(fields, ["input"], step.input);
      template(fields, ["params"], step.params);
      if (step.type === "ai_processing") template(fields, ["config", "instruction"], step.config?.instruction);
      return;
    case "transform":
      template(fields, ["input"], step.input);
      cel(fields, ["expression"], step.expression, "element");
      addTransformConfig(step.config ?? {}, fields);
      return;
    case "scatter_gather":
      template(fields, ["scatter", "input"], step.scatter.input);
      cel(fields, ["gather", "reduceExpression"], step.gather.reduceExpression, "reduce");
      return;
    case "conditional":
      condition(fields, ["condition"], step.condition);
      return;
    case "validation":
      template(fields, ["input"], step.input);
      for (const [index, rule] of (step.rules ?? []).entries()) condition(fields, ["rules", index, "condition"], rule.condition, "element");
      return;
    case "enrichment":
      for (const [index, source] of step.sources.entries()) template(fields, ["sources", index, "from"], source.from);
      return;
    case "parallel_group":
      return;
    case "action":
    case "switch":
    case "loop":
    case "delay":
    case "comparison":
    case "sub_workflow":
    case "human_approval":
    case "deterministic_extraction":
      addPlainTemplates(step, fields);
  }
}

const PLAIN_TEMPLATES: Readonly<Partial<Record<WorkflowStep["type"], readonly string[]>>> = {
  action: ["params"],
  switch: ["evaluate"],
  loop: ["iterateOver"],
  delay: ["duration"],
  comparison: ["left", "right"],
  sub_workflow: ["inputs"],
  human_approval: ["approvers", "title", "message", "context", "notificationChannels", "escalateTo"],
  deterministic_extraction: ["input", "instruction"],
};

function addPlainTemplates(step: WorkflowStep, fields: StepField[]): void {
  for (const name of PLAIN_TEMPLATES[step.type] ?? [])
    template(fields, [name], (step as unknown as Record<string, JsonValue | undefined>)[name]);
  if (step.type === "sub_workflow") template(fields, ["outputMapping"], step.outputMapping, "inside");
}

/** The operation itself checks its settings; here it matters only what they name. */
function addTransformConfig(config: Readonly<Record<string, JsonValue | undefined>>, fields: StepField[]): void {
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined) continue;
    if (key === "condition" && (typeof value === "string" || (typeof value === "object" && value !== null && !Array.isArray(value)))) {
      fields.push({ kind: "condition", path: ["config", key], value: value as ConditionSource, scope: "element" });
    } else if (key === "expression" && typeof value === "string") cel(fields, ["config", key], value, "element");
    else template(fields, ["config", key], value, "element");
  }
}

function template(fields: StepField[], path: readonly PathKey[], value: JsonValue | undefined, scope: FieldScope = "step"): void {
  if (value !== undefined) fields.push({ kind: "template", path, value, scope });
}

function condition(fields: StepField[], path: readonly PathKey[], value: ConditionSource | undefined, scope: FieldScope = "step"): void {
  if (value !== undefined) fields.push({ kind: "condition", path, value, scope });
}

function cel(fields: StepField[], path: readonly PathKey[], value: string | undefined, scope: FieldScope): void {
  if (value !== undefined) fields.push({ kind: "cel", path, value, scope });
}
