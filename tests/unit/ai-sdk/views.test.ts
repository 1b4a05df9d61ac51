import { generateText, isStepCount, jsonSchema, streamText, tool, ToolLoopAgent } from "ai";
import { describe, expect, test } from "vitest";
import { govern, type GovernOptions, type ViewCompressor } from "../../../lib/ai-sdk/index.ts";
import type { SdkCall } from "../../../lib/ai-sdk/types.ts";
import type { CompressedContent } from "../../../lib/orchestration/types.ts";
import { mockModel, type Answer } from "./mockAnswers.ts";

const PRETTY = JSON.stringify({ orders: Array.from({ length: 40 }, (_, id) => ({ id, total: id * 1.5, status: "open" })) }, null, 2);
const LONG = Array.from({ length: 1_500 }, (_, line) => `row ${line} holds value ${line * 7}`).join("\n");

const lookUp = tool({
  description: "Looks something up.",
  inputSchema: jsonSchema<{ what: string }>({ type: "object", properties: { what: { type: "string" } } }),
  execute: ({ what }) => (what === "long" ? LONG : PRETTY),
});

/** Shows the head of what is long, and says so. */
const headOnly: ViewCompressor = {
  compressNow: (content, { level }): CompressedContent => {
    const isCut = level > 0 && content.length > 2_000;
    return {
      view: isCut ? content.slice(0, 400) : content,
      tokensIn: content.length,
      tokensOut: isCut ? 400 : content.length,
      lossless: !isCut,
      quality: 5,
      qualityLowerBound: 5,
      level: isCut ? 1 : 0,
      stages: [],
      facts: { total: 0, retained: 0, recoverable: 0, lost: 0 },
      handles: [],
      outcome: isCut ? "ok" : "passthrough",
    };
  },
};

function call(toolName: string, input: object): Answer {
  return { toolCalls: [{ toolName, input }] };
}

/** What the model saw of tool results in a call, as text. */
function resultsIn({ prompt }: SdkCall): string[] {
  return prompt.flatMap((message) =>
    message.role === "tool"
      ? message.content.flatMap((part) => (part.type === "tool-result" && part.output.type === "text" ? [part.output.value] : []))
      : [],
  );
}

function agentWith(script: readonly Answer[], options: GovernOptions, withExpand: boolean) {
  const mock = mockModel((_call, index) => script[index] ?? { text: "Done." });
  const model = govern(mock, options);
  const tools = withExpand ? { look_up: lookUp, ...model.tools } : { look_up: lookUp };
  return { mock, model, agent: new ToolLoopAgent({ model, tools, instructions: "  Keep   this  text. ", stopWhen: isStepCount(9) }) };
}

