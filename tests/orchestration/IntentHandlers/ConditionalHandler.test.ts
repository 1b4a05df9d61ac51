import { describe, expect, test } from "vitest";
import { ConditionalHandler } from "../../../lib/orchestration/IntentHandlers/ConditionalHandler.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";
import { errorOf, openStage, serve } from "../serveStep.ts";

const tell = (id: string): WorkflowStepInput => ({ id, type: "action", plugin: "world", action: "send", params: { id } });

function choose(condition: WorkflowStepInput extends infer _ ? unknown : never): WorkflowStepInput {
  return { id: "choose", type: "conditional", condition, then_steps: [tell("yes")], else_steps: [tell("no")] } as WorkflowStepInput;
}

describe("ConditionalHandler", () => {
  test.each([
    [240, "then", "yes"],
    [24, "else", "no"],
  ])("takes the branch that the condition says for %s, and records which and why", async (total, branch, sent) => {
    const { stage, world } = await serve(new ConditionalHandler(), choose("input.total > 100"), { inputs: { total } });

    expect(world.sent).toEqual([{ id: sent }]);
    expect(stage.detail.handler?.metrics).toEqual({ condition: "input.total > 100", branch });
  });

  test("records a structured condition, and a switch's value", async () => {
    const structured = await serve(new ConditionalHandler(), choose({ field: "input.kind", operator: "==", value: "letter" }), {
      inputs: { kind: "letter" },
    });
    const cases = { letter: [tell("letter")], bill: [tell("bill")] };
    const step = { id: "choose", type: "switch", evaluate: "{{input.kind}}", cases, default: [tell("other")] } as WorkflowStepInput;
    const known = await serve(new ConditionalHandler(), step, { inputs: { kind: "bill" } });
    // Equality decides, never likeness: "no" is not in "notify".
    const unknown = await serve(new ConditionalHandler(), step, { inputs: { kind: "bills" } });

    expect(structured.stage.detail.handler?.metrics).toEqual({
      condition: '{"field":"input.kind","operator":"==","value":"letter"}',
      branch: "then",
    });
    expect(known.stage.detail.handler?.metrics).toEqual({ value: '"bill"', branch: "bill" });
    expect([known.world.sent, unknown.world.sent]).toEqual([[{ id: "bill" }], [{ id: "other" }]]);
  });

  test("begins no branch on data on which the condition cannot be evaluated", async () => {
    const served = await serve(new ConditionalHandler(), choose("input.total > 100"), { inputs: { total: "many" } });

    expect(errorOf(served).code).toBe("CONDITION_FAILED");
    expect(served.world.sent).toEqual([]);
  });

  test("waits where its branch waits, and goes on in it", async () => {
    const step = {
      id: "choose",
      type: "conditional",
      condition: "true",
      then_steps: [tell("first"), { id: "ask", type: "human_approval", approvers: ["ada"] }],
      else_steps: [],
    } as WorkflowStepInput;
    const { stage, world } = await openStage(new ConditionalHandler(), step);

    expect(await stage.walk()).toMatchObject({ status: "waiting", waits: [{ for: "approval", path: "choose.ask" }] });
    stage.restart();
    expect((await stage.walk()).status).toBe("waiting");
    expect(world.sent).toHaveLength(1);
  });

  test("keeps a model's decision from refusals", async () => {
    const step: WorkflowStepInput = { id: "route", type: "ai_processing", prompt: "Which team?", input: "my bill is wrong" };
    const { stage } = await serve(new ConditionalHandler(), step, { script: ["I cannot answer that.", "billing"] });

    expect(stage.output).toBe("billing");
  });
});
