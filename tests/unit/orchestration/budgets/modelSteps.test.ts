import { describe, expect, test } from "vitest";
import { modelSteps, shapeOf, signatureOf, stepIdOf } from "../../../../lib/orchestration/budgets/modelSteps.ts";
import type { WorkflowStep } from "../../../../lib/workflow/types.ts";
import { modelStep } from "./stepTrees.ts";

const loop = (id: string, loopSteps: readonly WorkflowStep[], maxIterations = 100): WorkflowStep => ({
  id,
  type: "loop",
  iterateOver: "{{input.x}}",
  loopSteps,
  maxIterations,
  parallel: false,
});
const conditional = (id: string, then: readonly WorkflowStep[], otherwise: readonly WorkflowStep[]): WorkflowStep => ({
  id,
  type: "conditional",
  condition: "true",
  then_steps: then,
  else_steps: otherwise,
});

describe("modelSteps", () => {
  test("finds them in the order of the file, with the paths that journals have", () => {
    const steps = [modelStep("a"), conditional("c", [loop("l", [modelStep("b")])], [modelStep("d")]), modelStep("e")];

    expect(modelSteps(steps).map(({ signature }) => signature)).toEqual(["a", "c.l[].b", "c.d", "e"]);
  });

  test("guesses how often they run", () => {
    const steps = [
      modelStep("a"),
      conditional("c", [modelStep("b")], []),
      loop("l", [modelStep("d"), conditional("m", [modelStep("e")], [])]),
      loop("k", [modelStep("f")], 2),
    ];

    expect(modelSteps(steps).map(({ expectedRuns }) => expectedRuns)).toEqual([1, 0.5, 5, 2.5, 2]);
  });

  test("knows the branches that exclude each other, outside of loops", () => {
    const steps = [conditional("c", [modelStep("a")], [modelStep("b")]), loop("l", [conditional("m", [modelStep("d")], [])])];

    expect(modelSteps(steps).map(({ choice }) => choice)).toEqual([
      { of: "c", option: 0, options: 2, outer: null },
      { of: "c", option: 1, options: 2, outer: null },
      null,
    ]);
    expect(modelSteps([conditional("c", [conditional("d", [], [modelStep("a")])], [])])[0]?.choice).toEqual({
      of: "c.d",
      option: 1,
      options: 2,
      outer: { of: "c", option: 0, options: 2, outer: null },
    });
  });

  test("believes labels before types", () => {
    const labels = new Map([
      ["a", { intent: "extract" as const, estimatedTokens: 0 }],
      ["d", { intent: "summarize" as const, estimatedTokens: 70 }],
    ]);
    const steps: readonly WorkflowStep[] = [modelStep("a"), { id: "d", type: "delay", duration: 1 }];

    expect(modelSteps(steps, labels).map(({ step }) => step.id)).toEqual(["d"]);
    expect(modelSteps(steps).map(({ step }) => step.id)).toEqual(["a"]);
  });
});

test("paths are read as the engine writes them", () => {
  expect(signatureOf("s2[3].s5[10].send")).toBe("s2[].s5[].send");
  expect([stepIdOf("s2[3].s5[10].send"), stepIdOf("s1"), stepIdOf("s2[3]")]).toEqual(["send", "s1", "s2"]);
  expect([shapeOf("ai_processing", "a"), shapeOf("ai_processing", "s2[].s5[].a")]).toEqual(["ai_processing@0", "ai_processing@2"]);
});
