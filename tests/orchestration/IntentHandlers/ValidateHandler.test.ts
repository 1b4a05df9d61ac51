import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../../lib/core/json.ts";
import { ValidateHandler } from "../../../lib/orchestration/IntentHandlers/ValidateHandler.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";
import { errorOf, serve } from "../serveStep.ts";

const rows = Array.from({ length: 300 }, (_, index) => ({
  id: index,
  price: index % 3 === 0 ? "free" : index,
  name: index % 5 === 0 ? null : "n",
}));
const rowSchema: JsonObject = {
  type: "array",
  items: {
    type: "object",
    properties: { id: { type: "integer" }, price: { type: "number" }, name: { type: "string" } },
    required: ["id", "sku"],
  },
};

function check(schema: JsonObject | undefined, more: object = {}): WorkflowStepInput {
  return {
    id: "check",
    type: "validation",
    input: "{{input.data}}",
    ...(schema === undefined ? {} : { schema }),
    ...more,
  } as WorkflowStepInput;
}

async function run(schema: JsonObject | undefined, data: JsonValue, more: object = {}) {
  return serve(new ValidateHandler(), check(schema, more), { inputs: { data } });
}

describe("ValidateHandler", () => {
  test("reports every defect, and where most of them are", async () => {
    const { stage } = await run(rowSchema, rows, { onValidationFail: "continue" });
    const output = stage.output as { readonly valid: boolean; readonly defects: readonly JsonValue[] };

    // 300 without sku, 100 prices, 60 names.
    expect(output.valid).toBe(false);
    expect(output.defects).toHaveLength(460);
    expect(stage.detail.handler?.metrics).toEqual({ defects: 460, byField: { "[*].sku": 300, "[*].price": 100, "[*].name": 60 } });
  });

  test("fails with all of them in the details, and is measured all the same", async () => {
    const served = await run(rowSchema, rows);

    expect(errorOf(served).code).toBe("VALIDATION_FAILED");
    expect(errorOf(served).details["defects"]).toHaveLength(460);
    expect(served.stage.detail.handler).toMatchObject({ succeeded: false, metrics: { defects: 460 } });
  });

  test("checks by rules alone, and lets good data through unchanged", async () => {
    const rules = [{ field: "total", condition: { operator: ">", value: 10 }, message: "is too small" }];
    const good = await run(undefined, { total: 12 }, { rules });
    const bad = await run(undefined, { total: 2 }, { rules, onValidationFail: "skip" });

    expect(good.stage.output).toEqual({ valid: true, value: { total: 12 }, defects: [] });
    expect(bad.stage.state.step("check")).toMatchObject({
      status: "skipped",
      detail: { reason: expect.stringContaining("is too small") as string },
    });
  });

  test("reads texts as the schema's types where it is asked to, and says how many", async () => {
    const schema = {
      type: "object",
      properties: {
        n: { type: "number" },
        on: { type: "boolean" },
        list: { type: "array", items: { type: "integer" } },
        text: { type: "string" },
      },
    };
    const data = { n: "12.5", on: "true", list: ["1", 2], text: "7", more: null };
    const coerced = await run(schema, data, { metadata: { coerce: true } });
    const unchanged = await run(schema, { n: 1 }, { metadata: { coerce: true } });

    expect(coerced.stage.output).toMatchObject({ valid: true, value: { n: 12.5, on: true, list: [1, 2], text: "7", more: null } });
    expect(coerced.stage.detail).toMatchObject({
      warnings: ["3 values were read as the schema's types"],
      handler: { metrics: { coerced: 3, defects: 0 } },
    });
    expect(unchanged.stage.detail.handler?.metrics).toEqual({ coerced: 0, defects: 0 });
    expect(errorOf(await run(schema, data)).code).toBe("VALIDATION_FAILED");
  });

  test("refuses a schema that goes round in a circle, whatever is to be done with bad data", async () => {
    const schema = { $ref: "#/$defs/a", $defs: { a: { allOf: [{ $ref: "#/$defs/b" }] }, b: { anyOf: [{ $ref: "#/$defs/a" }] } } };
    for (const onValidationFail of ["throw", "continue", "skip"]) {
      const served = await run(schema, { a: 1 }, { onValidationFail });
      expect(errorOf(served)).toMatchObject({
        code: "SCHEMA_INVALID",
        message: expect.stringContaining("refers to itself without end") as string,
      });
      expect(served.stage.audited()).not.toContain("orchestration.bypassed");
    }
  });

  test("takes a schema that refers to itself through its data: a tree", async () => {
    const tree = {
      $ref: "#/$defs/node",
      $defs: { node: { type: "object", properties: { kids: { type: "array", items: { $ref: "#/$defs/node" } } }, required: ["kids"] } },
    };
    const { stage, outcome } = await run(tree, { kids: [{ kids: [] }, {}] }, { onValidationFail: "continue" });

    expect(outcome.status).toBe("completed");
    expect(stage.output).toMatchObject({ valid: false, defects: [{ path: "kids[1].kids" }] });
  });

  test("holds a model's verdict to its form", async () => {
    const step: WorkflowStepInput = {
      id: "judge",
      type: "ai_processing",
      prompt: "Does it pass?",
      input: "x",
      output_schema: { type: "object", properties: { pass: { type: "boolean" } }, required: ["pass"] },
    };
    const good = await serve(new ValidateHandler(), step, { script: [{ output: { pass: false } }] });
    const gap = await serve(
      new ValidateHandler(),
      { ...step, output_schema: { type: "object", properties: { why: { type: "string" } } } } as WorkflowStepInput,
      {
        script: [{ output: { why: "[Your reason]" } }, { output: { why: "It is too short." } }],
      },
    );

    expect(good.stage.output).toEqual({ pass: false });
    expect(gap.stage.output).toEqual({ why: "It is too short." });
    expect(gap.stage.model.requests).toHaveLength(2);
  });

  test("compares as the direct path does", async () => {
    const { stage } = await serve(new ValidateHandler(), {
      id: "same",
      type: "comparison",
      left: { a: 1 },
      right: { a: 2 },
      operation: "diff",
      outputFormat: "diff",
    });
    expect(stage.output).toEqual(
      (await serve(null, { id: "same", type: "comparison", left: { a: 1 }, right: { a: 2 }, operation: "diff", outputFormat: "diff" }))
        .stage.output,
    );
  });
});
