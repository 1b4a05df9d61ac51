// Which fields of a step are templates, conditions or CEL, and what each may name. Nested steps are not part of it (nestedSteps.ts).
import type { JsonValue } from "../../core/json.ts";
import type { PathKey } from "../read/SourceMap.ts";
import type { FieldScope, StepField } from "./StepField.ts";
import { transformFields } from "./transformFields.ts";
import type { ConditionSource, StepOf, StepType, WorkflowStep } from "../types.ts";

export function stepFields(step: WorkflowStep): StepField[] {
  const addTypeFields = FIELDS[step.type] as (step: WorkflowStep) => readonly (StepField | null)[];
  const fields = [
    condition(["executeIf"], step.executeIf),
    template(["rollbackAction", "params"], step.rollbackAction?.params, "own"),
    ...addTypeFields(step),
  ];
  return fields.filter((field) => field !== null);
}

type FieldsOf = { readonly [Type in StepType]: (step: StepOf<Type>) => readonly (StepField | null)[] };

const FIELDS: FieldsOf = {
  action: ({ params }) => [template(["params"], params)],
  ai_processing: ({ prompt, input, params, config, metadata }) => [
    template(["metadata", "contract"], metadata?.["contract"]),
    template(["prompt"], prompt),
    template(["input"], input),
    template(["params"], params),
    template(["config", "instruction"], config?.instruction),
  ],
  llm_decision: ({ prompt, input, params, approvers, metadata }) => [
    template(["metadata", "contract"], metadata?.["contract"]),
    template(["prompt"], prompt),
    template(["input"], input),
    template(["params"], params),
    template(["approvers"], approvers),
  ],
  conditional: (step) => [condition(["condition"], step.condition)],
  switch: ({ evaluate }) => [template(["evaluate"], evaluate)],
  loop: ({ iterateOver }) => [template(["iterateOver"], iterateOver)],
  parallel_group: () => [],
  scatter_gather: ({ scatter, gather }) => [
    template(["scatter", "input"], scatter.input),
    cel(["gather", "reduceExpression"], gather.reduceExpression, "reduce"),
  ],
  transform: (step) => [template(["input"], step.input), ...transformFields(step)],
  delay: ({ duration }) => [template(["duration"], duration)],
  enrichment: ({ sources }) => sources.map((source, index) => template(["sources", index, "from"], source.from)),
  validation: ({ input, rules = [] }) => [
    template(["input"], input),
    ...rules.map((rule, index) => condition(["rules", index, "condition"], withField(rule.condition), "data")),
  ],
  comparison: ({ left, right }) => [template(["left"], left), template(["right"], right)],
  sub_workflow: ({ inputs, outputMapping }) => [template(["inputs"], inputs), template(["outputMapping"], outputMapping, "inside")],
  human_approval: ({ approvers, title, message, context, notificationChannels, escalateTo }) => [
    template(["approvers"], approvers),
    template(["title"], title),
    template(["message"], message),
    template(["context"], context),
    template(["notificationChannels"], notificationChannels as unknown as JsonValue | undefined),
    template(["escalateTo"], escalateTo),
  ],
  deterministic_extraction: ({ input, instruction }) => [template(["input"], input), template(["instruction"], instruction)],
};

/** `{operator, value}` in a rule is about the rule's own field. */
function withField(condition: ConditionSource): ConditionSource {
  if (typeof condition === "string" || condition["operator"] === undefined) return condition;
  return condition["field"] === undefined && condition["left"] === undefined ? { ...condition, field: "value" } : condition;
}

function template(path: readonly PathKey[], value: JsonValue | undefined, scope: FieldScope = "step"): StepField | null {
  return value === undefined ? null : { kind: "template", path, value, scope };
}

function condition(path: readonly PathKey[], value: ConditionSource | undefined, scope: FieldScope = "step"): StepField | null {
  return value === undefined ? null : { kind: "condition", path, value, scope };
}

function cel(path: readonly PathKey[], value: string | undefined, scope: FieldScope): StepField | null {
  return value === undefined ? null : { kind: "cel", path, value, scope };
}
