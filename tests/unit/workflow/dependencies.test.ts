import { describe, expect, it } from "vitest";
import { readsOf, stepDependencies, topologicalLevels } from "../../../lib/workflow/dependencies.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";
import { findCycle, Order } from "../../../lib/workflow/order.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";

type Options = { dependencies?: readonly string[]; output_variable?: string; reads?: string };

function step(id: string, { reads = "nothing", ...options }: Options = {}): WorkflowStepInput {
  return { id, type: "action", plugin: "csv", action: "parse", params: { text: reads }, ...options };
}

function dependenciesOf(steps: readonly WorkflowStepInput[]): Record<string, string[]> {
  const all = stepDependencies(defineWorkflow({ name: "a", steps }).steps);
  return Object.fromEntries([...all].map(([id, dependencies]) => [id, [...dependencies].toSorted()]));
}

describe("stepDependencies", () => {
  it("chains steps that say nothing", () => {
    expect(dependenciesOf([step("a"), step("b"), step("c")])).toEqual({ a: [], b: ["a"], c: ["b"] });
  });

  it("takes one explicit dependency as a word about that step only", () => {
    expect(dependenciesOf([step("a"), step("b"), step("c", { dependencies: ["a"] }), step("d")])).toEqual({
      a: [],
      b: ["a"],
      c: ["a"],
      d: ["c"],
    });
  });

  it("takes an empty list as: starts at once", () => {
    expect(dependenciesOf([step("a"), step("b", { dependencies: [] })])).toEqual({ a: [], b: [] });
  });

  it("adds what templates name, also where dependencies are given", () => {
    expect(dependenciesOf([step("a"), step("b"), step("c", { dependencies: [], reads: "{{a.rows}} and {{b.text}}" })])).toEqual({
      a: [],
      b: ["a"],
      c: ["a", "b"],
    });
  });

  it("adds the publisher of a variable", () => {
    expect(
      dependenciesOf([step("a", { output_variable: "rows" }), step("b"), step("c", { dependencies: ["b"], reads: "{{rows[0].id}}" })]),
    ).toMatchObject({ c: ["a", "b"] });
  });

  it("adds what conditions, CEL and steps inside name", () => {
    const group: WorkflowStepInput = {
      id: "group",
      type: "loop",
      iterateOver: "{{a}}",
      dependencies: [],
      loopSteps: [
        { ...step("inner", { reads: "{{b.text}} {{item}}" }), executeIf: "c.ok" },
        { id: "late", type: "transform", input: "{{inner}}", expression: "input.size() + d.count", dependencies: ["e", "inner"] },
      ],
    };
    expect(dependenciesOf([step("a"), step("b"), step("c"), step("d"), step("e"), group])).toMatchObject({
      group: ["a", "b", "c", "d", "e"],
    });
  });

  it("does not mistake an element's field for a step", () => {
    const filter: WorkflowStepInput = {
      id: "f",
      type: "transform",
      operation: "filter",
      input: [],
      config: { condition: { field: "a", operator: "==", value: 1 } },
      dependencies: [],
    };
    expect(dependenciesOf([step("a"), filter])).toMatchObject({ f: [] });
  });
});

describe("topologicalLevels", () => {
  it("puts what can run together side by side", () => {
    const { steps } = defineWorkflow({
      name: "a",
      steps: [step("a"), step("b", { dependencies: ["a"] }), step("c", { dependencies: ["a"] }), step("d", { dependencies: ["b", "c"] })],
    });
    expect(topologicalLevels(steps)).toEqual([["a"], ["b", "c"], ["d"]]);
  });
});

describe("findCycle", () => {
  it("names a cycle from its first to its first member", () => {
    const graph = new Map([
      ["a", new Set(["b"])],
      ["b", new Set(["c", "d"])],
      ["c", new Set<string>()],
      ["d", new Set(["b"])],
    ]);
    expect(findCycle(graph)).toEqual(["b", "d", "b"]);
    graph.set("d", new Set(["c"]));
    expect(findCycle(graph)).toBeNull();
  });

  it("takes a chain of 50 000 without ending the stack", () => {
    const chain = new Map(Array.from({ length: 50_000 }, (_, index) => [String(index), new Set(index === 0 ? [] : [String(index - 1)])]));
    expect(findCycle(chain)).toBeNull();
  });
});

describe("Order", () => {
  it("knows who waits for whom over any number of steps between, in a circle too", () => {
    const order = new Order(
      new Map([
        ["a", new Set<string>()],
        ["b", new Set(["a"])],
        ["c", new Set(["b"])],
        ["d", new Set(["a"])],
      ]),
    );
    expect(order.isCircular).toBe(false);
    expect([order.waitsFor("c", "a"), order.waitsFor("a", "c"), order.waitsFor("d", "b"), order.waitsFor("d", "d")]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const circle = new Order(
      new Map([
        ["a", new Set(["b"])],
        ["b", new Set(["a"])],
      ]),
    );
    expect([circle.isCircular, circle.waitsFor("a", "b"), circle.waitsFor("a", "a")]).toEqual([true, true, true]);
  });
});

describe("readsOf", () => {
  it("gives root and path of everything named, nested steps included", () => {
    const { steps } = defineWorkflow({
      name: "a",
      steps: [
        step("a"),
        { id: "each", type: "scatter_gather", scatter: { input: "{{a.rows}}", steps: [step("inner", { reads: "{{item.id}}" })] } },
      ],
    });
    const reads = readsOf(steps[1]!);
    expect(reads).toEqual([
      { root: "a", path: [{ kind: "key", key: "rows" }] },
      { root: "item", path: [{ kind: "key", key: "id" }] },
    ]);
  });
});
