import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../../lib/core/json.ts";
import { compileSchema, defectsToJson, describeDefects } from "../../../lib/plugins/compileSchema.ts";

const NEWER = "https://json-schema.org/draft/2020-12/schema";
const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

function nested(depth: number, innermost: JsonValue = {}): JsonValue {
  return times(depth, (at) => at).reduce<JsonValue>((inner) => ({ c: inner, z: 1 }), innermost);
}

function check(schema: JsonObject, value: JsonValue) {
  return compileSchema(schema, "it", { isUntrusted: true }).check(value);
}

const twice = (keyword: string): JsonObject => ({ properties: { c: { [keyword]: [{ $ref: "#" }, { $ref: "#" }] } }, required: ["z"] });
/** Each refers to the next two times. */
const doubling = Object.fromEntries(
  times(40, (at) => [`d${at}`, at === 39 ? { type: "number" } : { anyOf: times(2, () => ({ $ref: `#/$defs/d${at + 1}` })) }]),
);

describe("a schema that others wrote", () => {
  test.each<[string, JsonObject, JsonValue]>([
    ["branches into itself", twice("anyOf"), nested(30)],
    ["branches into itself, newer", { $schema: NEWER, ...twice("anyOf") }, nested(30)],
    ["asks twice for itself", { properties: { c: twice("allOf") } }, { c: nested(30, { z: 1 }) }],
    ["doubles with each definition", { $defs: doubling, $ref: "#/$defs/d0" }, "x"],
    ["compares objects with each other", { uniqueItems: true }, times(20_000, (i) => ({ i }))],
    ["gathers errors", { $defs: { a: { type: "string" } }, contains: { $ref: "#/$defs/a" } }, times(200_000, (i) => i)],
    ["measures one text often", { allOf: times(300, (at) => ({ maxLength: 1e9 + at })) }, "x".repeat(2_000_000)],
    [
      "counts keys often",
      { allOf: times(300, (at) => ({ maxProperties: 1e9 + at })) },
      Object.fromEntries(times(50_000, (i) => [`k${i}`, i])),
    ],
    ["has a pattern that is slow on RE2 too", { pattern: "((a{50}){18}b|c)*$" }, "a".repeat(500_000)],
    ["writes a large default often", { items: { properties: { d: { default: times(10_000, () => 1) } } } }, times(50_000, () => ({}))],
  ])("holds nobody up when it %s", (_what, schema, value) => {
    const startedMs = performance.now();

    check(schema, value);

    // Unbounded, each takes from seven seconds to longer than anybody waits.
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  test("is refused, and says so, where checking takes too long", () => {
    const result = check(twice("allOf"), nested(30, { z: 1 }));

    expect(result).toMatchObject({ ok: false, defects: [{ path: "", message: expect.stringContaining("steps to check") }] });
  });

  test("has room for large outputs", () => {
    const rows = times(50_000, (at) => Object.fromEntries(times(20, (column) => [`k${column}`, at])));
    const properties = Object.fromEntries(times(20, (column) => [`k${column}`, { type: "number" }]));

    expect(check({ items: { type: "object", properties, required: ["k0"] } }, rows).ok).toBe(true);
  });

  test("still tells every defect of a small value, and keeps defaults and formats", () => {
    const schema = { properties: { a: { type: "number" }, b: { type: "number" }, d: { default: 5 }, e: { format: "email" } } };

    expect(check(schema, { a: "x", b: "y" })).toMatchObject({ ok: false, defects: [{ path: "a" }, { path: "b" }] });
    expect(check(schema, { a: 1 })).toEqual({ ok: true, value: { a: 1, d: 5 } });
    expect(check(schema, { e: "no address" }).ok).toBe(false);
  });

  test.each<[JsonValue, boolean]>([
    [[1, 2], true],
    [[1, 1], false],
    [
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      false,
    ],
    [[1, "1", null, [1], { a: 1 }], true],
    ["no list", true],
  ])("knows whether the items of %j are unique", (value, isUnique) => {
    expect(check({ uniqueItems: true }, value).ok).toBe(isUnique);
    expect(check({ $schema: NEWER, uniqueItems: true }, value).ok).toBe(isUnique);
    expect(check({ uniqueItems: false }, value).ok).toBe(true);
  });

  test("may have properties that are called as keywords are, and may not refer into data", () => {
    const properties = { default: { type: "number" }, enum: { type: "number" }, properties: { type: "number" } };

    expect(check({ properties }, { default: 1, enum: 1, properties: 1 }).ok).toBe(true);
    expect(check({ properties }, { default: "x" }).ok).toBe(false);
    expect(check({ properties, $ref: "#/properties/default" }, 1).ok).toBe(true);
    expect(() => check({ default: { type: "number" }, $ref: "#/def%61ult" }, 1)).toThrow("leads into default");
    expect(() => check({ properties: { properties: { default: {} } }, $ref: "#/properties/properties/default" }, 1)).toThrow(
      "leads into default",
    );
  });
});

test("an error tells twenty defects, and how many more there are", () => {
  const result = check(
    { items: { type: "number" } },
    times(50, () => "x"),
  );
  const defects = result.ok ? [] : result.defects;

  expect(defects).toHaveLength(50);
  expect(describeDefects(defects)).toMatch(/\[19\]: must be number .*; and 30 more$/);
  expect(defectsToJson(defects)).toHaveLength(20);
});
