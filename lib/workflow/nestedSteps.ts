// Which steps hold which lists of steps: the one place that knows. Used by validator, dependencies, classifier and engine.
import type { PathKey } from "./read/SourceMap.ts";
import type { StepOf, StepType, WorkflowDefinition, WorkflowStep } from "./types.ts";

/** `branch`: runs at most once; `group`: its steps start together; `each`: runs once per element; `run`: runs with a context of its own. */
export type NestedKind = "branch" | "group" | "each" | "run";

export interface NestedList {
  readonly kind: NestedKind;
  /** Below the step: `["scatter", "steps"]`. */
  readonly path: readonly PathKey[];
  readonly steps: readonly WorkflowStep[];
}

type ListsOf = { readonly [Type in StepType]?: (step: StepOf<Type>) => readonly NestedList[] };

const LISTS: ListsOf = {
  conditional: (step) => [
    { kind: "branch", path: ["then_steps"], steps: step.then_steps },
    { kind: "branch", path: ["else_steps"], steps: step.else_steps },
  ],
  switch: (step) => [
    ...Object.entries(step.cases).map(([key, steps]): NestedList => ({ kind: "branch", path: ["cases", key], steps })),
    { kind: "branch", path: ["default"], steps: step.default },
  ],
  loop: (step) => [{ kind: "each", path: ["loopSteps"], steps: step.loopSteps }],
  parallel_group: (step) => [{ kind: "group", path: ["steps"], steps: step.steps }],
  scatter_gather: (step) => [{ kind: "each", path: ["scatter", "steps"], steps: step.scatter.steps }],
  sub_workflow: (step) => (step.workflowSteps === undefined ? [] : [{ kind: "run", path: ["workflowSteps"], steps: step.workflowSteps }]),
};

export function nestedLists(step: WorkflowStep): readonly NestedList[] {
  // The table ties each function to its step type; TypeScript does not see that through the index.
  const lists = LISTS[step.type] as ((step: WorkflowStep) => readonly NestedList[]) | undefined;
  return lists?.(step) ?? [];
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
