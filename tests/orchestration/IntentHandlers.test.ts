// The plan's five sentences, each on a whole step; what each handler does in detail is in IntentHandlers/.
import { beforeAll, describe, expect, test } from "vitest";
import { ExtractHandler } from "../../lib/orchestration/IntentHandlers/ExtractHandler.ts";
import { GenerateHandler } from "../../lib/orchestration/IntentHandlers/GenerateHandler.ts";
import { SendHandler } from "../../lib/orchestration/IntentHandlers/SendHandler.ts";
import { SummarizeHandler } from "../../lib/orchestration/IntentHandlers/SummarizeHandler.ts";
import { ValidateHandler } from "../../lib/orchestration/IntentHandlers/ValidateHandler.ts";
import { BaseHandler } from "../../lib/orchestration/IntentHandlers/BaseHandler.ts";
import { TokenCompressor } from "../../lib/orchestration/TokenCompressor.ts";
import type { HandlerContext } from "../../lib/orchestration/types.ts";
import { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { linesPdf } from "../unit/operations/documents/pdfOf.ts";
import { errorOf, serve } from "./serveStep.ts";

let compressor: TokenCompressor;
beforeAll(async () => {
  compressor = new TokenCompressor({ counter: await TokenCounter.load() });
});

describe("Intent Handlers", () => {
  test("ExtractHandler optimizes retrieval", async () => {
    const document = linesPdf("Invoice number: A-17", "Total: 240.50").toString("base64");
    const schema = {
      type: "object",
      properties: { invoice_number: { type: "string" }, total: { type: "number" } },
      required: ["invoice_number", "total"],
    };
    const { stage } = await serve(
      new ExtractHandler(),
      {
        id: "fields",
        type: "ai_processing",
        prompt: "Read the bill",
        input: "{{input.document}}",
        config: { ai_type: "extract" },
        output_schema: schema,
      },
      { inputs: { document } },
    );

    expect(stage.output).toEqual({ invoice_number: "A-17", total: 240.5 });
    expect(stage.model.requests).toHaveLength(0);
  });

  test("SummarizeHandler applies compression", async () => {
    // In executions the view is made where the model is asked (token governance); a handler's own compression is the same compressor.
    class Shortening extends SummarizeHandler {
      shorten(text: string, tokens: number, context: HandlerContext): Promise<string> {
        return this.compress(text, tokens, context, "How many patients did ward 17 treat?");
      }
    }
    const wards = Array.from(
      { length: 60 },
      (_, ward) => `Ward ${ward} treated ${100 + ward * 3} patients and had ${ward % 7} free beds on most days.`,
    ).join("\n\n");
    const context = {
      compress: async (content: string, { targetTokens, task }: { readonly targetTokens: number; readonly task: string }) =>
        (await compressor.compress(content, targetTokens, undefined, { task })).view,
    } as unknown as HandlerContext;
    const view = await new Shortening().shorten(wards, 200, context);

    expect(view.length).toBeLessThan(wards.length / 2);
    expect(view).toContain("151 patients");
    expect(BaseHandler.prototype).toHaveProperty("compress");
  });

  test("GenerateHandler enforces guardrails", async () => {
    const step = {
      id: "letter",
      type: "ai_processing",
      prompt: "Write to {{input.name}}",
      metadata: { contract: { requires: { name: "{{input.name}}" } } },
    } as const;
    const gap = await serve(new GenerateHandler(), step, { inputs: { name: "Ada" }, script: ["Dear [Your Name]", "Dear Ada"] });
    const missing = await serve(new GenerateHandler(), step, { inputs: { name: "" }, script: ["Dear whoever"] });

    expect(gap.stage.output).toBe("Dear Ada");
    expect(errorOf(missing).code).toBe("FACTS_MISSING");
  });

  test("ValidateHandler catches errors", async () => {
    const schema = { type: "object", properties: { n: { type: "number" }, m: { type: "string" } }, required: ["n", "m", "o"] };
    const served = await serve(new ValidateHandler(), { id: "check", type: "validation", input: { n: "x", m: 1 }, schema });

    expect(errorOf(served).details["defects"]).toMatchObject([{ path: "o" }, { path: "n" }, { path: "m" }]);
  });

  test("SendHandler batches operations", async () => {
    const { world } = await serve(new SendHandler(), {
      id: "send",
      type: "action",
      plugin: "world",
      action: "send",
      params: { to: [1, 2, 3] },
      metadata: { batch: { over: "to", size: 2 } },
    });

    expect(world.sent).toEqual([{ to: [1, 2] }, { to: [3] }]);
  });
});
