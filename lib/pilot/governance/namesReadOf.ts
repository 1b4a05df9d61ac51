// Which names of a step's output later steps read, by the workflow's templates and conditions: what its model must be able to say.
import { walkSteps } from "../../workflow/nestedSteps.ts";
import { readsOf } from "../../workflow/dependencies.ts";
import type { WorkflowDefinition, WorkflowStep } from "../../workflow/types.ts";

const readsByRoot = new WeakMap<WorkflowDefinition, ReadonlyMap<string, ReadonlySet<string>>>();

/** Key names on any path into the step's output, `data` apart. */
export function namesReadOf(definition: WorkflowDefinition, step: WorkflowStep): readonly string[] {
  let byRoot = readsByRoot.get(definition);
  if (byRoot === undefined) {
    byRoot = collect(definition);
    readsByRoot.set(definition, byRoot);
  }
  return [...(byRoot.get(step.id) ?? []), ...(step.output_variable === undefined ? [] : (byRoot.get(step.output_variable) ?? []))];
}

function collect(definition: WorkflowDefinition): Map<string, Set<string>> {
  const byRoot = new Map<string, Set<string>>();
  for (const { step } of walkSteps(definition)) {
    for (const { root, path } of readsOf(step)) {
      const names = byRoot.get(root) ?? new Set<string>();
      byRoot.set(root, names);
      for (const segment of path) if (segment.kind === "key" && segment.key !== "data") names.add(segment.key);
    }
  }
  return byRoot;
}
