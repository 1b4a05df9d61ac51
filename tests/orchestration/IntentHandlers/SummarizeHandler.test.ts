import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../lib/core/json.ts";
import { SummarizeHandler } from "../../../lib/orchestration/IntentHandlers/SummarizeHandler.ts";
import type { OptimizationLevel } from "../../../lib/orchestration/types.ts";
import type { ScriptedAnswer } from "../../../lib/testing/ScriptedModel.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";
import { errorOf, serve } from "../serveStep.ts";

const report =
  "The ward treated 151 patients in March, nine more than in February. Twenty beds were in use on most days, and two rooms were closed. ".repeat(
    6,
  );
const good = "151 patients were treated in March; two rooms were closed.";

function summary(contract?: JsonObject, prompt = "Summarize the report"): WorkflowStepInput {
  return {
    id: "short",
    type: "ai_processing",
    prompt,
    input: "{{input.report}}",
    ...(contract === undefined ? {} : { metadata: { contract } }),
  };
}

async function run(script: readonly (ScriptedAnswer | string)[], step = summary(), level: OptimizationLevel = "standard") {
  return serve(new SummarizeHandler(), step, { inputs: { report }, script, level });
}

describe("SummarizeHandler", () => {
  test("asks what the direct path asks, and takes a good answer as it is", async () => {
    const handled = await run([good]);
    const direct = await serve(null, summary(), { inputs: { report }, script: [good] });

    expect(handled.stage.output).toBe(good);
    expect(JSON.stringify(handled.stage.model.requests[0]?.messages)).toBe(JSON.stringify(direct.stage.model.requests[0]?.messages));
    expect(handled.stage.detail.handler?.metrics).toEqual({ sourceCharacters: report.length, answerCharacters: good.length });
  });

  test.each<[string, ScriptedAnswer | string, RegExp]>([
    ["leaves a gap", `Dear [Your Name], ${good}`, /leaves .*\[Your Name\].* to be filled in/],
    ["refuses", "I'm sorry, but I can't help with that.", /refuses/],
    ["refuses as a machine", "As an AI language model, I cannot summarize this.", /refuses/],
    ["is cut off", { text: "151 patients were", finishReason: "length" }, /was cut off/],
    ["repeats a sentence", "The ward was full on most days. ".repeat(9), /repeats itself/],
    ["got stuck", `${good} ${"and the ward ".repeat(20)}`, /repeats itself/],
    ["is ten times too long", Array.from({ length: 900 }, (_, index) => `ward ${index} had ${index * 7} beds`).join(", "), /is longer/],
  ])("has an answer that %s mended by one call, booked as our own cost, and takes no second such answer", async (_what, bad, told) => {
    const mended = await run([bad, good]);
    const hopeless = await run([bad, bad]);

    expect(mended.stage.output).toBe(good);
    expect(mended.stage.model.requests).toHaveLength(2);
    expect(JSON.stringify(mended.stage.model.requests[1]?.messages.at(-1))).toMatch(told);
    expect(mended.stage.detail.handler?.tokens).toBe(
      mended.stage.settlements().reduce((sum, { usedTokens }) => sum + (usedTokens ?? 0), 0),
    );
    expect(errorOf(hopeless)).toMatchObject({ code: "MODEL_OUTPUT_INVALID", message: expect.stringMatching(told) as string });
    expect(errorOf(hopeless).message).toContain("after one repair");
  });

  test("fails on an empty answer as the direct path does", async () => {
    expect(errorOf(await run(["", ""])).code).toBe("MODEL_OUTPUT_INVALID");
  });

  test("keeps to limits that the instruction names, and takes what is a little longer with a warning", async () => {
    const step = summary(undefined, "Summarize in at most ten words");
    const long = "One hundred fifty-one patients were treated in March, which is nine more than in the month before it.";
    const both = await run([long, long], step);
    const second = await run([long, "151 patients were treated."], step);
    const worse = await run([long, `${long} ${long}`], step);

    expect(both.stage.output).toBe(long);
    expect(both.stage.detail.warnings).toEqual(["the answer has 18 words, at most 10 are asked for"]);
    expect(second.stage.output).toBe("151 patients were treated.");
    expect(worse.stage.output).toBe(`${long} ${long}`);
    expect((await run([long, "[Your Name] was there."], step)).stage.output).toBe(long);
  });

  test("takes the first answer at need where its repair fails or is refused, unless that answer can never be taken", async () => {
    const step = summary({ max_words: 5 });
    const long = "One hundred fifty-one patients were treated in March.";
    const failing = await run([long, { error: new Error("the line is dead") }], step);
    const refused = await serve(new SummarizeHandler(), step, { inputs: { report }, script: [long], modelCalls: 1 });
    const hopeless = await serve(new SummarizeHandler(), summary(), { inputs: { report }, script: ["[Your Name]"], modelCalls: 1 });

    expect([failing.stage.output, refused.stage.output]).toEqual([long, long]);
    expect(failing.stage.detail.warnings).toContain("the answer has 8 words, at most 5 are asked for");
    expect(errorOf(hopeless).code).toBe("BUDGET_EXCEEDED");
  });

  test("pays for no repair at level minimal", async () => {
    const soft = await run(["One hundred fifty-one patients were treated in March."], summary({ max_words: 5 }), "minimal");
    const hard = await run(["[Your Name]"], summary(), "minimal");

    expect(soft.stage.model.requests).toHaveLength(1);
    expect(soft.stage.detail.warnings).toEqual(["the answer has 8 words, at most 5 are asked for"]);
    expect(errorOf(hard)).toMatchObject({ code: "MODEL_OUTPUT_INVALID", message: expect.not.stringContaining("repair") as string });
  });

  test("asks for facts that must be mentioned, in whatever spelling", async () => {
    const step = summary({ must_mention: ["{{input.patients}}", "March", null, 1240.5] });
    const inputs = { report, patients: "151" };
    const served = await serve(new SummarizeHandler(), step, {
      inputs,
      script: ["Many were treated in march.", "151 were treated in MARCH for 1,240.50."],
    });

    expect(served.stage.output).toBe("151 were treated in MARCH for 1,240.50.");
    expect(JSON.stringify(served.stage.model.requests[1]?.messages.at(-1))).toContain(String.raw`does not mention \"151\"`);
  });

  test("checks what there is of a contract: facts without a value are left out, those that are no text end the step", async () => {
    const step = summary({ must_mention: ["{{input.phone}}", "call {{input.phone}}", "{{input.empty}}", "March"], max_words: 5 });
    const inputs = { report, empty: "", list: ["March"] };
    const checked = await serve(new SummarizeHandler(), step, { inputs, script: ["Many were treated.", "Many in March."] });
    const odd = await serve(new SummarizeHandler(), summary({ must_mention: ["{{input.list}}"] }), { inputs, script: [good] });

    expect(checked.stage.output).toBe("Many in March.");
    expect(checked.stage.detail.handler?.degraded).toBeUndefined();
    expect(errorOf(odd)).toMatchObject({ code: "PARAMS_INVALID", details: { field: "metadata.contract.must_mention", got: "a list" } });
    expect(odd.stage.model.requests).toHaveLength(0);
  });

  test("applies no limit of a part to the whole, and none of words to an answer in a form of its own", async () => {
    const long = Array.from({ length: 15 }, (_, index) => `Order ${index} of ${index + 20} arrives on Monday as it was planned.`).join(
      "\n",
    );
    const parts = await run([long], summary(undefined, "Summarize each order in at most ten words"));
    const whole = await run([long, long], summary(undefined, "Summarize in at most ten words"));
    const schema = { type: "object", properties: { text: { type: "string" } } };
    const form = { ...summary(undefined, "Summarize in at most 5 characters"), output_schema: schema } as WorkflowStepInput;

    expect(parts.stage.model.requests).toHaveLength(1);
    expect(whole.stage.output).toBe(long);
    expect(whole.stage.detail.warnings).toEqual(["the answer has 165 words, at most 10 are asked for"]);
    expect((await run([{ output: { text: "abcde" } }], form)).stage.model.requests).toHaveLength(1);
  });

  test("holds a structured answer to the contract, too", async () => {
    const step = {
      ...summary(),
      output_schema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    } as WorkflowStepInput;
    const mended = await run([{ output: { text: "[Your Name]" } }, { output: { text: "fine" } }], step);
    const hopeless = await run([{ output: { text: "[Your Name]" } }, { output: { text: "[Your Name]" } }], step);
    const minimal = await run([{ output: { text: "[Your Name]" } }], step, "minimal");
    const soft = { ...step, metadata: { contract: { max_characters: 20 } } } as WorkflowStepInput;
    const long = { output: { text: "a text of more than twenty characters" } };

    expect(mended.stage.output).toEqual({ text: "fine" });
    expect(errorOf(hopeless).message).toMatch(/leaves .* to be filled in, after one repair/);
    expect(errorOf(minimal).message).toMatch(/the answer of the model leaves/);
    expect((await run([long, long], soft)).stage.output).toEqual(long.output);
    expect((await run([long, "no JSON"], soft)).stage.output).toEqual(long.output);
    expect((await run([long, { error: new Error("dead") }], soft)).stage.output).toEqual(long.output);
    expect((await run([long], soft, "minimal")).stage.output).toEqual(long.output);
  });

  test("tells of what is wrong with the last word of a tool loop, and takes it: its tools have done what they did", async () => {
    const step: WorkflowStepInput = { id: "look", type: "llm_decision", prompt: "Summarize what you find", plugins: ["world"] };
    const { stage } = await serve(new SummarizeHandler(), step, { script: ["Found by [Your Name]."] });

    expect(stage.output).toBe("Found by [Your Name].");
    expect(stage.detail.warnings).toEqual(['the answer leaves "[Your Name]" to be filled in']);
  });

  test("warns of nothing where a loop of tools answers, and serves it", async () => {
    const step: WorkflowStepInput = { id: "look", type: "llm_decision", prompt: "Summarize what you find", plugins: ["world"] };
    const { stage } = await serve(new SummarizeHandler(), step, { script: ["Nothing was found."] });

    expect(stage.output).toBe("Nothing was found.");
    expect(stage.detail.handler).toMatchObject({ name: "SummarizeHandler", succeeded: true });
  });

  test("is not asked about a contract that is none: the direct path is taken, recorded", async () => {
    const { stage } = await run([good], summary({ max_words: -1 }));

    expect(stage.output).toBe(good);
    expect(stage.detail.handler).toMatchObject({ degraded: expect.stringContaining("metadata.contract.max_words") as string });
    expect(stage.audited()).toContain("orchestration.bypassed");
  });

  test("passes a step that asks no model on", async () => {
    const step = { id: "t", type: "transform", operation: "sort", input: [2, 1], config: {} } as const;
    const handler = new (class extends SummarizeHandler {
      override async validate(): Promise<boolean> {
        return true;
      }
    })();
    expect((await serve(handler, step)).stage.output).toEqual([1, 2]);
  });
});