describe("views of tool results", () => {
  test("are lossless and the same in every later call, while user and system text stay", async () => {
    const { mock, model, agent } = agentWith([call("look_up", { what: "orders" }), call("look_up", { what: "other" })], {}, false);

    const { text } = await agent.generate({ prompt: '{ "my":   "text" }' });

    const minified = JSON.stringify(JSON.parse(PRETTY));
    expect(text).toBe("Done.");
    expect(mock.doGenerateCalls.map(resultsIn)).toEqual([[], [minified], [minified, minified]]);
    for (const { prompt } of mock.doGenerateCalls) {
      expect(prompt[0]).toMatchObject({ role: "system", content: "  Keep   this  text. " });
      expect(prompt[1]).toMatchObject({ role: "user", content: [{ type: "text", text: '{ "my":   "text" }' }] });
    }
    const [line] = model.receipt().savings.lines;
    expect(line).toMatchObject({ cause: "smaller views", note: "2 views" });
    expect(line?.tokens).toBeGreaterThan(600);
  });

  test("reach streamed calls, too", async () => {
    const mock = mockModel((_call, index) => (index === 0 ? call("look_up", { what: "orders" }) : { text: "Done." }));

    const result = streamText({ model: govern(mock), prompt: "Go.", tools: { look_up: lookUp }, stopWhen: isStepCount(3) });

    expect(await result.text).toBe("Done.");
    expect(mock.doStreamCalls.map(resultsIn)).toEqual([[], [JSON.stringify(JSON.parse(PRETTY))]]);
  });

  test("leave nothing out where no expand tool is offered", async () => {
    const { mock, agent } = agentWith([call("look_up", { what: "long" })], { compressor: headOnly }, false);

    await agent.generate({ prompt: "Go." });

    expect(mock.doGenerateCalls.map(resultsIn)).toEqual([[], [LONG]]);
  });

  test("leave out what expand brings back, word for word, and charge that call", async () => {
    const handle = /expand\(\{"handle":"(\w+)"\}\)\]$/;
    let shown = "";
    const mock = mockModel((request, index) => {
      if (index === 0) return call("look_up", { what: "long" });
      if (index > 1) return { text: "Done." };
      shown = resultsIn(request)[0] ?? "";
      return call("expand", { handle: handle.exec(shown)?.[1], find: "row 1499 " });
    });
    const model = govern(mock, { compressor: headOnly });
    const agent = new ToolLoopAgent({ model, tools: { look_up: lookUp, ...model.tools } });

    await agent.generate({ prompt: "Go." });

    expect(shown).toBe(`${LONG.slice(0, 400)}\n[shortened; the rest: expand({"handle":"${handle.exec(shown)?.[1]}"})]`);
    expect(resultsIn(mock.doGenerateCalls[2] as SdkCall)).toEqual([shown, "row 1499 holds value 10493"]);
    const { lines } = model.receipt().savings;
    expect(lines.map(({ cause, note }) => [cause, note])).toEqual([
      ["smaller views", "1 view, 1 of 1 handle opened"],
      ["own costs", "1 expand"],
    ]);
    expect(lines[1]?.tokens).toBe(110);
  });

  test("give a content that is asked for again word for word, and charge the call that asked", async () => {
    const script = [call("look_up", { what: "long" }), call("look_up", { what: "long" })];
    const mock = mockModel((_call, index) => script[index] ?? { text: "Done." });
    const model = govern(mock, { compressor: headOnly });
    const prompt: SdkCall["prompt"] = [{ role: "user", content: [{ type: "text", text: "Go." }] }];
    const tools: SdkCall["tools"] = [
      { type: "function", name: "expand", description: model.tools.expand.description as string, inputSchema: { type: "object" } },
    ];
    const asked = (id: string): SdkCall["prompt"] => [
      { role: "assistant", content: [{ type: "tool-call", toolCallId: id, toolName: "look_up", input: { what: "long" } }] },
      { role: "tool", content: [{ type: "tool-result", toolCallId: id, toolName: "look_up", output: { type: "text", value: LONG } }] },
    ];

    await model.doGenerate({ prompt, tools });
    await model.doGenerate({ prompt: [...prompt, ...asked("a")], tools });
    await model.doGenerate({ prompt: [...prompt, ...asked("a"), ...asked("b")], tools });

    const [, second, third] = mock.doGenerateCalls.map(resultsIn);
    expect(second?.[0]?.length).toBeLessThan(500);
    expect(third).toEqual([second?.[0], LONG]);
    expect(model.receipt().savings.lines.at(-1)).toMatchObject({ cause: "own costs", note: "1 re-fetch", tokens: 110 });
  });

  test("never replace errors, named tools, or hits and file text of tools that read", async () => {
    const mock = mockModel(() => ({ text: "Done." }));
    const result = (toolName: string, type: "text" | "error-text", value: string): SdkCall["prompt"][number] => ({
      role: "tool",
      content: [{ type: "tool-result", toolCallId: toolName + type, toolName, output: { type, value } }],
    });
    const model = govern(mock, { compressor: headOnly, views: { verbatimTools: ["mine"], level: 1 } });
    const tools: SdkCall["tools"] = [
      { type: "function", name: "expand", description: model.tools.expand.description as string, inputSchema: { type: "object" } },
    ];
    const prompt = [result("mine", "text", LONG), result("read_file", "text", LONG), result("other", "error-text", LONG)];

    await model.doGenerate({ prompt, tools });

    expect(mock.doGenerateCalls[0]?.prompt).toEqual(prompt);
  });

  test("keep every digit and survive content that is no JSON", async () => {
    const mock = mockModel(() => ({ text: "Done." }));
    const values = [
      '{ "id": 12345678901234567890, "rate": 1.0, "big": 1e400, "text": "a \\" b  { c", "list": [ 1 , 2 , 3 , 4 ] , "more": [ ] }',
      `${"[ ".repeat(10_000)}${"] ".repeat(10_000)}`,
      `{ "open": "${"x ".repeat(200)}`,
      "<|endoftext|>".repeat(20),
      "\uD800 lone".repeat(20),
    ];
    const prompt = values.map((value, id): SdkCall["prompt"][number] => ({
      role: "tool",
      content: [{ type: "tool-result", toolCallId: String(id), toolName: "look_up", output: { type: "text", value } }],
    }));

    await govern(mock).doGenerate({ prompt });

    const seen = resultsIn(mock.doGenerateCalls[0] as SdkCall);
    expect(seen[0]).toBe('{"id":12345678901234567890,"rate":1.0,"big":1e400,"text":"a \\" b  { c","list":[1,2,3,4],"more":[]}');
    expect(seen.slice(2)).toEqual(values.slice(2));
  });
});

describe("mode observe", () => {
  test("sends what would be sent without us and says what would have been saved and refused", async () => {
    const script = [call("look_up", { what: "orders" })];
    const plain = mockModel((_call, index) => script[index] ?? { text: "Done." });
    const watched = mockModel((_call, index) => script[index] ?? { text: "Done." });
    const model = govern(watched, { mode: "observe", limits: { tokens: 100 } });
    const options = { prompt: "Go.", tools: { look_up: lookUp }, stopWhen: isStepCount(4) };

    await generateText({ model: plain, ...options });
    await generateText({ model, ...options });

    expect(watched.doGenerateCalls).toEqual(plain.doGenerateCalls);
    const { savings, observed, callsRefused, balance } = model.receipt();
    expect([savings.lines, callsRefused, balance.spentTokens]).toEqual([[], 0, 220]);
    expect([observed?.callsRefused, observed?.savings.lines[0]?.cause]).toEqual([2, "smaller views"]);
    expect(model.receiptText()).toMatch(/would have refused {2}2 calls/);
  });
});
