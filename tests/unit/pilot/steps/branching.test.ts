// conditional, switch, parallel_group: which steps run, and what they leave.
import { describe, expect, test } from "vitest";
import { echo, failureOf, perform, TestPilot } from "./harness.ts";

const branching = (count: number) => ({
  inputs: { count },
  steps: [
    {
      id: "decide",
      type: "conditional" as const,
      condition: "input.count > 10",
      then_steps: [{ ...echo("many", { n: "{{input.count}}" }), output_variable: "chosen" }],
      else_steps: [{ ...echo("few", { n: 0 }), output_variable: "chosen" }],
    },
    echo("after", { n: "{{decide.chosen.n}}" }),
  ],
});

describe("conditional", () => {
  test("runs the branch that the condition chooses, and only that", async () => {
    const pilot = await perform(branching(11));
    expect(pilot.asked.map(({ params }) => params)).toEqual([{ n: 11 }, { n: 11 }]);
    expect(pilot.output("decide")).toEqual({ many: { n: 11 }, chosen: { n: 11 } });
    expect(pilot.detail("decide").more).toEqual({ branch: "then" });
  });

  test("runs the other branch otherwise, under the step's own path", async () => {
    const pilot = await perform(branching(3));
    expect(pilot.output("decide.few")).toEqual({ n: 0 });
    expect(pilot.output("after")).toEqual({ n: 0 });
    expect(pilot.detail("decide").more).toEqual({ branch: "else" });
  });

  test("names step and field when the condition cannot be evaluated", async () => {
    const error = await failureOf({
      inputs: {},
      steps: [{ id: "decide", type: "conditional", condition: "input.count > 10", then_steps: [echo("a", {})] }],
    });
    expect(error.code).toBe("CONDITION_FAILED");
    expect(error.message).toContain("step decide, condition");
  });

  test("keeps to the branch it began, whatever the condition says after a restart", async () => {
    const pilot = await TestPilot.create({
      steps: [
        {
          id: "decide",
          type: "conditional",
          condition: { conditionType: "simple", field: "input.due", operator: "before", value: "2026-01-02" },
          then_steps: [echo("first", { n: 1 }), { id: "pause", type: "delay", duration: 60_000 }, echo("last", { n: 2 })],
          else_steps: [echo("other", {})],
        },
      ],
      inputs: { due: "2026-01-01" },
    });
    expect((await pilot.walk()).status).toBe("waiting");
    pilot.restart();
    Object.assign(pilot.state.inputs, { due: "2027-01-01" });
    await pilot.clock.advance(60_000);
    expect((await pilot.walk()).status).toBe("completed");
    expect(pilot.paths()).toContain("decide.last");
    expect(pilot.paths()).not.toContain("decide.other");
    expect(pilot.asked.map(({ params }) => params)).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

describe("switch", () => {
  const steps = [
    {
      id: "route",
      type: "switch" as const,
      evaluate: "{{input.kind}}",
      cases: { "1": [echo("one", {})], red: [echo("red_step", {})], true: [echo("yes", {})] },
      default: [echo("fallback", {})],
    },
  ];
  test.each([
    [1, "one", "1"],
    ["red", "red_step", "red"],
    [true, "yes", "true"],
    ["blue", "fallback", "default"],
    [{ a: 1 }, "fallback", "default"],
  ])("compares %j as text", async (kind, step, branch) => {
    const pilot = await perform({ steps, inputs: { kind } });
    expect(pilot.paths().sort()).toEqual(["route", `route.${step}`]);
    expect(pilot.detail("route").more?.["branch"]).toBe(branch);
  });

  test("does nothing where no case matches and there is no default", async () => {
    const pilot = await perform({ steps: [{ id: "route", type: "switch", evaluate: "x", cases: { y: [echo("y_step", {})] } }] });
    expect(pilot.output("route")).toEqual({});
  });
});

describe("parallel_group", () => {
  test("collects what its steps leave, by id", async () => {
    const pilot = await perform({
      steps: [
        { id: "both", type: "parallel_group", steps: [echo("a", { n: 1 }), echo("b", { n: 2 })] },
        echo("sum", { a: "{{both.a.n}}" }),
      ],
    });
    expect(pilot.output("both")).toEqual({ a: { n: 1 }, b: { n: 2 } });
    expect(pilot.output("sum")).toEqual({ a: 1 });
  });

  test("gives null for a failed step that is tolerated, and fails for one that is not", async () => {
    const broken = { id: "broken", type: "action" as const, plugin: "test", action: "fail", params: {} };
    const pilot = await perform({
      steps: [{ id: "both", type: "parallel_group", steps: [echo("a", {}), { ...broken, continueOnError: true }] }],
    });
    expect(pilot.output("both")).toEqual({ a: {}, broken: null });
    const error = await failureOf({ steps: [{ id: "both", type: "parallel_group", steps: [echo("a", {}), broken] }] });
    expect(error.code).toBe("UPSTREAM_REJECTED");
  });
});
