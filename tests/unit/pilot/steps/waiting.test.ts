// delay and sub_workflow: time that passes without a worker, limits that count it, nested runs and what they may see.
import { describe, expect, test } from "vitest";
import { defineWorkflow } from "../../../../lib/workflow/defineWorkflow.ts";
import { echo, failureOf, perform, TestPilot } from "./harness.ts";

describe("delay", () => {
  test("sleeps a short one away", async () => {
    const pilot = await TestPilot.create({ steps: [{ id: "pause", type: "delay", duration: 900 }] });
    const walked = pilot.walk();
    await pilot.clock.advance(900);
    expect((await walked).status).toBe("completed");
    expect(pilot.output("pause")).toEqual({ durationMs: 900, wokeAt: "2026-01-01T00:00:00.900Z" });
  });

  test("waits for a longer one without a worker, until a moment that is fixed once", async () => {
    const pilot = await TestPilot.create({ inputs: { ms: "60000" }, steps: [{ id: "pause", type: "delay", duration: "{{input.ms}}" }] });
    const until = new Date("2026-01-01T00:01:00.000Z");
    expect(await pilot.walk()).toMatchObject({ status: "waiting", waits: [{ path: "pause", for: "delay", until }] });
    await pilot.clock.advance(30_000);
    pilot.restart();
    expect(await pilot.walk()).toMatchObject({ status: "waiting", waits: [{ until }] });
    expect(pilot.rows("steps")).toHaveLength(1);
    await pilot.clock.advance(30_000);
    expect((await pilot.walk()).status).toBe("completed");
  });

  test("ends early when the execution is cancelled", async () => {
    const pilot = await TestPilot.create({ steps: [{ id: "pause", type: "delay", duration: 900 }] });
    const walked = pilot.walk();
    await pilot.clock.advance(10);
    pilot.state.halt("cancelled");
    expect((await walked).status).toBe("halted");
  });

  test.each([["soon"], [-1], [true], [""], [1e15]])("refuses %j as a duration", async (ms) => {
    const error = await failureOf({ inputs: { ms }, steps: [{ id: "pause", type: "delay", duration: "{{input.ms}}" }] });
    expect(error.message).toContain("step pause, duration: expected milliseconds");
  });
});

describe("sub_workflow", () => {
  const nested = (fields: object = {}) => ({
    id: "sub",
    type: "sub_workflow" as const,
    inputs: { n: "{{outer.n}}" },
    workflowSteps: [echo("inner", { n: "{{input.n}}" }), echo("last", { seen: "{{inner.n}}" })],
    ...fields,
  });

  test("runs with inputs of its own and gives its last step's data", async () => {
    const pilot = await perform({ inputs: { n: 1 }, steps: [echo("outer", { n: 7 }), nested()] });
    expect(pilot.output("sub")).toEqual({ seen: 7 });
    expect(pilot.paths()).toEqual(["outer", "sub.inner", "sub.last", "sub"]);
  });

  test("maps outputs inside the nested run", async () => {
    const pilot = await perform({
      steps: [echo("outer", { n: 7 }), nested({ outputMapping: { a: "{{inner.n}}", b: "{{input.n}} times" } })],
    });
    expect(pilot.output("sub")).toEqual({ a: 7, b: "7 times" });
  });

  test("sees what is around it only with inheritContext", async () => {
    const reading = { workflowSteps: [echo("inner", { n: "{{outer.n}}" })] };
    const pilot = await perform({ steps: [echo("outer", { n: 7 }), nested({ ...reading, inheritContext: true })] });
    expect(pilot.output("sub")).toEqual({ n: 7 });
  });

  const agents = {
    helper: defineWorkflow({
      name: "helper",
      inputs: { who: { required: true }, greeting: { default: "Hello" } },
      steps: [echo("say", { text: "{{input.greeting}} {{input.who}}" })],
      output: { said: "{{say.text}}" },
    }),
    itself: defineWorkflow({ name: "itself", steps: [{ id: "again", type: "sub_workflow", workflowId: "itself" }] }),
  };
  const stored = (workflowId: string, inputs: object = {}) => ({
    agents,
    steps: [{ id: "sub", type: "sub_workflow" as const, workflowId, inputs: inputs as Record<string, string> }],
  });

  test("runs a stored agent with its defaults and its output", async () => {
    const pilot = await perform(stored("helper", { who: "Ann" }));
    expect(pilot.output("sub")).toEqual({ said: "Hello Ann" });
    expect(pilot.paths()).toEqual(["sub.say", "sub"]);
  });

  test("refuses inputs that the agent does not declare, and misses those it requires", async () => {
    const error = await failureOf(stored("helper", { whom: "Ann" }));
    expect(error.code).toBe("INPUT_INVALID");
    expect(error.message).toContain('"who" is missing, "whom" is not declared');
  });

  test("names an agent that does not exist", async () => {
    expect((await failureOf(stored("nobody"))).code).toBe("NOT_FOUND");
  });

  test("a workflow that runs itself ends at the bound", async () => {
    const error = await failureOf(stored("itself"));
    expect(error.code).toBe("LOOP_LIMIT");
    expect(error.details.step).toBe("sub.again.again.again.again.again");
  });

  const failing = { workflowSteps: [{ id: "broken", type: "action" as const, plugin: "test", action: "fail", params: {} }], inputs: {} };

  test("fails with its step, unless onError says otherwise", async () => {
    expect((await failureOf({ steps: [nested(failing)] })).code).toBe("UPSTREAM_REJECTED");
    const going = await perform({ steps: [nested({ ...failing, onError: "continue" })] });
    expect(going.output("sub")).toBeNull();
    expect(going.detail("sub").warnings?.[0]).toContain("UPSTREAM_REJECTED");
    const told = await perform({ steps: [nested({ ...failing, onError: "return_error" })] });
    expect(told.output("sub")).toEqual({ error: { code: "UPSTREAM_REJECTED", message: expect.stringContaining("refused") } });
  });

  const slow = {
    inputs: {},
    timeout: 10_000,
    workflowSteps: [{ id: "pause", type: "delay" as const, duration: 60_000 }, echo("late", {})],
  };

  test("its time limit counts while it waits, over restarts", async () => {
    const pilot = await TestPilot.create({ steps: [nested(slow)] });
    const outcome = await pilot.walk();
    expect(outcome).toMatchObject({
      status: "waiting",
      waits: [{ path: "sub.pause" }, { path: "sub", until: new Date("2026-01-01T00:00:10Z") }],
    });
    await pilot.clock.advance(10_000);
    pilot.restart();
    const ended = await pilot.walk();
    expect(ended.status === "failed" && ended.error.code).toBe("STEP_TIMEOUT");
    expect(pilot.asked).toEqual([]);
  });

  test("its time limit stops what is under way", async () => {
    const pilot = await TestPilot.create({
      script: [{ text: "late", delayMs: 60_000 }],
      steps: [
        nested({ inputs: {}, timeout: 5_000, workflowSteps: [{ id: "ai", type: "ai_processing", prompt: "Think." }, echo("late", {})] }),
      ],
    });
    const walked = pilot.walk();
    await pilot.clock.advance(6_000);
    await pilot.clock.advance(30_000);
    const ended = await walked;
    expect(ended.status === "failed" && ended.error.code).toBe("STEP_TIMEOUT");
    expect(pilot.asked).toEqual([]);
  });
});
