// The classifier that knows what installed plugins' actions may hurt, and all labels of a definition at once.
import { IntentClassifier } from "../orchestration/IntentClassifier.ts";
import type { IntentClassification, StepClassifier } from "../orchestration/types.ts";
import type { PluginCatalog, WorkflowDefinition } from "../workflow/types.ts";
import { walkSteps } from "../workflow/nestedSteps.ts";

export function createClassifier(catalog: Pick<PluginCatalog, "action">): StepClassifier {
  const classifier = new IntentClassifier();
  return { classify: (step, options = {}) => classifier.classify(step, { ...options, catalog }) };
}

/** By step id, nested steps included. */
export function classifySteps(definition: WorkflowDefinition, classifier: StepClassifier): ReadonlyMap<string, IntentClassification> {
  return new Map([...walkSteps(definition)].map(({ step }) => [step.id, classifier.classify(step)]));
}
