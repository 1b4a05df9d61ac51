import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../lib/core/json.ts";
import { TransformHandler } from "../../../lib/orchestration/IntentHandlers/TransformHandler.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";
import { errorOf, serve } from "../serveStep.ts";

const rows = [{ n: 3 }, { n: 1 }, { n: 2 }];

function transform(operation: string, input: JsonValue, config: object): WorkflowStepInput {
  return { id: "t", type: "transform", operation, input, config } as WorkflowStepInput;
}

describe("TransformHandler", () => {
  test.each<[string, WorkflowStepInput, object]>([
    ["a list", transform("sort", rows, { sort_by: "n" }), { itemsIn: 3, itemsOut: 3 }],
    ["a narrower list", transform("filter", rows, { condition: "item.n > 1" }), { itemsIn: 3, itemsOut: 2 }],
    ["one value", transform("aggregate", rows, { operation: "sum", field: "n" }), { itemsIn: 3, itemsOut: null }],
    ["a list inside of an object", transform("set", { items: rows }, { value: { items: [1] } }), { itemsIn: 3, itemsOut: 1 }],
  ])("does what the operation does, and counts: %s", async (_what, step, metrics) => {
    const [handled, direct] = [await serve(new TransformHandler(), step), await serve(null, step)];

    expect(handled.stage.output).toEqual(direct.stage.output);
    expect(handled.stage.detail.handler?.metrics).toEqual(metrics);
    expect(handled.stage.detail.warnings).toBeUndefined();
  });

  test("fails as the operation fails, and nothing falls back", async () => {
    const step = transform("filter", rows, { condition: "item.missing > 1" });
    const [handled, direct] = [await serve(new TransformHandler(), step), await serve(null, step)];

    expect(errorOf(handled)).toMatchObject({ code: errorOf(direct).code, message: errorOf(direct).message });
    expect(handled.stage.audited()).not.toContain("orchestration.bypassed");
  });

  test("keeps a model's reshaping from gaps", async () => {
    const step: WorkflowStepInput = { id: "t", type: "ai_processing", prompt: "Translate into German", input: "Dear Ada" };
    const { stage } = await serve(new TransformHandler(), step, { script: ["Liebe [Name]", "Liebe Ada"] });

    expect(stage.output).toBe("Liebe Ada");
  });

  test("takes redacted names and translated refusals for what they are", async () => {
    const redact: WorkflowStepInput = { id: "t", type: "ai_processing", prompt: "Redact all names", input: "Ada met Ben" };
    const translate: WorkflowStepInput = { id: "t", type: "ai_processing", prompt: "Translate", input: "Ich kann die Datei nicht öffnen." };
    const right = "I cannot open the file.";
    const redacted = await serve(new TransformHandler(), redact, { script: ["[REDACTED] met [REDACTED]"] });
    const translated = await serve(new TransformHandler(), translate, { script: [right, right] });

    expect(redacted.stage.model.requests).toHaveLength(1);
    expect(translated.stage.output).toBe(right);
    expect(translated.stage.detail.warnings).toEqual([`the answer refuses: ${JSON.stringify(right)}`]);
  });

  test("combines as the direct path combines", async () => {
    const step: WorkflowStepInput = {
      id: "e",
      type: "enrichment",
      sources: [
        { key: "a", from: { x: 1 } },
        { key: "b", from: { x: 2 } },
      ],
      strategy: "deep_merge",
    };
    expect((await serve(new TransformHandler(), step)).stage.output).toEqual((await serve(null, step)).stage.output);
  });
});
