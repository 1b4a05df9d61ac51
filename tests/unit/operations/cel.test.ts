import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../lib/core/json.ts";
import { compileCel } from "../../../lib/operations/cel.ts";
import { evaluateCel } from "../../../lib/operations/celScope.ts";
import { reduceByExpression } from "../../../lib/operations/reduceByExpression.ts";
import { scopeOf } from "../../../lib/operations/templates.ts";
import { errorOf } from "./errorOf.ts";

const data: Readonly<Record<string, JsonValue>> = {
  item: { a: 3, half: 0.5, text: "abc", list: [1, 2, 3], none: null },
  acc: 10,
  index: 1,
};
const evaluate = (source: string): JsonValue => compileCel(source, ["item", "acc", "index"], "condition").evaluate(data);
describe("compileCel", () => {
  it.each<[string, JsonValue]>([
    ["item.a + 1", 4],
    ["2 * item.half", 1],
    ["item.a / 2", 1.5],
    ["item.a % 2 == 1", true],
    ["item.a == 3 && !(acc < 10)", true],
    ["item.list[index]", 2],
    ["item.list.map(x, x * 2)", [2, 4, 6]],
    ["item.list.filter(x, x > 1).size()", 2],
    ["has(item.missing)", false],
    ["item.none == null", true],
    ["cel.bind(x, item.a, x * x)", 9],
    ['{"sum": acc + item.a, "list": [1, "x", true]}', { sum: 13, list: [1, "x", true] }],
    ['item.text.startsWith("ab") ? "yes" : "no"', "yes"],
    ['timestamp("2024-01-01T00:00:00Z")', "2024-01-01T00:00:00.000Z"],
    ['duration("90s")', "90s"],
    ["1u", 1],
    ['re2(item.text, "^a.c$")', true],
  ])("%s gives %j", (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it.each([
    ["", "is empty"],
    ["item.a +", "cannot be read at character 9"],
    ["{{item.a}} > 1", "{{template}}"],
    ['item.text.matches("a+")', "re2(text, pattern)"],
    ["itme.a > 1", 'did you mean "item"?'],
    ["fetch(item.a)", "cannot be read"],
    ["item.list.map(a, item.list.map(b, item.list.map(c, item.list.map(d, d))))", "nests loops too deeply"],
    [Array.from({ length: 3_000 }, () => "1").join("+"), "maxAstNodes"],
    ["(".repeat(100) + "1" + ")".repeat(100), "maxDepth"],
    ["x".repeat(20_000), "is too long"],
  ])("refuses %.40s", (source, part) => {
    const error = errorOf(() => compileCel(source, ["item"], "transform"));
    expect(error.code).toBe("TRANSFORM_INVALID");
    expect(error.message).toContain(part);
  });

  it.each<[string, JsonValue]>([
    ['odd.constructor == "ACME"', true],
    ['odd["__proto__"].x', 2],
    ["odd.toString", 3],
    ["odd.a", 1],
    ["has(odd.constructor)", true],
    ["has(plain.constructor) || has(plain.toString)", false],
    ['"constructor" in odd && !("constructor" in plain)', true],
    ["odd.map(key, key).size()", 5],
    ['rows.filter(each, has(each.constructor) && each.constructor == "ACME").size()', 1],
    ["odd == rows[0] && odd != plain", true],
    ["renamed == plain", false],
    ['{"found": odd.constructor}', { found: "ACME" }],
  ])("takes a key that every object inherits for data: %s", (source, expected) => {
    const odd = JSON.parse('{"constructor":"ACME","__proto__":{"x":2},"toString":3,"hasOwnProperty":null,"a":1}') as JsonValue;
    const bindings = { odd, plain: { a: 1 }, renamed: { toString: 1 }, rows: [odd, { a: 1 }] };

    expect(compileCel(source, Object.keys(bindings), "transform").evaluate(bindings)).toEqual(expected);
  });

  it("gives such keys back as they came", () => {
    const text = '[{"constructor":"ACME","__proto__":{"x":2},"toString":{"constructor":null}}]';

    expect(JSON.stringify(compileCel("rows", ["rows"]).evaluate({ rows: JSON.parse(text) as JsonValue }))).toBe(text);
  });

  it.each(["constructor", "__proto__"])("refuses to write the key %s rather than leave it out", (key) => {
    expect(errorOf(() => compileCel(`{"ok": 1, "${key}": 2}`, [], "transform")).message).toContain(`writes the key "${key}"`);
  });

  it.each(["9007199254740993", "type(1)", "item.missing", "item.text > 1", "item.constructor", "item.__proto__", "1.0 / 0.0"])(
    "fails on %s at evaluation",
    (source) => {
      expect(errorOf(() => evaluate(source)).code).toBe("CONDITION_FAILED");
    },
  );

  it("finds roots and paths, leaving out names that macros bind", () => {
    const compiled = compileCel('has(step1.x) && step1.data.rows[0].v > 1 && l.map(y, y.z + other["k"]) == []', undefined);
    expect(compiled.references).toEqual(["step1", "l", "other"]);
    expect(compiled.paths.map(({ root, path }) => `${root}/${path.length}`)).toEqual(["step1/0", "step1/4", "l/0", "other/1"]);
  });

  it("runs hostile patterns in linear time", () => {
    const started = performance.now();
    const text = `${"a".repeat(50)}b`;
    expect(compileCel('re2(s, "(a+)+$")', ["s"]).evaluate({ s: text })).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it("refuses results that explode when written out", () => {
    const compiled = compileCel("[acc, acc]", ["acc"], "transform");
    let value: JsonValue = [];
    const grow = (): void => {
      for (let turn = 0; turn < 60; turn += 1) value = compiled.evaluate({ acc: value });
    };
    expect(errorOf(grow).message).toContain("values");
  });
});

describe("reduceByExpression", () => {
  it("folds into a long list without walking it again at each turn", () => {
    const items = Array.from({ length: 3_000 }, (_, index) => ({ id: index }));
    const started = performance.now();
    expect(reduceByExpression(items, "acc + [item]", [])).toEqual(items);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it("refuses a result that nests without end", () => {
    const items = Array.from({ length: 300 }, () => 0);
    expect(errorOf(() => reduceByExpression(items, "[acc]", [])).message).toContain("levels deep");
  });
});

describe("evaluateCel", () => {
  const stepScope = (value: JsonValue) => ({
    get: (root: string) => (root === "step1" ? ({ found: true, value, isStep: true } as const) : ({ found: false } as const)),
    roots: () => ["step1"],
  });

  it.each<[string, JsonValue, JsonValue]>([
    ["step1.count > 1", { count: 2 }, true],
    ["step1.data.count > 1", { count: 2 }, true],
    ["step1.data.count + step1.count", { count: 2 }, 4],
    ["step1.data.count", { data: { count: 9 } }, 9],
    ["step1.data.size()", [1, 2], 2],
    ["step1[0]", [1, 2], 1],
  ])("%s on %j gives %j", (source, value, expected) => {
    expect(evaluateCel(compileCel(source, undefined), stepScope(value), "condition")).toEqual(expected);
  });

  it("names what the scope has", () => {
    const error = errorOf(() => evaluateCel(compileCel("totl > 1", undefined), scopeOf({ total: 1 }), "condition"));
    expect(error.code).toBe("CONDITION_FAILED");
    expect(error.message).toContain('did you mean "total"?');
  });
});
