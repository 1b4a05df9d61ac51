import { describe, expect, test } from "vitest";
import { labelDefinition } from "../../../lib/orchestration/labelDefinition.ts";
import type { IntentClassification, StepClassifier } from "../../../lib/orchestration/types.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";

const found = (intent: IntentClassification["intent"]): IntentClassification => ({
  intent,
  effect: "none",
  confidence: 1,
  source: "prompt",
  estimatedTokens: 0,
  compressionRecommended: false,
  reason: "a test says so",
});
const classifier = (intent: IntentClassification["intent"]): StepClassifier => ({ classify: () => found(intent) });

const workflow = defineWorkflow({
  name: "labels",
  steps: [
    {
      id: "all",
      type: "scatter_gather",
      scatter: { input: [1], steps: [{ id: "one", type: "ai_processing", prompt: "Write." }], itemVariable: "n" },
      gather: { operation: "collect" },
    },
  ],
});

describe("labelDefinition", () => {
  test("labels every step, nested ones included", () => {
    const { labels } = labelDefinition(workflow, classifier("generate"));

    expect(labels).toEqual({
      all: { intent: "generate", effect: "none", source: "prompt", confidence: 1 },
      one: { intent: "generate", effect: "none", source: "prompt", confidence: 1 },
    });
  });

  test("keeps the labels of the stored definition where nothing else has changed: a newer classifier relabels nothing", () => {
    const stored = labelDefinition(workflow, classifier("generate"));

    expect(labelDefinition(workflow, classifier("summarize"), stored)).toEqual(stored);
  });

  test("labels anew where the definition itself has changed", () => {
    const stored = labelDefinition(workflow, classifier("generate"));
    const changed = { ...workflow, description: "changed" };

    expect(labelDefinition(changed, classifier("summarize"), stored).labels?.["one"]?.intent).toBe("summarize");
  });
});
