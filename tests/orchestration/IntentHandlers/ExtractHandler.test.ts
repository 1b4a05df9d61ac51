import { z } from "zod";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../lib/core/json.ts";
import { ExtractHandler } from "../../../lib/orchestration/IntentHandlers/ExtractHandler.ts";
import { defineAction, definePlugin } from "../../../lib/plugins/definePlugin.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";
import { linesPdf, pdfOf } from "../../unit/operations/documents/pdfOf.ts";
import { errorOf, serve } from "../serveStep.ts";

const output_schema = {
  type: "object",
  fields: [
    { name: "invoice_number", type: "string", required: true },
    { name: "total", type: "number", required: true },
  ],
};
const found = { invoice_number: "A-17", total: 240.5 };
const base64 = (bytes: Buffer): string => bytes.toString("base64");

function fields(more: object = {}): WorkflowStepInput {
  return { id: "fields", type: "deterministic_extraction", input: "{{input.document}}", output_schema, ...more } as WorkflowStepInput;
}

function ocrPlugin(answer: JsonValue, effect: "read" | "write" = "read") {
  return definePlugin({
    name: "ocr",
    version: "1.0.0",
    description: "x",
    actions: {
      recognize_text: defineAction({
        description: "x",
        effect,
        idempotency: { by: "natural", windowHours: 1 },
        params: z.object({ content_base64: z.string().min(10), media_type: z.literal("application/pdf") }),
        run: async () => answer,
      }),
    },
  });
}

