// The loop by itself, with a host that only writes down what it is asked for.
import { array, assert, asyncProperty, constantFrom } from "fast-check";
import { describe, expect, test } from "vitest";
import { runAgentKit } from "../../../lib/agentkit/runAgentKit.ts";
import type { AgentKitHost, AgentKitRequest, AgentQuestion, AgentTurn, ToolReply, ViewSource } from "../../../lib/agentkit/types.ts";
import type { ModelToolCall } from "../../../lib/models/types.ts";
import { LoopBrake } from "../../../lib/orchestration/budgets/LoopBrake.ts";

const TOOL = { name: "look", description: "looks", inputSchema: { type: "object" } };
const LIMIT = 5_000;

function turn(text: string, toolCalls: readonly ModelToolCall[] = [], usedShare: number | null = null): AgentTurn {
  return { text, toolCalls, tokens: 100, usedShare };
}

function callOf(id: string, name = "look", given: ModelToolCall["arguments"] = { id }): ModelToolCall {
  return { id, name, arguments: given };
}

interface HostOptions {
  readonly answers: readonly AgentTurn[];
  readonly earlier?: readonly AgentTurn[];
  readonly result?: (call: ModelToolCall) => string;
  readonly views?: ViewSource;
}

class TestHost implements AgentKitHost<string> {
  readonly asked: AgentQuestion[] = [];
  readonly performed: string[] = [];
  readonly warnings: string[] = [];
  readonly views: ViewSource | null;
  readonly #options: HostOptions;

  constructor(options: HostOptions) {
    this.#options = options;
    this.views = options.views ?? null;
  }

  async ask(question: AgentQuestion): ReturnType<AgentKitHost<string>["ask"]> {
    this.asked.push(question);
    const next = this.#options.answers[this.asked.length - 1];
    return next === undefined ? { kind: "ended", outcome: "no more answers" } : { kind: "answered", turn: next };
  }

