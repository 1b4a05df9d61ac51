// Steps that compute on data: transform, enrichment, comparison, validation, and action's output check.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../../lib/core/json.ts";
import { resolveTemplates, scopeOf } from "../../../../lib/operations/templates.ts";
import { escapeTemplates } from "../../../../lib/pilot/steps/escapeTemplates.ts";
import { echo, failureOf, perform } from "./harness.ts";

describe("transform", () => {
  test("fills its settings, but leaves per-element ones to the operation", async () => {
    const pilot = await perform({
      inputs: { rows: [{ n: 1 }, { n: 5 }], limit: 3 },
      steps: [{ id: "t", type: "transform", operation: "filter", input: "{{input.rows}}", config: { condition: "item.n > input.limit" } }],
    });
    expect(pilot.output("t")).toEqual([{ n: 5 }]);
  });

  test("without an operation computes its expression", async () => {
    const pilot = await perform({
      inputs: { n: 4 },
      steps: [{ id: "t", type: "transform", input: "{{input.n}}", expression: "input * 2.0" }],
    });
    expect(pilot.output("t")).toBe(8);
  });

  test("an expression without an input reads the execution's inputs", async () => {
    const pilot = await perform({ inputs: { n: 4 }, steps: [{ id: "t", type: "transform", expression: "input.n * 3.0" }] });
    expect(pilot.output("t")).toBe(12);
  });

  test("names the step when the data do not suit it", async () => {
    const error = await failureOf({ steps: [{ id: "t", type: "transform", operation: "sort", input: "no list", config: { field: "n" } }] });
    expect(error.code).toBe("TRANSFORM_FAILED");
    expect(error.message).toContain("step t:");
  });
});

test("enrichment merges what earlier steps left", async () => {
  const pilot = await perform({
    steps: [
      echo("a", { id: 1, name: "x" }),
      echo("b", { id: 1, mail: "y" }),
      {
        id: "both",
        type: "enrichment",
        sources: [
          { key: "left", from: "{{a}}" },
          { key: "right", from: "{{b}}" },
        ],
        strategy: "merge",
      },
    ],
  });
  expect(pilot.output("both")).toEqual({ id: 1, name: "x", mail: "y" });
});

test("comparison answers in the asked form", async () => {
  const compare = (outputFormat: "boolean" | "diff") => ({
    id: `c_${outputFormat}`,
    type: "comparison" as const,
    left: { a: 1 },
    right: { a: 2 },
    operation: "deep_equals" as const,
    outputFormat,
  });
  const pilot = await perform({ steps: [compare("boolean"), compare("diff")] });
  expect(pilot.output("c_boolean")).toBe(false);
  expect(pilot.output("c_diff")).toEqual([{ path: "a", kind: "changed", left: 1, right: 2 }]);
});

describe("validation", () => {
  const gate = (onValidationFail: "throw" | "continue" | "skip") => ({
    id: "gate",
    type: "validation" as const,
    input: "{{input.row}}",
    schema: { type: "object", required: ["mail"], properties: { mail: { type: "string" }, age: { type: "number" } } },
    rules: [{ field: "age", condition: "value >= 18", message: "too young" }],
    onValidationFail,
  });
  const bad = { row: { age: 3 } };

  test("lets good data through unchanged", async () => {
    const row = { mail: "a@b.c", age: 30 };
    const pilot = await perform({ inputs: { row }, steps: [gate("throw"), echo("after", { age: "{{gate.value.age}}" })] });
    expect(pilot.output("gate")).toEqual({ valid: true, value: row, defects: [] });
    expect(pilot.output("after")).toEqual({ age: 30 });
  });

  test("throw names every defect in the error", async () => {
    const error = await failureOf({ inputs: bad, steps: [gate("throw")] });
    expect(error.code).toBe("VALIDATION_FAILED");
    expect(error.message).toMatch(/mail: is required.*age: too young/);
    expect(error.details["defects"]).toHaveLength(2);
  });

  test("continue goes on with the defects as data", async () => {
    const pilot = await perform({ inputs: bad, steps: [gate("continue")] });
    expect(pilot.output("gate")).toMatchObject({
      valid: false,
      value: bad.row,
      defects: [{ path: "mail" }, { path: "age", message: "too young" }],
    });
    expect(pilot.detail("gate").warnings?.[0]).toContain("2 defects");
  });

  test("skip marks the step as skipped, with the reason", async () => {
    const pilot = await perform({ inputs: bad, steps: [gate("skip")] });
    expect(pilot.state.step("gate")?.status).toBe("skipped");
    expect(pilot.detail("gate").reason).toContain("too young");
  });
});

describe("action", () => {
  test("fails when the output does not fit output_schema, with the place", async () => {
    const error = await failureOf({
      steps: [
        {
          ...echo("a", { n: "three" }),
          type: "action",
          plugin: "test",
          action: "echo",
          params: { n: "three" },
          output_schema: { type: "object", properties: { n: { type: "number" } } },
        },
      ],
    });
    expect(error.code).toBe("OUTPUT_INVALID");
    expect(error.message).toContain("n: must be number");
  });

  test("takes the short form of a schema", async () => {
    const pilot = await perform({
      steps: [
        {
          id: "a",
          type: "action",
          plugin: "test",
          action: "echo",
          params: { n: 3 },
          output_schema: { type: "object", fields: [{ name: "n", type: "number", required: true }] },
        },
      ],
    });
    expect(pilot.output("a")).toEqual({ n: 3 });
  });
});

test("escaped JSON comes out of template resolution as it went in", () => {
  const scope = scopeOf({ secret: "leaked" });
  const text = fc.string({ unit: fc.constantFrom("{", "}", "\\", "a", "{{", "}}", "{{secret}}") });
  const value = fc.letrec<{ any: JsonValue }>((tie) => ({
    any: fc.oneof({ depthSize: "small" }, text, fc.integer(), fc.constant(null), fc.array(tie("any")), fc.dictionary(text, tie("any"))),
  })).any;
  fc.assert(
    fc.property(value, (given) => {
      expect(resolveTemplates(escapeTemplates(given), scope)).toEqual(JSON.parse(JSON.stringify(given)));
    }),
  );
});
