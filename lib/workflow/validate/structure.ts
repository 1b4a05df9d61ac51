// Checks of ids, sizes and fields that belong together. What fields name is names.ts, what they hold is contents.ts.
import { describeValue } from "../../operations/describeValue.ts";
import type { IssueList } from "./IssueList.ts";
import { nestedLists, walkSteps, type VisitedStep } from "../nestedSteps.ts";
import type { PathKey } from "../read/SourceMap.ts";
import { suggest } from "./suggest.ts";
import { MAX_NESTING_DEPTH, MAX_STEPS, RESERVED_NAMES } from "../stepTypes.ts";
import type { StepOf, StepType, WorkflowDefinition, WorkflowStep } from "../types.ts";

export function checkStructure(definition: WorkflowDefinition, issues: IssueList): void {
  const visited = [...walkSteps(definition)];
  if (visited.length > MAX_STEPS) {
    issues.add("WORKFLOW_INVALID", ["steps"], `the workflow has ${visited.length} steps, nested ones included`, {
      expected: `at most ${MAX_STEPS}`,
      got: String(visited.length),
      hint: "repeat steps with loop or scatter_gather, or move them into workflows of their own",
    });
  }
  checkInputs(definition, issues);
  checkNames(visited, issues);
  checkOutputVariables(definition.steps, ["steps"], issues);
  for (const { step, path, depth } of visited) {
    if (depth === MAX_NESTING_DEPTH + 1) {
      issues.add("WORKFLOW_INVALID", path, `step ${step.id} is nested ${depth} levels deep`, {
        expected: `at most ${MAX_NESTING_DEPTH} levels`,
        got: String(depth),
        hint: "move inner steps into a workflow of their own and call it with sub_workflow",
      });
    }
    for (const list of nestedLists(step)) checkOutputVariables(list.steps, [...path, ...list.path], issues);
    checkFields(step, path, issues);
  }
}

function checkInputs({ inputs = {} }: WorkflowDefinition, issues: IssueList): void {
  for (const [name, { type, default: value }] of Object.entries(inputs)) {
    if (type === undefined || value === undefined) continue;
    const kind = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
    if (kind === type) continue;
    issues.add("WORKFLOW_INVALID", ["inputs", name, "default"], `the default of ${name} is ${describeValue(value)}, expected ${type}`, {
      expected: type,
      got: kind,
      hint: `write a default of that type, or \`type: ${kind === "null" ? "string" : kind}\``,
    });
  }
}

function checkNames(visited: readonly VisitedStep[], issues: IssueList): void {
  const ids = new Map<string, readonly PathKey[]>();
  for (const { step, path } of visited) {
    if (RESERVED_NAMES.has(step.id)) {
      issues.add(
        "WORKFLOW_INVALID",
        [...path, "id"],
        `${JSON.stringify(step.id)} has a meaning of its own in templates and cannot be an id`,
        { expected: `an id other than ${[...RESERVED_NAMES].join(", ")}`, got: step.id, hint: `rename it, such as ${step.id}_step` },
      );
    }
    const other = ids.get(step.id);
    if (other !== undefined)
      issues.add("WORKFLOW_INVALID", [...path, "id"], `the id ${JSON.stringify(step.id)} is given to two steps`, {
        expected: "an id that no other step has, nested steps included",
        got: step.id,
        hint: `rename one of the two, and what names it; the other is at ${issues.describePlace([...other, "id"])}`,
      });
    else ids.set(step.id, path);
  }
  const checkVariable = (name: string, ownId: string | undefined, path: readonly PathKey[]): void => {
    const isTaken = RESERVED_NAMES.has(name) || (ids.has(name) && name !== ownId);
    if (isTaken)
      issues.add("WORKFLOW_INVALID", path, `the name ${JSON.stringify(name)} already stands for something else`, {
        expected: "a name that is neither a step's id nor reserved",
        got: name,
        hint: "choose another name, and use it in the templates that read it",
      });
  };
  for (const { step, path } of visited) {
    if (step.output_variable !== undefined) checkVariable(step.output_variable, step.id, [...path, "output_variable"]);
    if (step.type === "scatter_gather" && step.scatter.itemVariable !== "item")
      checkVariable(step.scatter.itemVariable, undefined, [...path, "scatter", "itemVariable"]);
  }
}

/** In one list two publishers of a name would make it depend on chance which one is read; branches are separate lists. */
function checkOutputVariables(steps: readonly WorkflowStep[], path: readonly PathKey[], issues: IssueList): void {
  const owners = new Map<string, string>();
  for (const [index, { id, output_variable: name }] of steps.entries()) {
    if (name === undefined) continue;
    const owner = owners.get(name);
    if (owner !== undefined)
      issues.add("WORKFLOW_INVALID", [...path, index, "output_variable"], `${JSON.stringify(name)} is published by ${owner} and by ${id}`, {
        expected: "a name of its own",
        got: name,
        hint: `give ${id} another output_variable, or put the two steps into two branches`,
      });
    owners.set(name, id);
  }
}

