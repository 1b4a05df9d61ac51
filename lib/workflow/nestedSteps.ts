// Which steps hold which lists of steps: the one place that knows. Used by validator, dependencies, classifier and engine.
import type { PathKey } from "./SourceMap.ts";
import type { WorkflowDefinition, WorkflowStep } from "./types.ts";

/** `branch`: runs at most once; `group`: its steps start together; `each`: runs once per element; `run`: runs with a context of its own. */
export type NestedKind = "branch" | "group" | "each" | "run";

export interface NestedList {
  readonly kind: NestedKind;
  /** Below the step: `["scatter", "steps"]`. */
  readonly path: readonly PathKey[];
  readonly steps: readonly WorkflowStep[];
}

export function nestedLists(step: WorkflowStep): readonly NestedList[] {
  switch (step.type) {
    case "conditional":
      return [
        { kind: "branch", path: ["then_steps"], steps: step.then_steps },
        { kind: "branch", path: ["else_steps"], steps: step.else_steps },
      ];
    case "switch":
      return [
        ...Object.entries(step.cases).map(([key, steps]): NestedList => ({ kind: "branch", path: ["cases", key], steps })),
        { kind: "branch", path: ["default"], steps: step.default },
      ];
    case "loop":
      return [{ kind: "each", path: ["loopSteps"], steps: step.loopSteps }];
    case "parallel_group":
      return [{ kind: "group", path: ["steps"], steps: step.steps }];
    case "scatter_gather":
      return [{ kind: "each", path: ["scatter", "steps"], steps: step.scatter.steps }];
    case "sub_workflow":
      return step.workflowSteps === undefined ? [] : [{ kind: "run", path: ["workflowSteps"], steps: step.workflowSteps }];
    case "action":
    case "ai_processing":
    case "llm_decision":
    case "transform":
    case "delay":
    case "enrichment":
    case "validation":
    case "comparison":
    case "human_approval":
    case "deterministic_extraction":
      return [];
  }
}

export interface VisitedStep {
  readonly step: WorkflowStep;
  /** Below the definition: `["steps", 2, "scatter", "steps", 0]`. */
  readonly path: readonly PathKey[];
  /** 1 for the steps of the definition itself. */
  readonly depth: number;
}

/** Every step, outer before inner, in the order of the file. */
export function* walkSteps(definition: Pick<WorkflowDefinition, "steps">): Generator<VisitedStep> {
  yield* walkList(definition.steps, ["steps"], 1);
}

export function* walkList(steps: readonly WorkflowStep[], path: readonly PathKey[], depth: number): Generator<VisitedStep> {
  for (const [index, step] of steps.entries()) {
    const stepPath = [...path, index];
    yield { step, path: stepPath, depth };
    for (const list of nestedLists(step)) yield* walkList(list.steps, [...stepPath, ...list.path], depth + 1);
  }
}
