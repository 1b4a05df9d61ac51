// llm_decision: the tool loop, what it may call, and what a restart must not repeat.
import { describe, expect, test } from "vitest";
import { toolCatalog } from "../../../../lib/pilot/steps/toolCatalog.ts";
import { defineAction, definePlugin } from "../../../../lib/plugins/definePlugin.ts";
import { PluginManager } from "../../../../lib/plugins/PluginManager.ts";
import type { Script } from "../../../../lib/testing/ScriptedModel.ts";
import type { StepOf } from "../../../../lib/workflow/types.ts";
import { failureOf, perform, TestPilot } from "./harness.ts";

type Fields = Partial<Omit<StepOf<"llm_decision">, "id" | "type">>;

const decide = (script: Script, fields: Fields = {}) => ({
  script,
  steps: [{ id: "agent", type: "llm_decision" as const, prompt: "Find out.", plugins: ["test"], ...fields }],
});
const call = (name: string, args: object | string, id?: string) => ({
  name,
  arguments: args as never,
  ...(id === undefined ? {} : { id }),
});
const toolMessage = (pilot: TestPilot, request: number): unknown => pilot.model.requests[request]?.messages.at(-1);

describe("the loop", () => {
  test("runs the tools that are asked for, gives the results back, and ends with the text", async () => {
    const pilot = await perform(
      decide([{ text: "Looking.", toolCalls: [call("test__echo", { q: 1 }, "c1"), call("test__echo", { q: 2 }, "c2")] }, "Found 1 and 2."]),
    );
    expect(pilot.output("agent")).toBe("Found 1 and 2.");
    expect(pilot.asked).toEqual([
      { action: "echo", params: { q: 1 } },
      { action: "echo", params: { q: 2 } },
    ]);
    expect(pilot.model.requests[1]?.messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: [
          { type: "text", text: "Looking." },
          { type: "tool-call", toolCallId: "c1", toolName: "test__echo", input: { q: 1 } },
          { type: "tool-call", toolCallId: "c2", toolName: "test__echo", input: { q: 2 } },
        ],
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", toolCallId: "c1", toolName: "test__echo", output: { type: "text", value: '{"q":1}' } },
          { type: "tool-result", toolCallId: "c2", toolName: "test__echo", output: { type: "text", value: '{"q":2}' } },
        ],
      },
    ]);
    expect(pilot.paths()).toEqual(["agent.turn1[0]", "agent.turn1[1]", "agent"]);
    expect(pilot.detail("agent").more).toEqual({ turns: 2 });
    expect(pilot.rows("settlements")).toHaveLength(2);
  });

  test("passes arguments on as they are: a template in them is text", async () => {
    const args = { text: "{{input.secret}} \\{{x}} {{" };
    const pilot = await perform({ ...decide([{ toolCalls: [call("test__echo", args)] }, "ok"]), inputs: { secret: "leaked" } });
    expect(pilot.asked).toEqual([{ action: "echo", params: args }]);
  });

  test("gives errors back to the model, which may go on", async () => {
    const pilot = await perform(decide([{ toolCalls: [call("test__fail", { q: 1 })] }, "It refused."]));
    expect(pilot.output("agent")).toBe("It refused.");
    expect(pilot.asked).toHaveLength(1);
    expect(JSON.stringify(toolMessage(pilot, 1))).toContain('"type":"error-text","value":"UPSTREAM_REJECTED: test.fail: refused');
    expect(pilot.state.step("agent.turn1[0]")?.status).toBe("failed");
  });

  test("runs nothing for a tool that does not exist or arguments that cannot be read", async () => {
    const pilot = await perform(decide([{ toolCalls: [call("test__ehco", {}), call("test__echo", '{"q": 1')] }, "Sorry."]));
    expect(pilot.asked).toEqual([]);
    const told = JSON.stringify(toolMessage(pilot, 1));
    expect(told).toContain('There is no tool \\"test__ehco\\". Did you mean test__echo?');
    expect(told).toContain("could not be read as a JSON object");
  });

  test("never runs a destructive tool, even when the model names it", async () => {
    const pilot = await perform(decide([{ toolCalls: [call("test__drop", {})] }, "ok"]));
    expect(pilot.asked).toEqual([]);
  });

  test("ends with an error that names the turns, without running the last turn's tools", async () => {
    const error = await TestPilot.create(decide(() => ({ toolCalls: [call("test__echo", {})] }), { maxIterations: 3 }));
    const outcome = await error.walk();
    expect(outcome.status === "failed" && outcome.error.code).toBe("LOOP_LIMIT");
    expect(outcome.status === "failed" && outcome.error.message).toContain("after 3 turns, at most 3");
    expect(error.model.requests).toHaveLength(3);
    expect(error.asked).toHaveLength(2);
  });

  test("is bounded at 50 turns whatever the workflow says", async () => {
    const pilot = await TestPilot.create(decide(() => ({ toolCalls: [call("test__echo", {})] }), { maxIterations: 1000 }));
    expect((await pilot.walk()).status).toBe("failed");
    expect(pilot.model.requests).toHaveLength(50);
  });

  test("ends with an object where a schema is given, repaired once", async () => {
    const output_schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    const pilot = await perform(decide([{ toolCalls: [call("test__echo", {})] }, "about three", { output: { n: 3 } }], { output_schema }));
    expect(pilot.output("agent")).toEqual({ n: 3 });
    expect(pilot.model.requests[2]?.tools).toBeUndefined();
    expect(pilot.prompts()[2]).toContain("not JSON");
  });

  test("the offline model gets no tools, and that is said", async () => {
    const pilot = await perform({ ...decide([], { input: "Rain fell in Bern.", intent: "summarize" }), offline: true });
    expect(pilot.output("agent")).toContain("Bern");
    expect(pilot.detail("agent").warnings).toContain("the offline model uses no tools");
  });
});

