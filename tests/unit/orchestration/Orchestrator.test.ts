import { describe, expect, test } from "vitest";
import { Orchestrator } from "../../../lib/orchestration/Orchestrator.ts";
import type { DecideContext } from "../../../lib/orchestration/types.ts";
import type { WorkflowStep } from "../../../lib/workflow/types.ts";

const orchestrator = new Orchestrator();
const step: WorkflowStep = { id: "digest", type: "ai_processing", prompt: "Summarize." };
const context: DecideContext = {
  label: { intent: "summarize", effect: "none", source: "prompt", confidence: 0.9 },
  mode: "on",
  namedModel: "openai/gpt-4o",
  defaultMaxOutputTokens: 1_024,
  ais: null,
  share: null,
  settings: { minQuality: { moderate: 4.9, aggressive: 4.5 } },
};

describe("Orchestrator.decide", () => {
  test.each<[string, Partial<WorkflowStep>, Partial<DecideContext>, string, number]>([
    ["without a score cuts moderately", {}, {}, "moderate", 2],
    ["below AIS 5 cuts aggressively", {}, { ais: 4.99 }, "aggressive", 2],
    ["from AIS 5 cuts moderately", {}, { ais: 5 }, "moderate", 2],
    ["from AIS 7.5 loses nothing", {}, { ais: 7.5 }, "minimal", 0],
    ["an exact step loses nothing, whatever its score", { exact: true }, { ais: 1 }, "exact", 0],
    ["a tool loop loses nothing that cannot be had back", { type: "llm_decision" }, { ais: 1 }, "loop", 1],
    [
      "with little left of its tokens cuts aggressively",
      {},
      { ais: 9, share: { allocatedTokens: 1_000, usedTokens: 900, poolTokens: 50 } },
      "aggressive",
      2,
    ],
    ["with the pool behind it does not", {}, { share: { allocatedTokens: 1_000, usedTokens: 900, poolTokens: 500 } }, "moderate", 2],
  ])("%s", (...[, changes, more, policy, level]) => {
    const decision = orchestrator.decide({ ...step, ...changes } as WorkflowStep, { ...context, ...more });

    expect(decision.views).toMatchObject({ name: policy, level });
    expect(decision.trail.length).toBeGreaterThan(1);
  });

  test("takes the step's own model and cap before any other", () => {
    expect(orchestrator.decide(step, context)).toMatchObject({ model: "openai/gpt-4o", maxOutputTokens: 1_024 });
    expect(orchestrator.decide({ ...step, model: "openai/gpt-4o-mini", max_output_tokens: 50 }, context)).toMatchObject({
      model: "openai/gpt-4o-mini",
      maxOutputTokens: 50,
    });
  });

  test("takes the policy's least quality from the settings", () => {
    const settings = { minQuality: { moderate: 4.7, aggressive: 3.9 } };

    expect(orchestrator.decide(step, { ...context, settings }).views.minQuality).toBe(4.7);
    expect(orchestrator.decide(step, { ...context, settings, ais: 2 }).views.minQuality).toBe(3.9);
  });

  test("gives the same decision for the same question", () => {
    expect(orchestrator.decide(step, context)).toEqual(orchestrator.decide(step, context));
  });
});
