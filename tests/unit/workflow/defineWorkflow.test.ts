import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../lib/core/errors.ts";
import { defineWorkflow, requireDefinition } from "../../../lib/workflow/defineWorkflow.ts";
import { definitionHash } from "../../../lib/workflow/definitionHash.ts";
import { STEP_TYPES } from "../../../lib/workflow/stepTypes.ts";
import { workflowJsonSchema } from "../../../lib/workflow/workflowJsonSchema.ts";
import { parseWorkflow } from "../../../lib/workflow/WorkflowParser.ts";
import { SOUND } from "./brokenVariants.ts";

describe("defineWorkflow", () => {
  it("gives the normalised form, with ids and defaults filled in and undefined left out", () => {
    const definition = defineWorkflow({
      name: "a",
      steps: [
        { type: "delay", duration: 5 },
        { type: "switch", evaluate: "{{step1}}", cases: { x: [{ type: "delay", duration: 1 }] } },
        { id: "l", type: "loop", iterateOver: [1], loopSteps: [{ id: "w", type: "action", plugin: "files", action: "read" }] },
      ],
      ...({ description: undefined } as object),
    });
    expect(definition).toEqual({
      name: "a",
      maxConcurrency: 4,
      steps: [
        { id: "step1", type: "delay", duration: 5 },
        { id: "step2", type: "switch", evaluate: "{{step1}}", cases: { x: [{ id: "step1_2", type: "delay", duration: 1 }] }, default: [] },
        {
          id: "l",
          type: "loop",
          iterateOver: [1],
          maxIterations: 100,
          parallel: false,
          loopSteps: [{ id: "w", type: "action", plugin: "files", action: "read", params: {} }],
        },
      ],
    });
  });

  it("throws what a file would be refused for", () => {
    expect(() => defineWorkflow({ name: "a", steps: [{ id: "d", type: "delay", duration: -1 }] })).toThrow(
      expect.objectContaining({ code: "WORKFLOW_INVALID", details: expect.objectContaining({ step: "d", field: "duration" }) }),
    );
  });

  it.each([
    ["a function", () => 1],
    ["an instance", new Map()],
    ["a date", new Date(0)],
    ["NaN", Number.NaN],
    ["NUL", "a\0"],
  ])("refuses %s among its values", (_, value) => {
    expect(() => requireDefinition({ name: "a", steps: [{ id: "t", type: "delay", duration: 1, metadata: { value } }] })).toThrow(
      expect.objectContaining({ code: "WORKFLOW_INVALID", details: expect.objectContaining({ field: "steps[0].metadata.value" }) }),
    );
  });

  it("refuses a value that contains itself", () => {
    const metadata: Record<string, unknown> = {};
    metadata["self"] = metadata;
    expect(() => requireDefinition({ name: "a", steps: [{ type: "delay", duration: 1, metadata }] })).toThrow(AppError);
  });
});

describe("definitionHash", () => {
  it("does not depend on spelling, key order or format", () => {
    const yaml = "name: a\nsteps:\n  - { id: s, type: plugin_action, plugin: csv, operation: parse }";
    const json = '{"steps":[{"action":"parse","plugin":"csv","type":"action","id":"s","params":{}}],"name":"a"}';
    const hashes = [yaml, json].map((text) => definitionHash(parseWorkflow(text).definition!));
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(definitionHash(parseWorkflow(yaml.replace("parse", "write")).definition!)).not.toBe(hashes[0]);
  });
});

describe("workflowJsonSchema", () => {
  const schema = workflowJsonSchema();
  const validate = new Ajv2020({ strict: false }).compile(schema);

  it("accepts what the parser accepts and knows every step type", () => {
    expect(validate(parseWorkflow(SOUND).definition)).toBe(true);
    expect(validate({ name: "a", steps: [{ type: "delay", duration: 1 }] })).toBe(true);
    for (const type of STEP_TYPES) expect(JSON.stringify(schema)).toContain(`"const":"${type}"`);
  });

  it("refuses unknown fields and types, nested ones too", () => {
    expect(validate({ name: "a", steps: [{ type: "dealy", duration: 1 }] })).toBe(false);
    expect(validate({ name: "a", steps: [{ type: "parallel_group", steps: [{ type: "delay", duration: 1, wait: 1 }] }] })).toBe(false);
  });

  it("explains its fields", () => {
    expect(JSON.stringify(schema).match(/"description":/g)!.length).toBeGreaterThan(80);
  });
});
