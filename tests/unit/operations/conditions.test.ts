import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../lib/core/json.ts";
import { operatorNames } from "../../../lib/operations/conditionOperators.ts";
import { conditionReferences, evaluateCondition, parseCondition, type ConditionOptions } from "../../../lib/operations/conditions.ts";
import { scopeOf } from "../../../lib/operations/templates.ts";
import { errorOf } from "./errorOf.ts";

const nowMs = Date.UTC(2024, 4, 15, 12);
function test(left: JsonValue, operator: string, right?: JsonValue, options: Partial<ConditionOptions> = {}): boolean {
  const condition = parseCondition({ field: "x", operator, ...(right !== undefined && { value: right }) });
  return evaluateCondition(condition, scopeOf({ x: left }), { nowMs, ...options });
}
describe("operators", () => {
  it.each<[JsonValue, string, JsonValue | undefined, boolean]>([
    [1, "==", "1", true],
    ["1.0", "equals", 1, true],
    ["007", "eq", "7", false],
    [true, "==", "true", false],
    [0, "==", false, false],
    [null, "==", "", false],
    [[1, { a: "2" }], "==", ["1", { a: 2 }], true],
    [{ a: 1, b: 2 }, "==", { b: 2, a: 1 }, true],
    ["12345678901234567891", "==", 12345678901234567000, false],
    [1, "!=", 2, true],
    [1, "not_equals", "1", false],
    [1, "ne", 1, false],
    ["100", ">", "90", true],
    ["100", "greater_than", 90, true],
    ["abc", "gt", "abd", false],
    [2, ">=", "2", true],
    [2, "gte", 3, false],
    [2, "greater_than_or_equal", 1, true],
    ["9", "<", "10", true],
    [1, "less_than", 0, false],
    [1, "lt", 2, true],
    [1, "<=", 1, true],
    [1, "lte", 0, false],
    [1, "less_than_or_equal", 5, true],
    ["2024-02-01T00:00:00Z", ">", "2024-02-01T00:30:00+01:00", true],
    ["hello", "contains", "ell", true],
    ["Hello", "contains", "hello", false],
    [["a", 1], "contains", "1", true],
    [{ key: 1 }, "contains", "key", true],
    [null, "contains", "a", false],
    ["hello", "not_contains", "x", true],
    ["urgent: pay", "contains_any", "invoice, urgent", true],
    [["a"], "contains_any", ["b", "a"], true],
    ["none", "contains_any", "a1,b1", false],
    ["open", "in", "open, closed", true],
    [2, "in", ["1", "2"], true],
    ["x", "in", ["y"], false],
    ["x", "not_in", ["y"], true],
    [null, "exists", undefined, false],
    [0, "exists", undefined, true],
    [null, "not_exists", undefined, true],
    ["  ", "is_empty", undefined, true],
    [0, "is_empty", undefined, false],
    [[], "is_empty", undefined, true],
    [{}, "is_empty", undefined, true],
    ["a", "is_not_empty", undefined, true],
    ["INV-12", "matches", "^INV-\\d+$", true],
    ["x INV", "matches_regex", "^INV", false],
    ["hello", "starts_with", "he", true],
    [123, "starts_with", 12, true],
    ["hello", "ends_with", "lo", true],
    ["2024-05-15", "within_last_days", 0, true],
    ["2024-05-08", "within_last_days", 7, true],
    ["2024-05-07", "within_last_days", "7", false],
    ["2024-05-16", "within_last_days", 7, false],
    ["2024-05-14", "before", "2024-05-15", true],
    ["2024-05-15T01:00:00Z", "after", "2024-05-15", true],
    ["31/12/2024", "after", "2024-12-30", true],
    ["03/04/2024", "before", "2024-03-31", false],
  ])("%j %s %j is %j", (left, operator, right, expected) => {
    expect(test(left, operator, right)).toBe(expected);
  });

  it("reads slashed dates by the habit of the zone", () => {
    expect(test("03/04/2024", "before", "2024-03-31", { timeZone: "America/New_York" })).toBe(true);
    expect(test("03/04/2024", "before", "2024-03-31", { timeZone: "America/Mexico_City" })).toBe(false);
  });

  it.each<[JsonValue, string, JsonValue]>([
    ["N/A", ">", 5],
    [null, "<", 5],
    [[1], ">", 0],
    ["soon", "before", "2024-01-01"],
    [5, "matches", "5(?"],
  ])("%j %s %j cannot be decided", (left, operator, right) => {
    const error = errorOf(() => test(left, operator, operator === "matches" ? "{{x}}(?" : right));
    expect(["CONDITION_FAILED"]).toContain(error.code);
  });

  it("is false instead of failing on rows of data", () => {
    const condition = parseCondition({ field: "amount", operator: ">", value: 5 });
    const onItem = (item: JsonValue): boolean =>
      evaluateCondition(condition, scopeOf({ item }), { nowMs, perItem: { item, names: ["item"] } });
    expect([{ amount: 6 }, { amount: "N/A" }, {}, null].map(onItem)).toEqual([true, false, false, false]);
  });
});

