// loop and scatter_gather: the same steps for each element, in order or at once, and how failures and waits end them.
import { describe, expect, test } from "vitest";
import type { StepOf } from "../../../../lib/workflow/types.ts";
import { echo, failureOf, perform, TestPilot } from "./harness.ts";

const failFor = (id: string, when: string) => ({
  id,
  type: "conditional" as const,
  condition: when,
  then_steps: [{ id: `${id}_fail`, type: "action" as const, plugin: "test", action: "fail", params: { item: "{{item}}" } }],
  else_steps: [],
});

describe("loop", () => {
  test("runs in order with its variables and lists what each turn left", async () => {
    const pilot = await perform({
      inputs: { rows: ["a", "b"] },
      steps: [
        {
          id: "each",
          type: "loop",
          iterateOver: "{{input.rows}}",
          loopSteps: [
            echo("one", { item: "{{loop.item}}", index: "{{loop.index}}", turn: "{{loop.iteration}}", current: "{{current}}" }),
            echo("two", { before: "{{one.item}}", at: "{{index}}" }),
          ],
        },
        echo("after", { all: "{{each[*].two.before}}" }),
      ],
    });
    expect(pilot.output("each")).toEqual([
      { one: { item: "a", index: 0, turn: 1, current: "a" }, two: { before: "a", at: 0 } },
      { one: { item: "b", index: 1, turn: 2, current: "b" }, two: { before: "b", at: 1 } },
    ]);
    expect(pilot.output("after")).toEqual({ all: ["a", "b"] });
    expect(pilot.paths()).toContain("each[1].two");
    expect(pilot.rows<{ stepPath: string; itemCount: number | null }>("steps").find(({ stepPath }) => stepPath === "each")?.itemCount).toBe(
      2,
    );
  });

  test("an empty list is no turns", async () => {
    const pilot = await perform({ steps: [{ id: "each", type: "loop", iterateOver: [], loopSteps: [echo("one", {})] }] });
    expect(pilot.output("each")).toEqual([]);
  });

  test("more elements than maxIterations are an error that states both numbers", async () => {
    const error = await failureOf({
      steps: [{ id: "each", type: "loop", iterateOver: [1, 2, 3], maxIterations: 2, loopSteps: [echo("one", {})] }],
    });
    expect(error.code).toBe("LOOP_LIMIT");
    expect(error.message).toContain("3 elements, maxIterations is 2");
  });

  test("what is no list is named", async () => {
    const error = await failureOf({
      inputs: { page: { items: [1], next: null } },
      steps: [{ id: "each", type: "loop", iterateOver: "{{input.page}}", loopSteps: [echo("one", {})] }],
    });
    expect(error.message).toContain("expected a list, got an object with items, next");
    expect(error.hint).toContain("step1.data.items");
  });

  test("stops at the first failure", async () => {
    const pilot = await TestPilot.create({
      steps: [
        { id: "each", type: "loop", iterateOver: [1, 2, 3], loopSteps: [failFor("check", "item == 2"), echo("go", { item: "{{item}}" })] },
      ],
    });
    const outcome = await pilot.walk();
    expect(outcome.status).toBe("failed");
    expect(pilot.asked.filter(({ action }) => action === "echo").map(({ params }) => params["item"])).toEqual([1]);
  });

  test("waits in its order, and goes on at the turn where it stopped", async () => {
    const pilot = await TestPilot.create({
      steps: [
        {
          id: "each",
          type: "loop",
          iterateOver: ["a", "b"],
          loopSteps: [
            echo("before", { item: "{{item}}" }),
            { id: "pause", type: "delay", duration: 5_000 },
            echo("after", { item: "{{item}}" }),
          ],
        },
      ],
    });
    expect((await pilot.walk()).status).toBe("waiting");
    await pilot.clock.advance(5_000);
    pilot.restart();
    expect((await pilot.walk()).status).toBe("waiting");
    await pilot.clock.advance(5_000);
    pilot.restart();
    expect((await pilot.walk()).status).toBe("completed");
    expect(pilot.asked.map(({ params }) => params["item"])).toEqual(["a", "a", "b", "b"]);
    expect(pilot.output("each")).toEqual(["a", "b"].map((item) => expect.objectContaining({ before: { item }, after: { item } })));
  });

  test("in parallel every element is begun before one that waits is over", async () => {
    const pilot = await TestPilot.create({
      steps: [
        {
          id: "each",
          type: "loop",
          parallel: true,
          iterateOver: ["a", "b", "c"],
          loopSteps: [{ id: "pause", type: "delay", duration: 5_000 }, echo("after", { item: "{{item}}" })],
        },
      ],
    });
    const outcome = await pilot.walk();
    expect(outcome.status === "waiting" ? outcome.waits.map(({ path }) => path).sort() : outcome).toEqual([
      "each[0].pause",
      "each[1].pause",
      "each[2].pause",
    ]);
    await pilot.clock.advance(5_000);
    expect((await pilot.walk()).status).toBe("completed");
  });
});

