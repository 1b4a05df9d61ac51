// Labels every step of a definition when it is saved. A saved definition is never labelled anew: a newer classifier changes nothing that is stored.
import { encodeJson, type JsonValue } from "../core/json.ts";
import { walkSteps } from "../workflow/nestedSteps.ts";
import type { StepLabel, WorkflowDefinition, WorkflowStep } from "../workflow/types.ts";
import type { StepClassifier } from "./types.ts";

/**
 * @param earlier the definition that is stored for the same agent; when it differs in nothing but labels, its labels stay
 * @returns the definition with a label for each step, by step id
 */
export function labelDefinition(
  definition: WorkflowDefinition,
  classifier: StepClassifier,
  earlier: WorkflowDefinition | null = null,
): WorkflowDefinition {
  if (earlier?.labels !== undefined && isSameBut(definition, earlier)) return { ...definition, labels: earlier.labels };
  const labels: Record<string, StepLabel> = {};
  for (const { step } of walkSteps(definition)) labels[step.id] = labelOf(step, classifier);
  return { ...definition, labels };
}

export function labelOf(step: WorkflowStep, classifier: StepClassifier): StepLabel {
  const { intent, effect, source, confidence } = classifier.classify(step);
  return { intent, effect, source, confidence };
}

function isSameBut(definition: WorkflowDefinition, earlier: WorkflowDefinition): boolean {
  return encodeJson(withoutLabels(definition)) === encodeJson(withoutLabels(earlier));
}

function withoutLabels({ labels: _labels, ...definition }: WorkflowDefinition): JsonValue {
  return definition as unknown as JsonValue;
}