describe("parseCondition", () => {
  it.each<[JsonValue, boolean]>([
    [{ conditionType: "simple", field: "x", operator: "==", value: 1 }, true],
    [{ type: "simple", field: "{{x}}", operator: "==", value: "{{y}}" }, false],
    [
      {
        conditionType: "complex_and",
        conditions: [
          { field: "x", operator: "==", value: 1 },
          { field: "y", operator: "==", value: 2 },
        ],
      },
      true,
    ],
    [{ conditionType: "complex_or", conditions: [{ field: "x", operator: "==", value: 9 }, "y == 2"] }, true],
    [{ conditionType: "complex_not", condition: "x == 1" }, false],
    [{ kind: "and", conditions: ["x == 1", { kind: "not", condition: "y == 1" }] }, true],
    [{ kind: "comparison", operator: "gt", left: { kind: "ref", path: "o.n" }, right: { kind: "literal", value: 4 } }, true],
    [{ kind: "comparison", operator: "eq", left: { kind: "ref", ref: "o", field: "n" }, right: { kind: "ref", path: "x" } }, false],
    ["x == 1 && (y > 1 || false)", true],
    [{ field: "o.missing", operator: "not_exists" }, true],
    [{ field: "{{o.missing}}", operator: "exists" }, false],
  ])("%j is %j", (raw, expected) => {
    expect(evaluateCondition(parseCondition(raw), scopeOf({ x: 1, y: 2, o: { n: 5 } }), { nowMs })).toBe(expected);
  });

  it.each<[JsonValue, string]>([
    [5, "condition is not a condition"],
    [{ field: "x", operator: "equls", value: 1 }, 'did you mean "equals"?'],
    [{ field: "x", operator: ">" }, "condition.value is missing"],
    [{ field: "", operator: "==", value: 1 }, "condition.field"],
    [{ field: "a b", operator: "==", value: 1 }, "condition.field"],
    [{ field: "x", operator: "==", valu: 1 }, 'did you mean "value"?'],
    [{ conditionType: "complex_and", conditions: [] }, "at least one condition"],
    [{ conditionType: "complex_and", conditions: [{ field: "x", operator: "bad", value: 1 }] }, "condition.conditions[0].operator"],
    [{ conditionType: "complex_not" }, "condition.condition is missing"],
    [{ conditionType: "complx_and", conditions: [] }, 'did you mean "complex_and"?'],
    [{ kind: "comparison", operator: "==", left: 5, right: { kind: "literal", value: 1 } }, "condition.left"],
    [{ field: "x", operator: "matches", value: "a(" }, "not a valid pattern"],
    [{ field: "x", operator: "within_last_days", value: "week" }, "number of days"],
    ["x ==", "cannot be read"],
    ["{{x}} == 1", "{{template}}"],
  ])("refuses %j", (raw, part) => {
    const error = errorOf(() => parseCondition(raw));
    expect(error.code).toBe("CONDITION_INVALID");
    expect(error.message).toContain(part);
  });

  it("fails with the likely name on a wrong field and stops at the deciding part", () => {
    const scope = scopeOf({ step1: { count: 1 } });
    const wrong = parseCondition({ field: "step1.cuont", operator: ">", value: 1 });
    expect(errorOf(() => evaluateCondition(wrong, scope, { nowMs })).message).toContain('did you mean "count"?');
    const guarded = parseCondition({
      kind: "and",
      conditions: [
        { field: "step1.cuont", operator: "exists" },
        { field: "step1.cuont", operator: ">", value: 1 },
      ],
    });
    expect(evaluateCondition(guarded, scope, { nowMs })).toBe(false);
  });

  it("fails on an unknown root even when asked whether it exists", () => {
    expect(
      errorOf(() => evaluateCondition(parseCondition({ field: "stp1.x", operator: "exists" }), scopeOf({ step1: 1 }), { nowMs })).code,
    ).toBe("CONDITION_FAILED");
  });

  it("knows every operator of the vocabulary", () => {
    expect(operatorNames()).toEqual(
      expect.arrayContaining(["==", "not_equals", "gte", "contains_any", "not_in", "matches_regex", "within_last_days"]),
    );
  });
});

