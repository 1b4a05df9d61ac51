// ai_processing: one question, what is asked in which order, and what is made of answers that are empty, cut off, refused or malformed.
import { describe, expect, test } from "vitest";
import type { Script } from "../../../../lib/testing/ScriptedModel.ts";
import type { StepOf } from "../../../../lib/workflow/types.ts";
import { failureOf, perform } from "./harness.ts";

type Fields = Partial<Omit<StepOf<"ai_processing">, "id" | "type">>;

const ask = (script: Script, fields: Fields, inputs = {}) => ({
  script,
  inputs,
  steps: [{ id: "ai", type: "ai_processing" as const, prompt: "Do it.", ...fields }],
});
const schema = { type: "object", properties: { name: { type: "string" }, age: { type: "integer" } }, required: ["name", "age"] };

describe("a question", () => {
  test("gives the rules first, then the data, the instruction last, and nothing that changes with time", async () => {
    const pilot = await perform(
      ask(
        ["Fine."],
        { prompt: "Summarize for {{input.who}}.", input: "{{input.text}}", params: { tone: "dry" } },
        { text: "Long text", who: "Ann" },
      ),
    );
    const [request] = pilot.model.requests;
    expect(request?.system).toContain("Never make up names");
    expect(request?.system).not.toMatch(/\d{4}|JSON/);
    expect(request?.tools).toBeUndefined();
    expect(pilot.prompts()[0]).toBe('<data>\nLong text\n</data>\n\n<parameters>\n{"tone":"dry"}\n</parameters>\n\nSummarize for Ann.');
    expect(request?.facts).toEqual({ kind: "summarize", task: "Summarize for .", data: "Long text" });
    expect(pilot.output("ai")).toBe("Fine.");
  });

  test("tells the data that stand in the prompt apart from the task", async () => {
    const pilot = await perform(ask(["ok"], { prompt: "Write about {{input.a}} and {{input.b}}", intent: "generate" }, { a: [1], b: "x" }));
    expect(pilot.model.requests[0]?.facts).toEqual({ kind: "generate", task: "Write about and", data: { "input.a": [1], "input.b": "x" } });
  });

  test("books tokens, model and cost on the step", async () => {
    const pilot = await perform(ask([{ text: "ok", usage: { inputTokens: 70, outputTokens: 5 } }], {}));
    expect(pilot.rows<{ stepPath: string; tokensUsed: number | null }>("steps")[0]?.tokensUsed).toBe(75);
    expect(pilot.detail("ai")).toMatchObject({ model: "m", provider: "scripted", costUsd: 0 });
  });

  test("marks answers of the offline model", async () => {
    const pilot = await perform({ ...ask([], { prompt: "Summarize.", input: "Rain fell in Bern. Trains were late." }), offline: true });
    expect(pilot.output("ai")).toContain("Bern");
    expect(pilot.detail("ai").more).toEqual({ offline: true });
  });
});

describe("nothing to work on", () => {
  test.each([[null], [""], [[]], [{}]])("asks no model about %j", async (input) => {
    const pilot = await perform(ask([], { input }));
    expect(pilot.output("ai")).toBe("No data available.");
    expect(pilot.detail("ai").warnings).toEqual(["the input is empty: no model was asked"]);
  });

  test("answers in the shape of the schema", async () => {
    const pilot = await perform(
      ask([], {
        input: [],
        output_schema: {
          type: "object",
          fields: [
            { name: "rows", type: "array" },
            { name: "total", type: "number" },
          ],
        },
      }),
    );
    expect(pilot.output("ai")).toEqual({ rows: [], total: null });
  });

  test("a zero or a no is something", async () => {
    const pilot = await perform(ask(["a", "b"], { input: 0 }));
    expect(pilot.output("ai")).toBe("a");
  });
});