  async perform(
    calls: readonly ModelToolCall[],
    { answer }: Parameters<AgentKitHost<string>["perform"]>[1],
  ): ReturnType<AgentKitHost<string>["perform"]> {
    const results = calls.map((call): ToolReply => {
      const said = answer(call);
      if (said !== null) return { call, text: said, isError: false };
      this.performed.push(call.id);
      return { call, text: this.#options.result?.(call) ?? `seen ${call.id}`, isError: false };
    });
    return { kind: "results", results };
  }

  earlierTurns(): readonly AgentTurn[] {
    return this.#options.earlier ?? [];
  }

  withinLimit(text: string): { readonly text: string; readonly isShortened: boolean } {
    return text.length <= LIMIT ? { text, isShortened: false } : { text: `${text.slice(0, LIMIT)}[cut]`, isShortened: true };
  }

  warn(warning: string): void {
    this.warnings.push(warning);
  }
}

function run(host: TestHost, more: Partial<AgentKitRequest> = {}): ReturnType<typeof runAgentKit<string>> {
  return runAgentKit(host, { opening: "Find out.", tools: [TOOL], maxTurns: 4, brake: null, savedTokens: 0, ...more });
}

/** Four characters make a token; every view is the first tenth. */
function tenths(notes: string[]): ViewSource {
  return {
    show: async (text, { maxLevel, ending }) => {
      if (maxLevel === 0) return { text, savedTokens: 0, isShortened: false };
      const view = text.slice(0, text.length / 10) + (ending?.text ?? "");
      return { text: view, savedTokens: (text.length - view.length) / 4, isShortened: true };
    },
    noteTransition: (name) => void notes.push(name),
    countTokens: (text) => text.length / 4,
  };
}

function handleIn({ messages }: AgentQuestion | { messages: AgentQuestion["messages"] }): string {
  return /handle\\*":\\*"([0-9a-f]{12})/.exec(JSON.stringify(messages))?.[1] ?? "none";
}

const LONG = Array.from({ length: 600 }, (_, index) => `{"row": ${index}, "note": "line ${index}"}`).join("\n");

describe("runAgentKit", () => {
  test("asks, runs the tools that are asked for in order, and ends with the first answer without calls", async () => {
    const host = new TestHost({ answers: [turn("Looking.", [callOf("a"), callOf("b")]), turn("Done.")] });

    expect(await run(host)).toMatchObject({ kind: "answered", text: "Done.", turns: 2 });
    expect(host.performed).toEqual(["a", "b"]);
    expect(host.asked[0]?.messages).toEqual([{ role: "user", content: "Find out." }]);
    expect(host.asked[1]?.messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
  });

  test("passes on how its host ended, whatever it was doing", async () => {
    expect(await run(new TestHost({ answers: [turn("", [callOf("a")])] }))).toEqual({ kind: "ended", outcome: "no more answers" });
  });

  test("does not run the tools of its last turn, whose results nobody would read", async () => {
    const host = new TestHost({ answers: Array.from({ length: 9 }, (_, index) => turn("", [callOf(`c${index}`)])) });

    expect(await run(host, { maxTurns: 3 })).toEqual({ kind: "limit", turns: 3 });
    expect(host.performed).toEqual(["c0", "c1"]);
  });

  test("offers no tools where there are none", async () => {
    const host = new TestHost({ answers: [turn("Done.")] });
    await run(host, { tools: [] });

    expect(host.asked[0]).not.toHaveProperty("tools");
  });

  test("goes on from the turns that are stored, with the same messages as if it had never stopped", async () => {
    const first = turn("Looking.", [callOf("a")]);
    const whole = new TestHost({ answers: [first, turn("Done.")] });
    const resumed = new TestHost({ answers: [turn("Done.")], earlier: [first] });
    await run(whole);
    await run(resumed);

    expect(resumed.asked).toHaveLength(1);
    expect(resumed.asked[0]?.messages).toEqual(whole.asked[1]?.messages);
  });

  test("tells the model to conclude at 80 % of the budget, once", async () => {
    const answers = [turn("", [callOf("a")], 0.85), turn("", [callOf("b")], 0.9), turn("Done.", [], 0.9)];
    const notes: string[] = [];
    const host = new TestHost({ answers, views: tenths(notes) });
    await run(host, { brake: brake() });

    const told = host.asked[2]?.messages.filter(({ role }) => role === "user") ?? [];
    expect(told).toHaveLength(2);
    expect(notes).toEqual(["told_to_conclude"]);
  });

  test("runs nothing of a turn that asks for the same call the third time, and lets the model answer once more without tools", async () => {
    const same = (id: string): AgentTurn => turn("", [callOf(id, "look", { page: 1 })]);
    const host = new TestHost({ answers: [same("a"), same("b"), same("c"), turn("What I have.")] });

    expect(await run(host, { maxTurns: 9, brake: brake() })).toMatchObject({ kind: "answered", text: "What I have." });
    expect(host.performed).toEqual(["a", "b"]);
    expect(host.asked[3]).not.toHaveProperty("tools");
    expect(host.warnings.join()).toContain("braked");
  });

  test("ends at the limit when a braked model still asks for tools", async () => {
    const same = (id: string): AgentTurn => turn("", [callOf(id, "look", { page: 1 })]);
    const host = new TestHost({ answers: [same("a"), same("b"), same("c"), same("d")] });

    expect(await run(host, { maxTurns: 9, brake: brake() })).toMatchObject({ kind: "limit" });
  });

  test("cuts a result that is too long to be sent, and says so", async () => {
    const host = new TestHost({ answers: [turn("", [callOf("a")]), turn("Done.")], result: () => "x".repeat(LIMIT + 1) });
    await run(host);

    expect(JSON.stringify(host.asked[1]?.messages)).toContain("[cut]");
    expect(host.warnings).toEqual(["a tool's result was shortened for the model"]);
  });

  test("keeps every call together with its result", async () => {
    const turns = array(array(constantFrom("look", "expand", "nothing"), { minLength: 1, maxLength: 3 }), { maxLength: 6 });
    await assert(
      asyncProperty(turns, async (names) => {
        let id = 0;
        const calls = names.map((some) =>
          turn(
            "",
            some.map((name) => callOf(`c${(id += 1)}`, name)),
          ),
        );
        const host = new TestHost({ answers: [...calls, turn("Done.")], views: tenths([]), result: () => LONG });
        await run(host, { maxTurns: 20, brake: brake() });
        for (const { messages } of host.asked) expect(idsIn(messages, "tool-call")).toEqual(idsIn(messages, "tool-result"));
      }),
      { numRuns: 60 },
    );
  });
});

describe("a long result", () => {
  const script = (open: (question: AgentQuestion) => AgentTurn) =>
    class extends TestHost {
      override async ask(question: AgentQuestion): ReturnType<TestHost["ask"]> {
        const asked = await super.ask(question);
        return this.asked.length === 2 ? { kind: "answered", turn: open(question) } : asked;
      }
    };
  const opening = (find?: string) =>
    script((question) => turn("", [callOf("e", "expand", { handle: handleIn(question), ...(find === undefined ? {} : { find }) })]));
  const answers = [turn("", [callOf("a")]), turn("replaced"), turn("Done.")];

  test("is shown as a view, and expand gives back the lines that are asked for, at governance's own cost", async () => {
    const notes: string[] = [];
    const host = new (opening('"row": 555,'))({ answers, views: tenths(notes), result: () => LONG });
    await run(host);

    expect(host.asked.map(({ tools = [] }) => tools.map(({ name }) => name))).toEqual([["look"], ["look", "expand"], ["look", "expand"]]);
    expect(JSON.stringify(host.asked[1]?.messages)).not.toContain("line 555");
    expect(JSON.stringify(host.asked[2]?.messages.at(-1))).toContain("line 555");
    expect(host.asked.map(({ ownCost }) => ownCost)).toEqual([undefined, undefined, "expand"]);
    expect(host.performed).toEqual(["a"]);
    expect(notes).toEqual(["expanded"]);
  });

  test("is sent whole up to the limit when all of it is asked for", async () => {
    const host = new (opening())({ answers, views: tenths([]), result: () => LONG });
    await run(host);

    expect(JSON.stringify(host.asked[2]?.messages.at(-1))).toContain("[cut]");
  });

  test("counts as saved only what would have been sent without its view", async () => {
    const host = new TestHost({ answers: [turn("", [callOf("a")]), turn("Done.")], views: tenths([]), result: () => LONG });
    await run(host);

    // The direct path would have sent LIMIT characters and the word [cut]; the view is a tenth of the whole.
    const direct = (LIMIT + "[cut]".length) / 4;
    const saved = host.asked[1]?.savedInputTokens ?? 0;
    expect(saved).toBeLessThan(direct);
    expect(saved).toBeGreaterThan(0);
  });

  test("is answered in words where a handle is wrong or missing", async () => {
    for (const given of [{ handle: "000000000000" }, { handle: 5 }, "text", null]) {
      const host = new (script(() => turn("", [callOf("e", "expand", given)])))({ answers, views: tenths([]), result: () => LONG });
      await run(host);
      expect(JSON.stringify(host.asked[2]?.messages.at(-1))).toMatch(/There is no content|expand takes/);
    }
  });

  test("of a tool that finds text is left alone, unless it is JSON", async () => {
    const found = new TestHost({
      answers: [turn("", [callOf("a", "files_grep")]), turn("Done.")],
      views: tenths([]),
      result: () => LONG.replaceAll("{", ""),
    });
    await run(found);

    expect(found.asked[1]?.tools?.map(({ name }) => name)).toEqual(["look"]);
  });
});

function brake(): LoopBrake {
  return new LoopBrake({ maxIterations: 20, maxSameCalls: 3, maxSpendGrowth: 3, concludeAtShare: 0.8, finalOnlyAtShare: 0.95 });
}

function idsIn(messages: AgentQuestion["messages"], type: string): string[] {
  return messages.flatMap(({ content }) =>
    Array.isArray(content) ? content.flatMap((part) => (part.type === type && "toolCallId" in part ? [part.toolCallId] : [])) : [],
  );
}