describe("ExtractHandler", () => {
  test("gives a plugin's own answer, exactly", async () => {
    const step: WorkflowStepInput = { id: "get", type: "action", plugin: "world", action: "fetch", params: { page: "<p>kept</p>" } };
    const { stage } = await serve(new ExtractHandler(), step);

    expect(stage.output).toEqual({ page: "<p>kept</p>" });
    expect(stage.detail.handler).toMatchObject({ name: "ExtractHandler", succeeded: true, tokens: 0 });
  });

  test.each<[string, JsonValue, object]>([
    ["a PDF", base64(linesPdf("Invoice number: A-17", "Total: 240.50")), { document: "pdf", pages: 1 }],
    [
      "a PDF in an object",
      { content_base64: base64(linesPdf("Invoice number: A-17", "Total: 240.50")), media_type: "application/pdf" },
      { document: "pdf" },
    ],
    [
      "a page",
      "<html><dl><dt>Invoice number</dt><dd>A-17</dd><dt>Total</dt><dd>240.50</dd></dl></html>",
      { document: "html", pages: null },
    ],
    [
      "a mail",
      {
        filename: "bill.eml",
        content: base64(Buffer.from("Message-ID: <m@x>\nFrom: a@example.com\nSubject: bill\n\nInvoice number: A-17\nTotal: 240.50")),
      },
      { document: "mail" },
    ],
  ])("reads %s and finds by rules what its raw form hides, without a model", async (_what, document, metrics) => {
    const step = fields();
    const handled = await serve(new ExtractHandler(), step, { inputs: { document } });
    const direct = await serve(null, step, { inputs: { document } });

    expect(handled.stage.output).toEqual(found);
    expect(direct.outcome.status).toBe("failed");
    expect(handled.stage.detail.handler?.metrics).toMatchObject({ ...metrics, extractedBy: "rules", reason: "rules sufficed" });
    expect(handled.stage.model.requests).toHaveLength(0);
  });

  test("finds rows of a table in a PDF", async () => {
    const row = (y: number, ...cells: string[]) => cells.map((text, index) => ({ text, x: 50 + index * 200, y }));
    const pdf = pdfOf([...row(700, "Item", "Price"), ...row(680, "Ink", "12.50"), ...row(660, "Paper", "3.00")]);
    const step = fields({
      output_schema: { type: "array", items: { fields: [{ name: "item" }, { name: "price", type: "number" }] } },
    });
    const { stage } = await serve(new ExtractHandler(), step, { inputs: { document: base64(pdf) } });

    expect(stage.output).toEqual([
      { item: "Ink", price: 12.5 },
      { item: "Paper", price: 3 },
    ]);
  });

  test.each<[string, string]>([
    ["a page", "<div>\nInvoice number: A-17\nTotal: 240.50\n</div>"],
    ["a mail", "Message-ID: <m@x>\nFrom: a@example.com\nTo: b@example.com\n\nInvoice number: A-17\nTotal: 240.50"],
  ])("leaves %s alone in which rules find all as it stands", async (_what, document) => {
    const [handled, direct] = [
      await serve(new ExtractHandler(), fields(), { inputs: { document } }),
      await serve(null, fields(), { inputs: { document } }),
    ];

    expect(handled.stage.output).toEqual(direct.stage.output);
    expect(handled.stage.detail.handler?.metrics).not.toHaveProperty("document");
  });

  test("never reads templates that stand in a document", async () => {
    const document = "<html><p>Invoice number: {{input.secret}}</p><p>Total: 3</p></html>";
    const { stage } = await serve(new ExtractHandler(), fields(), { inputs: { document, secret: "S-1" } });

    expect(stage.output).toEqual({ invoice_number: "{{input.secret}}", total: 3 });
  });

  test("asks a model only for what rules did not find, and records why", async () => {
    const document = base64(linesPdf("Invoice number: A-17", "two hundred and forty"));
    const { stage } = await serve(new ExtractHandler(), fields({ instruction: "Read the bill" }), {
      inputs: { document },
      script: [{ output: { total: 240 } }],
    });

    expect(stage.output).toEqual({ invoice_number: "A-17", total: 240 });
    expect(JSON.stringify(stage.model.requests[0]?.messages)).toContain("two hundred and forty");
    expect(stage.detail.handler?.metrics).toMatchObject({
      extractedBy: "rules and model",
      reason: "rules did not find all that is required",
    });
  });

  test("gives a model the text of a document, not its bytes", async () => {
    const step: WorkflowStepInput = {
      id: "fields",
      type: "ai_processing",
      prompt: "Who signed?",
      input: "{{input.document}}",
      intent: "extract",
    };
    const { stage } = await serve(new ExtractHandler(), step, { inputs: { document: base64(linesPdf("Signed by Ada")) }, script: ["Ada"] });

    expect(stage.output).toBe("Ada");
    expect(JSON.stringify(stage.model.requests[0]?.messages)).toContain("Signed by Ada");
    expect(JSON.stringify(stage.model.requests[0]?.messages)).not.toContain("JVBERi0");
  });

  test("gives a page to a model as it came where it can say more than its text", async () => {
    const step: WorkflowStepInput = {
      id: "f",
      type: "ai_processing",
      input: "{{input.document}}",
      config: { ai_type: "extract", output_schema },
    };
    const document = "<html><b>A-17</b></html>";
    const { stage } = await serve(new ExtractHandler(), step, { inputs: { document }, script: [{ output: found }] });

    expect(stage.output).toEqual(found);
  });

  test("asks a plugin for the text of a PDF of pictures, and says OCR_UNAVAILABLE where there is none", async () => {
    const document = base64(pdfOf([]));
    const step = fields();
    const none = await serve(new ExtractHandler(), step, { inputs: { document } });
    const some = await serve(new ExtractHandler(), step, {
      inputs: { document },
      plugins: [ocrPlugin({ text: "Invoice number: A-17\nTotal: 240.50" })],
    });
    const plain = await serve(new ExtractHandler(), step, {
      inputs: { document },
      plugins: [ocrPlugin("Invoice number: A-17\nTotal: 240.50")],
    });
    const blind = await serve(new ExtractHandler(), step, { inputs: { document }, plugins: [ocrPlugin({ text: " " })] });
    const other = await serve(new ExtractHandler({ ocr: { plugin: "eye", action: "see" } }), step, {
      inputs: { document },
      plugins: [ocrPlugin("x")],
    });

    expect(errorOf(none)).toMatchObject({
      code: "OCR_UNAVAILABLE",
      message: "step fields: the PDF has no text layer, and there is no ocr.recognize_text to recognise it",
    });
    expect(some.stage.output).toEqual(found);
    expect(plain.stage.output).toEqual(found);
    expect(errorOf(blind)).toMatchObject({ code: "OCR_UNAVAILABLE", message: expect.stringContaining("recognised no text") as string });
    expect(errorOf(other).message).toContain("eye.see");
    // A verdict of the handler is no fault: nothing falls back.
    expect(none.stage.audited()).not.toContain("orchestration.bypassed");
  });

  test("does not let a reader change anything", async () => {
    const document = base64(pdfOf([]));
    const served = await serve(new ExtractHandler(), fields(), { inputs: { document }, plugins: [ocrPlugin("x", "write")] });

    expect(errorOf(served)).toMatchObject({ code: "HANDLER_INVALID", message: expect.stringContaining("has the effect write") as string });
  });

  test("says why a damaged document cannot be read", async () => {
    const document = base64(Buffer.from("%PDF-1.4 broken beyond repair"));
    const served = await serve(new ExtractHandler(), fields(), { inputs: { document } });

    expect(errorOf(served)).toMatchObject({
      code: "DOCUMENT_UNREADABLE",
      message: expect.stringMatching(/^step fields: the pdf could not be read: /) as string,
    });
  });
});