function checkFields(step: WorkflowStep, path: readonly PathKey[], issues: IssueList): void {
  const check = CHECKS[step.type] as ((step: WorkflowStep, fail: Fail) => void) | undefined;
  check?.(step, (field, message, { expected, hint, got = "nothing" }) =>
    issues.add("WORKFLOW_INVALID", [...path, ...field], message, { expected, got, hint }),
  );
}

interface FieldFacts {
  readonly expected: string;
  readonly hint: string;
  /** @defaultValue `nothing`: most of these fields are missing */
  readonly got?: string;
}

type Fail = (field: readonly PathKey[], message: string, facts: FieldFacts) => void;

type Checks = { readonly [Type in StepType]?: (step: StepOf<Type>, fail: Fail) => void };

const CHECKS: Checks = {
  ai_processing: checkAiProcessing,
  scatter_gather: checkGather,
  transform: (step, fail) => {
    if (step.operation === undefined && step.expression === undefined)
      fail(["operation"], "operation is missing", {
        expected: "the name of an operation, or `expression` with CEL",
        hint: "add `operation`; docs/reference/transforms.md lists them",
      });
  },
  conditional: (step, fail) => {
    if (step.then_steps.length + step.else_steps.length === 0)
      fail(["then_steps"], "both branches are empty", {
        expected: "steps under then_steps or else_steps",
        got: "no steps",
        hint: "add a step under then_steps, or take the conditional out",
      });
  },
  validation: (step, fail) => {
    if (step.schema === undefined && step.rules === undefined)
      fail(["schema"], "there is nothing to check against", {
        expected: "`schema`, `rules` or both",
        hint: "add `schema` with JSON Schema, or `rules` with conditions",
      });
  },
  enrichment: (step, fail) => {
    if (step.strategy === "join" && step.joinOn === undefined)
      fail(["joinOn"], "joinOn is missing", {
        expected: "the field that rows have in common, with strategy join",
        hint: "add `joinOn`, such as `joinOn: id`, or use strategy merge",
      });
  },
  sub_workflow: (step, fail) => {
    if (step.workflowId === undefined && step.workflowSteps === undefined)
      fail(["workflowId"], "workflowId is missing", {
        expected: "exactly one of workflowId and workflowSteps",
        hint: "name a stored agent in `workflowId`, or write steps under `workflowSteps`",
      });
    if (step.workflowId !== undefined && step.workflowSteps !== undefined)
      fail(["workflowId"], "workflowId and workflowSteps exclude each other", {
        expected: "exactly one of them",
        got: "both",
        hint: "take one of the two out",
      });
  },
  human_approval: (step, fail) => {
    if (step.onTimeout !== "escalate") return;
    if (step.escalateTo === undefined)
      fail(["escalateTo"], "escalateTo is missing", {
        expected: "who is asked next, with onTimeout escalate",
        hint: "add `escalateTo` with a list of people, or use onTimeout reject",
      });
    if (step.timeout === undefined)
      fail(["timeout"], "timeout is missing", {
        expected: "milliseconds until escalation",
        hint: "add `timeout`, such as `timeout: 3600000` for an hour",
      });
  },
};

function checkAiProcessing({ prompt, config, output_schema: schema }: StepOf<"ai_processing">, fail: Fail): void {
  if (prompt === undefined && config?.instruction === undefined && config?.ai_type === undefined)
    fail(["prompt"], "prompt is missing", {
      expected: "a prompt, or config.instruction, or config.ai_type",
      hint: "add `prompt` and say what the model is to do",
    });
  if (config?.ai_type === "classify" && config.labels === undefined)
    fail(["config", "labels"], "labels is missing", {
      expected: "the classes to choose from, with ai_type classify",
      hint: "add `labels`, such as `labels: [invoice, other]`",
    });
  if (schema !== undefined && config?.output_schema !== undefined)
    fail(["config", "output_schema"], "output_schema is given twice", {
      expected: "it once: at the step or in config",
      got: "both",
      hint: "take the one in `config` out",
    });
}

function checkGather({ scatter, gather }: StepOf<"scatter_gather">, fail: Fail): void {
  const ids = scatter.steps.map((step) => step.id);
  if (gather.from !== undefined && !ids.includes(gather.from))
    fail(["gather", "from"], `from names ${JSON.stringify(gather.from)}, which is not a step of the scatter`, {
      expected: ids.join(", "),
      got: gather.from,
      hint: suggest(gather.from, ids, "name a step under `scatter.steps`, or take `from` out to gather the last one"),
    });
  if (gather.reduceExpression !== undefined && gather.operation !== "reduce")
    fail(["gather", "reduceExpression"], `reduceExpression does nothing with operation ${gather.operation}`, {
      expected: "operation reduce",
      got: gather.operation,
      hint: "write `operation: reduce` under gather, or take reduceExpression out",
    });
  if (gather.shape === "merge_as_named_array" && gather.shapeField === undefined)
    fail(["gather", "shapeField"], "shapeField is missing", {
      expected: "the field of the array, with shape merge_as_named_array",
      hint: "add `shapeField` with the name of a field",
    });
}
