// Finds the label that a step was saved with. Labels nothing: a definition saved without labels has none here.
import { walkSteps } from "../../workflow/nestedSteps.ts";
import type { StepLabel, WorkflowDefinition, WorkflowStep } from "../../workflow/types.ts";

const labels = new WeakMap<WorkflowStep, StepLabel>();
const noted = new WeakSet<WorkflowDefinition>();

/** To be called for each loaded definition, sub-workflows included: ids are unique within one definition only. */
export function noteLabels(definition: WorkflowDefinition): void {
  if (definition.labels === undefined || noted.has(definition)) return;
  noted.add(definition);
  for (const { step } of walkSteps(definition)) {
    const label = definition.labels[step.id];
    if (label !== undefined) labels.set(step, label);
  }
}

/** A step's own `intent` and `effect` were read when its label was made. undefined: none was saved. */
export function labelOf(step: WorkflowStep): StepLabel | undefined {
  return labels.get(step);
}
