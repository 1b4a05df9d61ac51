// What simpler ways of labelling reach: the step's type alone, and the verbs of its names alone.
import { leastEffect } from "../../lib/orchestration/intents/effects.ts";
import { judgeName } from "../../lib/orchestration/intents/judgeName.ts";
import { readStep } from "../../lib/orchestration/intents/readStep.ts";
import type { IntentType } from "../../lib/orchestration/types.ts";
import type { Label } from "./score.ts";

const BY_TYPE: Readonly<Record<string, IntentType>> = {
  action: "send",
  ai_processing: "generate",
  transform: "transform",
  conditional: "conditional",
  switch: "conditional",
  llm_decision: "conditional",
  validation: "validate",
  deterministic_extraction: "extract",
};

export function byStepType(step: object): Label {
  const intent = BY_TYPE[readStep(step).type] ?? "send";
  return { intent, effect: leastEffect(intent) };
}

export function byLexicon(step: object): Label {
  const { action, operation, name } = readStep(step);
  const reading = judgeName(action.slice(action.lastIndexOf(".") + 1)) ?? judgeName(operation) ?? judgeName(name);
  return reading ?? byStepType(step);
}