describe("a restart", () => {
  test("asks neither the model nor the outside world twice", async () => {
    let isDying = true;
    const pilot: TestPilot = await TestPilot.create(
      decide(({ messages }) => {
        if (messages.length === 1) return { toolCalls: [call("test__write", { n: 1 })] };
        pilot.isCrashed = isDying;
        return isDying ? "lost" : "done";
      }),
    );
    expect((await pilot.walk()).status).toBe("halted");
    expect(pilot.state.haltReason).toBe("lost");
    isDying = false;
    pilot.restart();
    expect((await pilot.walk()).status).toBe("completed");
    expect(pilot.output("agent")).toBe("done");
    expect(pilot.asked).toEqual([{ action: "write", params: { n: 1 } }]);
    expect(pilot.model.requests.map(({ messages }) => messages.length)).toEqual([1, 3, 3]);
  });

  test("finds the answer stored before its tools run", async () => {
    const pilot = await TestPilot.create(decide([{ toolCalls: [call("test__echo", {}, "c1")] }, "ok"]));
    await pilot.walk();
    const kinds = pilot.parts.map(({ kind, rows }) =>
      kind === "settlements" && (rows[0] as { message?: string }).message !== undefined ? "message" : kind,
    );
    expect(kinds.indexOf("message")).toBeGreaterThan(-1);
    expect(kinds.indexOf("message")).toBeLessThan(kinds.indexOf("steps"));
  });

  test("a retry goes on where the attempt before it stopped", async () => {
    const answers: Script = [{ toolCalls: [call("test__write", { n: 1 })] }, { error: new Error("boom") }, { text: "done" }];
    const pilot = await TestPilot.create(decide(answers, { retryPolicy: { maxRetries: 1, backoffMs: 0 } }));
    const walked = pilot.walk();
    await pilot.clock.advance(1_000);
    expect((await walked).status).toBe("completed");
    expect(pilot.output("agent")).toBe("done");
    expect(pilot.asked).toHaveLength(1);
  });
});

describe("the tools on offer", () => {
  const action = (effect: "read" | "write" | "destructive") =>
    defineAction({
      description: effect,
      effect,
      idempotency: { by: "natural", windowHours: 1 },
      params: { type: "object" },
      run: async () => null,
    });
  const manager = new PluginManager();
  const long = "a".repeat(60);
  manager.register(
    definePlugin({
      name: "zoo",
      version: "1.0.0",
      description: "x",
      actions: { look: action("read"), feed: action("write"), close: action("destructive") },
    }),
    definePlugin({
      name: "ark",
      version: "1.0.0",
      description: "x",
      actions: { [`${long}1`]: action("read"), [`${long}2`]: action("read") },
    }),
  );

  test("are harmless ones unless plugins are named, never destructive ones, and sorted", () => {
    expect(toolCatalog(manager, { plugins: ["zoo"] }, "s").tools.map(({ name }) => name)).toEqual(["zoo__feed", "zoo__look"]);
    const all = toolCatalog(manager, {}, "s").tools.map(({ name }) => name);
    expect(all.filter((name) => name.startsWith("zoo"))).toEqual(["zoo__look"]);
    expect(all).toEqual([...all].sort());
    expect(toolCatalog(manager, { plugins: [] }, "s").tools).toEqual([]);
  });

  test("leave out what must be named, such as mail and MCP servers, unless the workflow names it", () => {
    const guarded = new PluginManager();
    const actions = { look: action("read") };
    guarded.register(definePlugin({ name: "post", version: "1.0.0", description: "x", mustBeNamed: true, actions }));
    expect(toolCatalog(guarded, {}, "s").tools).toEqual([]);
    expect(toolCatalog(guarded, { plugins: ["post"] }, "s").tools.map(({ name }) => name)).toEqual(["post__look"]);
  });

  test("have names of at most 64 characters that stay apart", () => {
    const { tools, byName } = toolCatalog(manager, { plugins: ["ark"] }, "s");
    expect(tools.every(({ name }) => name.length <= 64)).toBe(true);
    expect([...byName.values()].map((tool) => tool.action).sort()).toEqual([`${long}1`, `${long}2`]);
  });

  test("a plugin that does not exist is an error with a suggestion", async () => {
    const error = await failureOf(decide([], { plugins: ["tset"] }));
    expect(error.code).toBe("PLUGIN_UNKNOWN");
    expect(error.hint).toContain('"test"');
  });
});