describe("an answer in JSON", () => {
  test("is taken when it fits", async () => {
    const pilot = await perform(ask([{ output: { name: "Ann", age: 3 } }], { output_schema: schema }));
    expect(pilot.output("ai")).toEqual({ name: "Ann", age: 3 });
    expect(pilot.model.requests[0]?.outputSchema).toEqual(schema);
    expect(pilot.model.requests[0]?.system).toContain("one JSON value");
  });

  test("is repaired once, by telling exactly what was wrong, each call paid by itself", async () => {
    const pilot = await perform(
      ask([{ output: { name: "Ann", age: "old" } }, { output: { name: "Ann", age: 3 } }], { output_schema: schema }),
    );
    expect(pilot.output("ai")).toEqual({ name: "Ann", age: 3 });
    expect(pilot.prompts()[1]).toMatch(/does not fit the schema:\n- age: must be integer/);
    expect(pilot.model.requests[1]?.messages).toHaveLength(3);
    expect(pilot.rows("settlements")).toHaveLength(2);
    expect(pilot.detail("ai").warnings?.[0]).toContain("repaired once");
  });

  test("fails after one repair, with what is still wrong", async () => {
    const error = await failureOf(
      ask(["not json", { output: { name: "Ann" } }], { output_schema: schema, retryPolicy: { maxRetries: 0 } }),
    );
    expect(error.code).toBe("MODEL_OUTPUT_INVALID");
    expect(error.message).toContain("age: is required");
  });

  test("is wrapped for the provider where the schema is a list, and unwrapped", async () => {
    const pilot = await perform(
      ask([{ output: { result: ["a"] } }, { output: ["b"] }], { output_schema: { type: "array", items: { type: "string" } } }),
    );
    expect(pilot.output("ai")).toEqual(["a"]);
    expect(pilot.model.requests[0]?.outputSchema).toMatchObject({ type: "object", required: ["result"] });
  });

  test("a cut-off one is asked for again with twice the room", async () => {
    const pilot = await perform(
      ask([{ text: '{"name": "An', finishReason: "length" }, { output: { name: "Ann", age: 3 } }], {
        output_schema: schema,
        max_output_tokens: 100,
      }),
    );
    expect(pilot.output("ai")).toEqual({ name: "Ann", age: 3 });
    expect(pilot.model.requests.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([100, 200]);
    expect(pilot.prompts()[1]).toContain("cut off");
  });
});

describe("an answer that is none", () => {
  test("is asked for once more with twice the room when the limit ate it", async () => {
    const pilot = await perform(ask([{ text: "", finishReason: "length" }, "There."], { max_output_tokens: 50 }));
    expect(pilot.output("ai")).toBe("There.");
    expect(pilot.model.requests.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([50, 100]);
  });

  test.each([
    [[{ text: "", finishReason: "content-filter" as const }], "MODEL_REFUSED"],
    [[{ text: "I can", finishReason: "content-filter" as const }], "MODEL_REFUSED"],
    [[{ text: " " }], "MODEL_OUTPUT_INVALID"],
    [
      [
        { text: "", finishReason: "length" as const },
        { text: "", finishReason: "length" as const },
      ],
      "MODEL_OUTPUT_INVALID",
    ],
  ])("%j is an error", async (script, code) => {
    const error = await failureOf(ask(script, {}));
    expect(error.code).toBe(code);
    expect(error.message).toContain("step ai");
  });

  test("a failed call is a failed step that still books what it spent", async () => {
    const pilot = ask([{ error: new Error("boom"), usage: { inputTokens: 9, outputTokens: 1 } }], {
      retryPolicy: { maxRetries: 0 },
      continueOnError: true,
    });
    const done = await perform(pilot);
    expect(done.error("ai").code).toBe("MODEL_FAILED");
    expect(done.rows<{ tokensUsed: number | null }>("steps")[0]?.tokensUsed).toBe(10);
  });
});

describe("extraction", () => {
  const fields: Fields = {
    config: { ai_type: "extract" },
    output_schema: {
      type: "object",
      fields: [
        { name: "invoice_number", type: "string", required: true },
        { name: "total", type: "number", required: true },
        { name: "note", type: "string" },
      ],
    },
  };

  test("needs no model where rules find what is required", async () => {
    const pilot = await perform(ask([], { ...fields, input: "Invoice number: A-17\nTotal: 12.50" }));
    expect(pilot.output("ai")).toEqual({ invoice_number: "A-17", total: 12.5 });
    expect(pilot.detail("ai")).toMatchObject({ more: { extractedBy: "rules", missing: ["note"] }, warnings: ["not found: note"] });
  });

  test("asks only for what is missing and required", async () => {
    const pilot = await perform(ask([{ output: { total: 9 } }], { ...fields, input: "Invoice number: A-17\nNine francs in all." }));
    expect(pilot.output("ai")).toEqual({ invoice_number: "A-17", total: 9 });
    expect(pilot.model.requests[0]?.outputSchema).toMatchObject({ properties: { total: { type: "number" } }, required: ["total"] });
    expect(Object.keys(pilot.model.requests[0]?.outputSchema?.["properties"] as object)).toEqual(["total"]);
    expect(pilot.detail("ai").more).toMatchObject({ extractedBy: "rules and model" });
  });

  test("llm_extract goes to the model at once", async () => {
    const pilot = await perform(
      ask([{ output: { invoice_number: "A-17", total: 1 } }], {
        ...fields,
        config: { ai_type: "llm_extract" },
        input: "Invoice number: A-17\nTotal: 12.50",
      }),
    );
    expect(pilot.output("ai")).toEqual({ invoice_number: "A-17", total: 1 });
  });

  const document = (input: string, instruction?: string) => ({
    id: "doc",
    type: "deterministic_extraction" as const,
    input,
    output_schema: fields.output_schema ?? {},
    ...(instruction === undefined ? {} : { instruction }),
  });

  test("deterministic_extraction reports what is missing and asks no model unless told to", async () => {
    const error = await failureOf({ steps: [document("Invoice number: A-17")] });
    expect(error.code).toBe("OUTPUT_INVALID");
    expect(error.message).toContain("total: not found");
    const pilot = await perform({ script: [{ output: { total: 4 } }], steps: [document("Invoice number: A-17", "Read the total.")] });
    expect(pilot.output("doc")).toEqual({ invoice_number: "A-17", total: 4 });
  });

  test("deterministic_extraction of an empty document asks nobody, even with an instruction", async () => {
    const error = await failureOf({ steps: [document("", "Read the total.")] });
    expect(error.code).toBe("OUTPUT_INVALID");
  });
});

describe("classification", () => {
  const labels = (...given: (string | null)[]) => ({ output: { labels: given.map((label, index) => ({ index, label })) } });
  const config = { ai_type: "classify" as const, labels: ["Spam", "Work"] };

  test("labels a whole list in one call, by index", async () => {
    const pilot = await perform(
      ask(
        [
          {
            output: {
              labels: [
                { index: 1, label: "Work" },
                { index: 0, label: "spam" },
              ],
            },
          },
        ],
        { config, input: [{ s: "win" }, "agenda"] },
      ),
    );
    expect(pilot.output("ai")).toEqual([
      { s: "win", label: "Spam" },
      { item: "agenda", label: "Work" },
    ]);
    expect(pilot.prompts()[0]).toContain('[{"index":0,"item":{"s":"win"}},{"index":1,"item":"agenda"}]');
    expect(pilot.model.requests[0]?.facts).toMatchObject({ kind: "classify", labels: [{ name: "Spam" }, { name: "Work" }] });
  });

  test("never fills in a label that was not given or not offered", async () => {
    const pilot = await perform(
      ask(
        [
          {
            output: {
              labels: [
                { index: 0, label: "Urgent" },
                { index: 2, label: null },
                { index: 7, label: "Work" },
              ],
            },
          },
        ],
        { config, input: ["a", "b", "c"] },
      ),
    );
    expect(pilot.output("ai")).toEqual(["a", "b", "c"].map((item) => ({ item, label: null })));
    expect(pilot.detail("ai").warnings).toEqual(['the model gave a label that was not offered: "Urgent"', "3 of 3 items got no label"]);
    expect(pilot.model.requests).toHaveLength(1);
  });

  test("asks in batches, with indexes that go on", async () => {
    const items = Array.from({ length: 90 }, (_, index) => `mail ${index}`);
    const pilot = await perform(
      ask(
        ({ facts }) => ({
          output: {
            labels: ((facts?.data ?? []) as { index: number }[]).map(({ index }) => ({ index, label: index % 2 === 0 ? "Work" : "Spam" })),
          },
        }),
        { config, input: items },
      ),
    );
    expect(pilot.model.requests).toHaveLength(3);
    expect(pilot.output("ai")).toEqual(items.map((item, index) => ({ item, label: index % 2 === 0 ? "Work" : "Spam" })));
  });

  test("a single thing gets a single label", async () => {
    const single = await perform(ask([labels("Work")], { config, input: { s: "agenda" } }));
    expect(single.output("ai")).toEqual({ s: "agenda", label: "Work" });
    const inPrompt = await perform(ask([labels("Spam")], { config, prompt: "Classify: {{input.text}}" }, { text: "win" }));
    expect(inPrompt.output("ai")).toEqual({ label: "Spam" });
  });

  test("the offline model labels by index too", async () => {
    const pilot = await perform({ ...ask([], { config, input: ["spam lottery prize", "the work agenda", "zzz"] }), offline: true });
    expect(pilot.output("ai")).toEqual([
      { item: "spam lottery prize", label: "Spam" },
      { item: "the work agenda", label: "Work" },
      { item: "zzz", label: null },
    ]);
  });
});
