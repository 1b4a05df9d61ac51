import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../lib/core/json.ts";
import { GenerateHandler } from "../../../lib/orchestration/IntentHandlers/GenerateHandler.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";
import { errorOf, serve } from "../serveStep.ts";

const letter = "Dear Ada, your order 1240 of 240.50 EUR arrives on 2026-03-04. Write to help@example.com.";

function write(contract?: JsonObject, more: object = {}): WorkflowStepInput {
  return {
    id: "letter",
    type: "ai_processing",
    prompt: "Write to {{input.name}} about {{input.order}}",
    ...(contract === undefined ? {} : { metadata: { contract } }),
    ...more,
  } as WorkflowStepInput;
}

const inputs = {
  name: "Ada",
  order: "order 1,240: 240.5 EUR, due 2026-03-04, contact help@example.com",
  empty: "",
  none: null,
  list: [],
  object: {},
  zero: 0,
  no: false,
};

describe("GenerateHandler", () => {
  test("refuses to write about facts that are missing: all of them by name, before any call", async () => {
    const requires = {
      name: "{{input.name}}",
      phone: "{{input.phone}}",
      empty: "{{input.empty}}",
      none: "{{input.none}}",
      list: "{{input.list}}",
      object: "{{input.object}}",
      zero: "{{input.zero}}",
      no: "{{input.no}}",
      deep: "{{input.name.first}}",
    };
    const served = await serve(new GenerateHandler(), write({ requires }), { inputs, script: [letter] });

    expect(errorOf(served)).toMatchObject({
      code: "FACTS_MISSING",
      message: "step letter: nothing was written, because these facts have no value: phone, empty, none, list, object, deep",
    });
    expect(served.stage.model.requests).toHaveLength(0);
    expect(served.stage.audited()).not.toContain("orchestration.bypassed");
  });

  test("writes when all required facts are there", async () => {
    const { stage } = await serve(new GenerateHandler(), write({ requires: { name: "{{input.name}}" } }), { inputs, script: [letter] });

    expect(stage.output).toBe(letter);
    expect(stage.detail.handler).toMatchObject({ name: "GenerateHandler", succeeded: true });
  });

  test("takes no fact that nobody gave, where only given facts may be used", async () => {
    const contract = { only_given_facts: true };
    const invented = `${letter} Call 555-0199, see https://example.com/track?id=9 or mail boss@example.com within 10 days.`;
    const given = await serve(new GenerateHandler(), write(contract), { inputs, script: [letter] });
    const mended = await serve(new GenerateHandler(), write(contract), { inputs, script: [invented, letter] });
    const free = await serve(new GenerateHandler(), write(), { inputs, script: [invented] });

    expect(given.stage.model.requests).toHaveLength(1);
    expect(mended.stage.output).toBe(letter);
    const complaint = JSON.stringify(mended.stage.model.requests[1]?.messages.at(-1));
    for (const fact of ["boss@example.com", "https://example.com/track?id=9", "555"]) expect(complaint).toContain(fact);
    expect(complaint).not.toContain('says \\"10\\"');
    expect(free.stage.output).toBe(invented);
  });

  test.each<[string, JsonObject, string, string]>([
    ["JSON", { format: "json" }, "Here it is: {}", '{"a":1}'],
    ["HTML", { format: "html" }, "Sure! <p>x</p>", "<p>Dear Ada</p>"],
    ["a list", { format: "list" }, "First this.\n- then that", "- first\n- second\n  more of it"],
    ["plain text", { format: "text" }, "# Title\nDear Ada", "Dear Ada"],
    ["enough words", { min_words: 3 }, "Dear Ada", "Dear dear Ada"],
    ["few sentences", { max_sentences: 1 }, "One is here. Two is here. Three is here.", "One is here."],
  ])("asks for %s", async (_what, contract, bad, good) => {
    const { stage } = await serve(new GenerateHandler(), write(contract), { inputs, script: [bad, good] });
    const alone = await serve(new GenerateHandler(), write(contract), { inputs, script: [good] });

    expect(stage.output).toBe(good);
    expect(alone.stage.model.requests).toHaveLength(1);
  });

  test("takes markdown, links and templates that were given for what they are", async () => {
    const text = "See [Our Report](https://example.com) and keep {{customer}} and [Company] as they are.";
    const step = write({ format: "markdown" }, { prompt: "Fill the rest of: {{{{customer}}}} [Company]", input: "{{input.template}}" });
    const { stage } = await serve(new GenerateHandler(), { ...step, prompt: "Fill in the rest" } as WorkflowStepInput, {
      inputs: { template: "{{customer}} [Company]" },
      script: [text],
    });

    expect(stage.output).toBe(text);
    expect(stage.model.requests).toHaveLength(1);
  });

  test.each([
    "Hello {{name}}",
    "Hello <your name here>",
    "TODO: write this",
    "Lorem ipsum dolor",
    "Call us at [PHONE NUMBER]",
    "Price: XXX",
  ])("does not take a text with a gap: %s", async (gap) => {
    expect(errorOf(await serve(new GenerateHandler(), write(), { inputs, script: [gap, gap] })).message).toContain("to be filled in");
  });

  test("serves loops of tools, and passes on what asks no model", async () => {
    const loop: WorkflowStepInput = { id: "chat", type: "llm_decision", prompt: "Answer {{input.name}}", plugins: ["world"] };
    const handler = new (class extends GenerateHandler {
      override async validate(): Promise<boolean> {
        return true;
      }
    })();

    expect((await serve(new GenerateHandler(), loop, { inputs, script: ["Hello"] })).stage.output).toBe("Hello");
    expect((await serve(handler, { id: "t", type: "transform", operation: "sort", input: [2, 1], config: {} })).stage.output).toEqual([
      1, 2,
    ]);
  });
});
