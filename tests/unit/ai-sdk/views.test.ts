import { APICallError, generateText, isStepCount, jsonSchema, streamText, tool, ToolLoopAgent } from "ai";
import { describe, expect, test } from "vitest";
import { govern, type GovernOptions, type ViewCompressor } from "../../../lib/ai-sdk/index.ts";
import type { SdkCall } from "../../../lib/ai-sdk/types.ts";
import type { CompressedContent } from "../../../lib/orchestration/types.ts";
import { decodeLossless } from "../../../lib/orchestration/compression/lossless.ts";
import { mockModel, type Answer } from "./mockAnswers.ts";

const PRETTY = ordersOf("orders");
const LONG = Array.from({ length: 1_500 }, (_, line) => `row ${line} holds value ${line * 7}`).join("\n");

const lookUp = tool({
  description: "Looks something up.",
  inputSchema: jsonSchema<{ what: string }>({ type: "object", properties: { what: { type: "string" } } }),
  execute: ({ what }) => (what === "long" ? LONG : ordersOf(what)),
});

function ordersOf(what: string): string {
  return JSON.stringify({ [what]: Array.from({ length: 40 }, (_, id) => ({ id, total: id * 1.5, status: "open" })) }, null, 2);
}

/** Shows the head of what is long, and says so. */
const headOnly: ViewCompressor = {
  compress: (content, _target, _quality, { level }): Promise<CompressedContent> => {
    const isCut = level > 0 && content.length > 2_000;
    return Promise.resolve({
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
    });
  },
};

function minified(text: string): string {
  return JSON.stringify(JSON.parse(text));
}

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
  test("of a call that was refused are counted with the call that shows them", async () => {
    const seen: string[] = [];
    const { mock, model, agent } = agentWith([call("look_up", { what: "orders" })], { onDecision: ({ type }) => seen.push(type) }, false);
    const answer = mock.doGenerate;
    let calls = 0;
    mock.doGenerate = async (asked) => {
      calls += 1;
      if (calls !== 2) return answer(asked);
      throw new APICallError({
        message: "wait",
        url: "https://x.test",
        requestBodyValues: {},
        statusCode: 429,
        responseHeaders: { "retry-after-ms": "1" },
      });
    };

    await agent.generate({ prompt: "Which?" });

    expect([calls, seen.filter((type) => type === "view")]).toEqual([3, ["view"]]);
    expect(model.receipt().savings.lines[0]?.note).toContain("1 view");
  });

  test("are lossless and the same in every later call, while user and system text stay", async () => {
    const { mock, model, agent } = agentWith([call("look_up", { what: "orders" }), call("look_up", { what: "other" })], {}, false);

    const { text } = await agent.generate({ prompt: '{ "my":   "text" }' });

    expect(text).toBe("Done.");
    const [, second, third] = mock.doGenerateCalls.map(resultsIn);
    expect(third?.map(decodeLossless)).toEqual([minified(PRETTY), minified(ordersOf("other"))]);
    expect(second).toEqual(third?.slice(0, 1));
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
    const [, second] = mock.doStreamCalls.map(resultsIn);
    expect(second?.map(decodeLossless)).toEqual([minified(PRETTY)]);
    expect(second?.[0]?.length).toBeLessThan(PRETTY.length / 3);
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

  test("offer the expand tool only from the first handle on, and say when a handle is not known", async () => {
    const { mock, model, agent } = agentWith(
      [call("look_up", { what: "orders" }), call("look_up", { what: "long" })],
      { compressor: headOnly },
      true,
    );

    await agent.generate({ prompt: "Go." });
    const answer = await model.tools.expand.execute?.({ handle: "0123456789ab" }, { toolCallId: "1", messages: [], context: {} });

    expect(mock.doGenerateCalls.map(({ tools }) => tools?.map(({ name }) => name))).toEqual([
      ["look_up"],
      ["look_up"],
      ["look_up", "expand"],
    ]);
    expect(answer).toMatch(/^There is no content behind "0123456789ab"/);
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
      `[ ${Array.from({ length: 9 }, (_, row) => `{ "id": 1234567890123456789${row}, "rate": 1.${row}0, "big": 1e400, "text": "a \\" b  { c" }`).join(" ,\n  ")} ]`,
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
    expect(decodeLossless(seen[0] ?? "")).toBe(
      `[${Array.from({ length: 9 }, (_, row) => `{"id":1234567890123456789${row},"rate":1.${row}0,"big":1e400,"text":"a \\" b  { c"}`).join(",")}]`,
    );
    expect(seen[0]?.length).toBeLessThan((values[0]?.length ?? 0) / 2);
    expect(seen.slice(2)).toEqual(values.slice(2));
  });
});

describe("views of level 2", () => {
  const orderOf = (id: string): string =>
    JSON.stringify({
      order_id: id,
      customer: "Mia Li",
      address: { street: "12 Long Road", city: "Austin" },
      insurance: "no",
      state: "sent",
      carrier: "post",
    });
  const asked = (id: string, content = orderOf(id)): SdkCall["prompt"] => [
    { role: "assistant", content: [{ type: "tool-call", toolCallId: id, toolName: "get_order", input: { id } }] },
    { role: "tool", content: [{ type: "tool-result", toolCallId: id, toolName: "get_order", output: { type: "text", value: content } }] },
  ];

  test("say a result by what differs from one that is shown whole, and whole once that one is gone", async () => {
    const mock = mockModel(() => ({ text: "Done." }));
    const model = govern(mock, { views: { level: 2 } });

    await model.doGenerate({ prompt: [...asked("A1"), ...asked("B2")] });
    await model.doGenerate({ prompt: [...asked("A1"), ...asked("B2"), ...asked("C3")] });
    await model.doGenerate({ prompt: asked("B2") });

    const [first, second, third] = mock.doGenerateCalls.map(resultsIn);
    const relative = "[keys in the order of get_order(A1); = is the same value]\n[B2,=,=,=,=,=]";
    expect(first?.map((view, index) => (index === 0 ? decodeLossless(view) : view))).toEqual([orderOf("A1"), relative]);
    expect(second?.slice(0, 2)).toEqual(first);
    expect(second?.[2]).toContain("[C3,=,=,=,=,=]");
    expect(third?.map(decodeLossless)).toEqual([orderOf("B2")]);
  });

  test("do not refer to a call that was made twice", async () => {
    const mock = mockModel(() => ({ text: "Done." }));
    const again = asked("A1", orderOf("A1").replace("sent", "late")).map((message) => structuredClone(message));
    for (const { content } of again)
      if (typeof content !== "string") for (const part of content) Object.assign(part, { toolCallId: "again" });

    await govern(mock, { views: { level: 2 } }).doGenerate({ prompt: [...asked("A1"), ...again, ...asked("B2")] });

    expect(resultsIn(mock.doGenerateCalls[0] as SdkCall)[2]).not.toContain("get_order(A1)");
  });
});

describe("a process started again", () => {
  test("shows the same views, so that a prompt cache stays valid", async () => {
    const prompt: SdkCall["prompt"] = [
      { role: "tool", content: [{ type: "tool-result", toolCallId: "1", toolName: "look_up", output: { type: "text", value: PRETTY } }] },
    ];
    const mock = mockModel(() => ({ text: "Done." }));

    await govern(mock).doGenerate({ prompt });
    await govern(mock).doGenerate({ prompt });

    const [first, second] = mock.doGenerateCalls;
    expect(resultsIn(first as SdkCall)[0]).not.toBe(PRETTY);
    expect(first?.prompt).toEqual(second?.prompt);
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
