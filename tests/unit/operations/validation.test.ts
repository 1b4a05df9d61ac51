import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../lib/core/json.ts";
import { readFields, toJsonSchema } from "../../../lib/operations/schemaForm.ts";
import { checkSchema, coerceToSchema, validateData, type DataRule } from "../../../lib/operations/validation.ts";
import { errorOf } from "./errorOf.ts";

const context = { nowMs: Date.UTC(2024, 4, 15) };
const check = (data: JsonValue, schema: JsonValue | undefined, rules: readonly DataRule[] = []) =>
  validateData(data, schema, rules, context);

describe("validateData with a schema", () => {
  it("gives every defect with its place, what was expected and what was there", () => {
    const schema = {
      type: "object",
      required: ["id", "name"],
      properties: {
        id: { type: "integer" },
        name: { type: "string" },
        tags: { type: "array", items: { enum: ["a", "b"] } },
        "first name": { type: "string" },
      },
      additionalProperties: false,
    };
    expect(check({ id: "x", tags: ["a", "c"], "first name": 1, extra: true }, schema)).toEqual([
      { path: "name", message: "is required", expected: "string", got: "nothing" },
      { path: "extra", message: "is not a known field", expected: "no such field", got: "one" },
      { path: "id", message: "must be integer", expected: "integer", got: '"x"' },
      { path: "tags[1]", message: "must be equal to one of the allowed values", expected: "a | b", got: '"c"' },
      { path: "['first name']", message: "must be string", expected: "string", got: "1" },
    ]);
    expect(check({ id: 1, name: "x" }, schema)).toEqual([]);
  });

  it.each<[string, JsonValue, JsonValue, number]>([
    ["min and max of a number", { type: "number", min: 1, max: 3 }, 4, 1],
    ["min of a text", { type: "string", min: 3 }, "ab", 1],
    ["max of a list", { type: "array", max: 1 }, [1, 2], 1],
    ["minLength", { type: "string", minLength: 1 }, "", 1],
    ["a pattern", { type: "string", pattern: "^INV-\\d+$" }, "INV-x", 1],
    ["a format", { type: "string", format: "date" }, "2024-02-30", 1],
    ["a short type", { type: "object", properties: { a: "email" } }, { a: "no" }, 1],
    ["fields", { type: "object", fields: [{ name: "a", type: "currency", required: true }] }, {}, 1],
    [
      "fields of a list",
      { type: "array", items: { fields: [{ name: "a", type: "number", required: true }] } },
      [{ a: 1 }, { a: "x" }, {}],
      2,
    ],
    ["required inside a property", { type: "object", properties: { a: { type: "string", required: true } } }, {}, 1],
    ["an inner reference", { $ref: "#/definitions/n", definitions: { n: { type: "number" } } }, "x", 1],
    ["draft 2020-12", { $schema: "https://json-schema.org/draft/2020-12/schema", prefixItems: [{ type: "number" }] }, ["x"], 1],
    ["an unknown dialect", { $schema: "http://json-schema.org/draft-04/schema#", type: "number" }, "x", 1],
  ])("understands %s", (_, schema, data, count) => {
    expect(check(data, schema)).toHaveLength(count);
  });

  it("reports a schema that does not compile, and fetches nothing", () => {
    for (const schema of [{ type: "strin" }, { $ref: "https://example.com/schema.json" }, { type: "string", pattern: "(" }, 5] as const) {
      expect(checkSchema(schema)).toHaveLength(1);
      expect(check("x", schema)[0]?.message).toMatch(/^does not compile/);
    }
    expect(checkSchema({ type: "object", $id: "same" })).toEqual([]);
    expect(checkSchema({ type: "array", $id: "same" })).toEqual([]);
  });

  it("runs hostile patterns in linear time", () => {
    const started = performance.now();
    expect(check(`${"a".repeat(40)}!`, { type: "string", pattern: "^(a+)+$" })).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it("bounds the report of a long list", () => {
    const defects = check(
      Array.from({ length: 1_500 }, () => "x"),
      { type: "array", items: { type: "number" } },
    );
    expect(defects).toHaveLength(1_001);
    expect(defects.at(-1)?.message).toBe("and 500 more defects");
  });
});

describe("validateData with rules", () => {
  const data = { total: 10, rows: [{ amount: 5 }, { amount: -1 }, {}], email: "" };

  it.each<[DataRule, string[]]>([
    [{ field: "total", condition: { operator: ">", value: 100 }, message: "too small" }, ["total: too small"]],
    [{ field: "total", condition: { field: "value", operator: "<", value: 100 } }, []],
    [{ condition: { field: "total", operator: ">", value: 100 } }, [": breaks a rule"]],
    [{ condition: "total == data.rows.size() * 3" }, [": breaks a rule"]],
    [{ field: "total", condition: "value > 1 && size(data.rows) == 3" }, []],
    [
      { field: "rows[*].amount", condition: { operator: ">=", value: 0 }, message: "negative" },
      ["rows[1].amount: negative", "rows[2].amount: negative"],
    ],
    [{ field: "missing", condition: { operator: "exists" }, message: "needed" }, ["missing: needed"]],
    [{ field: "email", condition: { operator: "is_not_empty" }, message: "empty" }, ["email: empty"]],
  ])("%j", (rule, expected) => {
    expect(check(data, undefined, [rule]).map(({ path, message }) => `${path}: ${message}`)).toEqual(expected);
  });

  it("counts data on which a rule cannot be evaluated as a defect", () => {
    const [defect] = check({ a: "text" }, undefined, [{ condition: "a > 1", message: "a is wrong" }]);
    expect(defect?.message).toMatch(/^a is wrong \(/);
  });

  it("says what the rule expects", () => {
    expect(check(data, undefined, [{ field: "total", condition: { operator: "<", value: 1 } }])).toEqual([
      { path: "total", message: "breaks a rule", expected: "< 1", got: "10" },
    ]);
  });

  it("refuses a malformed rule as the author's error", () => {
    const error = errorOf(() => check({}, undefined, [{ condition: { field: "a", operator: "equls", value: 1 } }]));
    expect(error.code).toBe("CONDITION_INVALID");
    expect(error.message).toContain("rules[0].condition.operator");
  });
});

describe("coerceToSchema", () => {
  it.each<[JsonValue, JsonValue, JsonValue]>([
    ["12", { type: "number" }, 12],
    ["1.5", { type: "integer" }, "1.5"],
    ["true", { type: "boolean" }, true],
    ["yes", { type: "boolean" }, "yes"],
    ["12", { type: ["number", "null"] }, 12],
    ["12", { type: ["number", "string"] }, "12"],
    ["", { type: "number" }, ""],
    [5, { type: "string" }, 5],
    [
      { a: "1", b: "2" },
      { type: "object", properties: { a: { type: "number" }, c: { type: "number" } }, required: ["c"] },
      { a: 1, b: "2" },
    ],
    [["1", "x"], { type: "array", items: { type: "number" } }, [1, "x"]],
    [{ a: ["3"] }, { properties: { a: { type: "array", items: { $ref: "#/$defs/n" } } }, $defs: { n: { type: "number" } } }, { a: [3] }],
    [{ a: "9" }, { fields: [{ name: "a", type: "currency" }] }, { a: 9 }],
  ])("%j by %j is %j", (data, schema, expected) => {
    expect(coerceToSchema(data, schema)).toEqual(expected);
  });
});

describe("schema forms", () => {
  it("leaves JSON Schema as it is", () => {
    const schema = {
      type: "object",
      properties: { type: { type: "string", enum: ["date"] } },
      required: ["type"],
      anyOf: [{ minProperties: 1 }],
      default: { min: 1 },
    };
    expect(toJsonSchema(schema)).toEqual(schema);
  });

  it("gives the fields of both forms alike", () => {
    const short = readFields({ fields: [{ name: "when", type: "date", required: true, description: "day" }] });
    const long = readFields({ properties: { when: { type: "string", format: "date", description: "day" } }, required: ["when"] });
    const brief = ({ name, type, isRequired, description }: (typeof short)[number]): JsonValue => ({ name, type, isRequired, description });
    expect(short.map(brief)).toEqual([{ name: "when", type: "date", isRequired: true, description: "day" }]);
    expect(long.map(brief)).toEqual(short.map(brief));
  });
});
