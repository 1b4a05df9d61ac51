import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { JsonValue } from "../../../lib/core/json.ts";
import { coerceParams } from "../../../lib/plugins/coerceParams.ts";
import { compileSchema } from "../../../lib/plugins/compileSchema.ts";

function coerced(value: JsonValue, schema: JsonValue): JsonValue {
  return coerceParams({ field: value }, { type: "object", properties: { field: schema } });
}

describe("coerceParams", () => {
  test.each([
    ["5", { type: "integer" }, 5],
    [" -2.5 ", { type: "number" }, -2.5],
    ["1e3", { type: "number" }, 1000],
    ["true", { type: "boolean" }, true],
    [5, { type: "string" }, "5"],
    [false, { type: "string" }, "false"],
    ["a@b.c", { type: "array", items: { type: "string" } }, ["a@b.c"]],
    [5, { type: "array", items: { type: "string" } }, ["5"]],
    [["1", "2"], { type: "array", items: { type: "number" } }, [1, 2]],
    ["5", { type: ["number", "null"] }, 5],
    ["5", { anyOf: [{ type: "integer" }, { type: "null" }] }, 5],
    ["5", { enum: [1, 5] }, 5],
    [{ inner: "5" }, { type: "object", properties: { inner: { type: "number" } } }, { inner: 5 }],
    [{ any: "5" }, { type: "object", additionalProperties: { type: "number" } }, { any: 5 }],
  ])("takes %j for %j", (value, schema, expected) => {
    expect(coerced(value as JsonValue, schema)).toEqual({ field: expected });
  });

  test.each([
    ["007", { type: "number" }],
    ["5.5", { type: "integer" }],
    ["9007199254740993", { type: "integer" }],
    ["1e999", { type: "number" }],
    ["0x10", { type: "number" }],
    ["", { type: "number" }],
    ["yes", { type: "boolean" }],
    [1, { type: "boolean" }],
    [null, { type: "string" }],
    [null, { type: "array" }],
    ["5", { type: ["number", "boolean"] }],
    ["5", { type: ["number", "string"] }],
    ["{}", { type: "object" }],
    [["5"], { type: "number" }],
    ["5", {}],
  ])("leaves %j for %j, which the check then judges", (value, schema) => {
    expect(coerced(value as JsonValue, schema)).toEqual({ field: value });
  });

  test("invents nothing: what is missing stays missing", () => {
    const schema = compileSchema(
      z.object({ to: z.string(), range: z.string(), rows: z.array(z.string()), limit: z.number().default(10) }),
      "test",
    );
    expect(coerceParams({}, schema.json)).toEqual({});
    const result = schema.check(coerceParams({ to: "x" }, schema.json));
    expect(result).toMatchObject({
      ok: false,
      defects: [
        { path: "range", message: "is required" },
        { path: "rows", message: "is required" },
      ],
    });
  });

  test("follows references, also to itself", () => {
    const schema = {
      $ref: "#/$defs/node",
      $defs: { node: { type: "object", properties: { size: { type: "number" }, next: { $ref: "#/$defs/node" } } } },
    };
    expect(coerceParams({ size: "1", next: { size: "2" } }, schema)).toEqual({ size: 1, next: { size: 2 } });
  });

  test("leaves alone whatever fits the schema already", () => {
    const schema = compileSchema(
      z.object({ text: z.string(), count: z.number(), flags: z.array(z.boolean()), other: z.union([z.string(), z.number()]) }),
      "test",
    );
    const fitting = fc.record({
      text: fc.string(),
      count: fc.double({ noNaN: true, noDefaultInfinity: true }),
      flags: fc.array(fc.boolean()),
      other: fc.oneof(fc.string(), fc.integer()),
    });
    fc.assert(
      fc.property(fitting, (params) => {
        expect(coerceParams(params, schema.json)).toEqual(params);
      }),
    );
  });

  test("does not touch the value it was given", () => {
    const given = Object.freeze({ field: Object.freeze(["1"]) }) as unknown as JsonValue;
    coerceParams(given, { type: "object", properties: { field: { type: "array", items: { type: "number" } } } });
    expect(given).toEqual({ field: ["1"] });
  });
});