describe("scatter_gather", () => {
  const scatter = (gather: Partial<StepOf<"scatter_gather">["gather"]>, extra: Partial<StepOf<"scatter_gather">["scatter"]> = {}) => ({
    id: "fan",
    type: "scatter_gather" as const,
    scatter: {
      input: "{{input.rows}}",
      itemVariable: "row",
      ...extra,
      steps: [echo("size", { n: "{{row.n}}" }), echo("twice", { n: "{{size.n}}", of: "{{index}}" })],
    },
    gather: { operation: "collect" as const, ...gather },
  });
  const inputs = { rows: [{ n: 1 }, { n: 2 }, { n: 3 }] };

  test("collects the last step's data in the order of the elements", async () => {
    const pilot = await perform({ inputs, steps: [scatter({})] });
    expect(pilot.output("fan")).toEqual([
      { n: 1, of: 0 },
      { n: 2, of: 1 },
      { n: 3, of: 2 },
    ]);
  });

  test("gathers from another step, in another shape, under a key", async () => {
    const pilot = await perform({
      inputs,
      steps: [scatter({ from: "size", shape: "merge_as_named_array", shapeField: "sizes", outputKey: "rows" })],
    });
    expect(pilot.output("fan")).toEqual({ rows: inputs.rows.map((row) => ({ ...row, sizes: [row] })) });
  });

  test("reduces by an expression", async () => {
    const pilot = await perform({ inputs, steps: [scatter({ operation: "reduce", reduceExpression: "{'n': accumulator.n + item.n}" })] });
    expect(pilot.output("fan")).toEqual({ n: 6 });
  });

  const partly = (continueOnError: boolean, when = "item == 2") => ({
    steps: [
      {
        id: "fan",
        type: "scatter_gather" as const,
        scatter: {
          input: [1, 2, 3],
          continueOnError,
          maxConcurrency: 1,
          steps: [failFor("check", when), echo("go", { item: "{{item}}" })],
        },
      },
    ],
  });

  test("leaves failed elements out with continueOnError, and says so", async () => {
    const pilot = await perform(partly(true));
    expect(pilot.output("fan")).toEqual([{ item: 1 }, { item: 3 }]);
    expect(pilot.detail("fan").warnings).toEqual(["1 of 3 elements failed and were left out"]);
    expect(pilot.detail("fan").more?.["failures"]).toEqual([
      { index: 1, path: "fan[1].check", item: 2, error: { code: "UPSTREAM_REJECTED", message: expect.stringContaining("refused") } },
    ]);
  });

  test("fails at the first failure without it, and starts nothing more", async () => {
    const pilot = await TestPilot.create(partly(false));
    expect((await pilot.walk()).status).toBe("failed");
    expect(pilot.asked.map(({ params }) => params["item"])).toEqual([1, 2]);
  });

  test("a failure also stops elements that are under way, at their next step", async () => {
    const steps = [
      failFor("check", "item == 1"),
      { id: "pause", type: "delay" as const, duration: 500 },
      echo("late", { item: "{{item}}" }),
    ];
    const pilot = await TestPilot.create({ steps: [{ id: "fan", type: "scatter_gather", scatter: { input: [2, 1], steps } }] });
    const walked = pilot.walk();
    await pilot.clock.advance(500);
    expect((await walked).status).toBe("failed");
    expect(pilot.paths()).toContain("fan[0].pause");
    expect(pilot.asked.map(({ action }) => action)).toEqual(["fail"]);
  });

  test("fails when every element failed, continueOnError or not", async () => {
    const error = await failureOf(partly(true, "item > 0"));
    expect(error.code).toBe("UPSTREAM_REJECTED");
    expect(error.message).toContain("all 3 elements failed");
  });
});