describe("conditionReferences", () => {
  it("gives what is read, from every form", () => {
    const condition = parseCondition({
      kind: "or",
      conditions: [
        "step1.data.count > 1",
        { field: "step2.x", operator: "exists" },
        { field: "item.a", operator: "==", value: { deep: ["{{step3.y}}"] } },
      ],
    });
    expect(conditionReferences(condition).map(({ root, mayBeMissing, isOuter }) => [root, mayBeMissing, isOuter])).toEqual([
      ["step1", false, true],
      ["step2", true, false],
      ["item", false, false],
      ["step3", false, true],
    ]);
  });
});

describe("random conditions", () => {
  type Tree = { readonly raw: JsonValue; readonly answer: (values: Readonly<Record<string, number>>) => boolean };
  const names = ["a", "b", "c"];
  const compare: Readonly<Record<string, (left: number, right: number) => boolean>> = {
    "==": (left, right) => left === right,
    "!=": (left, right) => left !== right,
    ">": (left, right) => left > right,
    "<=": (left, right) => left <= right,
  };
  const leaf = fc
    .record({
      name: fc.constantFrom(...names),
      operator: fc.constantFrom(...Object.keys(compare)),
      value: fc.integer({ min: -3, max: 3 }),
      asText: fc.boolean(),
    })
    .map(({ name, operator, value, asText }): Tree => ({
      raw: { field: name, operator, value: asText ? String(value) : value },
      answer: (values) => compare[operator]?.(values[name] ?? 0, value) === true,
    }));
  const { tree } = fc.letrec<{ tree: Tree; node: Tree }>((tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, leaf, tie("node")),
    node: fc.oneof(
      fc.tuple(fc.constantFrom("and", "complex_and"), fc.array(tie("tree"), { minLength: 1, maxLength: 3 })).map(([kind, parts]): Tree => ({
        raw: { [kind === "and" ? "kind" : "conditionType"]: kind, conditions: parts.map((part) => part.raw) },
        answer: (values) => parts.every((part) => part.answer(values)),
      })),
      fc.array(tie("tree"), { minLength: 1, maxLength: 3 }).map((parts): Tree => ({
        raw: { kind: "or", conditions: parts.map((part) => part.raw) },
        answer: (values) => parts.some((part) => part.answer(values)),
      })),
      tie("tree").map((part): Tree => ({ raw: { kind: "not", condition: part.raw }, answer: (values) => !part.answer(values) })),
    ),
  }));
  const values = fc.record({ a: fc.integer({ min: -3, max: 3 }), b: fc.integer({ min: -3, max: 3 }), c: fc.integer({ min: -3, max: 3 }) });

  it("equal a plain evaluation", () => {
    fc.assert(
      fc.property(tree, values, ({ raw, answer }, given) => {
        expect(evaluateCondition(parseCondition(raw), scopeOf(given), { nowMs })).toBe(answer(given));
      }),
      { numRuns: 500 },
    );
  });

  it("are not changed by quotes, operators or templates in the compared values", () => {
    const hostile = fc.oneof(fc.string(), fc.constantFrom('" || true || "', "' == '", '\\"', "a && b", "{{secret}}", "x.y"));
    fc.assert(
      fc.property(hostile, hostile, (left, right) => {
        const scope = scopeOf({ x: left, y: right, secret: "s" });
        const byTemplate = parseCondition({ field: "x", operator: "==", value: "{{y}}" });
        expect(evaluateCondition(byTemplate, scope, { nowMs })).toBe(left === right);
        expect(evaluateCondition(parseCondition("x == y"), scope, { nowMs })).toBe(left === right);
      }),
    );
  });
});
