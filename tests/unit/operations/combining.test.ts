import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../lib/core/json.ts";
import { compareValues, findDifferences, type ComparisonOperation } from "../../../lib/operations/comparison.ts";
import { enrich, type EnrichmentOptions } from "../../../lib/operations/enrichment.ts";
import { gatherResults, type GatherEntry, type GatherOptions } from "../../../lib/operations/gather.ts";
import { errorOf } from "./errorOf.ts";

describe("compareValues", () => {
  it.each<[ComparisonOperation, JsonValue, JsonValue, boolean]>([
    ["equals", 1, "1", true],
    ["equals", { a: [1] }, { a: ["1"] }, true],
    ["deep_equals", 1, "1", false],
    ["deep_equals", { a: 1, b: [2] }, { b: [2], a: 1 }, true],
    ["diff", [1], [1], true],
    ["diff", [1], [2], false],
    ["contains", "hello", "ell", true],
    ["contains", [{ a: 1 }], { a: 1 }, true],
    ["subset", [1, 2], [3, 2, 1], true],
    ["subset", [1, 4], [1, 2], false],
    ["subset", { a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }, true],
    ["subset", { a: { b: 2 } }, { a: { b: 1 } }, false],
    ["subset", 2, [1, 2], true],
  ])("%s of %j and %j is %j", (operation, left, right, expected) => {
    expect(compareValues(left, right, operation, "boolean")).toBe(expected);
  });

  it("lists differences with their places", () => {
    const left = { a: 1, b: [1, 2], gone: null, same: { x: 1 } };
    const right = { a: 2, b: [1], same: { x: 1 }, "new key": true };
    expect(compareValues(left, right, "diff", "diff")).toEqual([
      { path: "a", kind: "changed", left: 1, right: 2 },
      { path: "b[1]", kind: "removed", left: 2 },
      { path: "gone", kind: "removed", left: null },
      { path: "['new key']", kind: "added", right: true },
    ]);
    expect(compareValues(left, right, "deep_equals", "detailed")).toMatchObject({
      result: false,
      operation: "deep_equals",
      differenceCount: 4,
    });
  });

  it("finds no difference exactly where values are deeply equal", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
        expect(findDifferences(left as JsonValue, left as JsonValue)).toEqual([]);
        const isEqual = compareValues(left, right, "deep_equals", "boolean");
        expect(findDifferences(left as JsonValue, right as JsonValue).length === 0).toBe(isEqual);
      }),
    );
  });
});

describe("enrich", () => {
  it.each<[EnrichmentOptions, JsonValue, JsonValue, JsonValue]>([
    [{ strategy: "merge" }, { a: { x: 1 }, b: 1 }, { a: { y: 2 } }, { a: { y: 2 }, b: 1 }],
    [{ strategy: "deep_merge" }, { a: { x: 1 }, b: 1 }, { a: { y: 2 } }, { a: { x: 1, y: 2 }, b: 1 }],
    [{ strategy: "deep_merge" }, { l: [1] }, { l: [2] }, { l: [2] }],
    [{ strategy: "deep_merge", mergeArrays: true }, { l: [1] }, { l: [2] }, { l: [1, 2] }],
    [{ strategy: "merge" }, { a: 1 }, [2], { a: 1, second: [2] }],
    [{ strategy: "merge", mergeArrays: true }, [1], [2], [1, 2]],
    [
      { strategy: "join", joinOn: "id" },
      [{ id: 1, n: "a" }, { id: 2 }],
      [{ id: "1", n: "x", m: 5 }],
      [
        { id: 1, n: "a", second_n: "x", m: 5 },
        { id: 2, n: null, m: null },
      ],
    ],
    [{ strategy: "join", joinOn: "id" }, { id: 1 }, { id: 1, m: 2 }, [{ id: 1, m: 2 }]],
  ])("%j of %j and %j", (options, first, second, expected) => {
    expect(
      enrich(
        [
          { key: "first", value: first },
          { key: "second", value: second },
        ],
        options,
      ),
    ).toEqual(expected);
  });

  it("does not reach the prototype", () => {
    const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as JsonValue;
    for (const strategy of ["merge", "deep_merge"] as const) {
      const result = enrich(
        [
          { key: "a", value: { ok: 1 } },
          { key: "b", value: hostile },
          { key: "c", value: hostile },
        ],
        { strategy },
      );
      expect(Object.keys(result as object)).toEqual(["ok", "__proto__", "constructor"]);
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    }
  });

  it("needs a key and rows to join", () => {
    expect(errorOf(() => enrich([], { strategy: "join" })).code).toBe("TRANSFORM_INVALID");
    expect(errorOf(() => enrich([{ key: "a", value: 5 }], { strategy: "join", joinOn: "id" })).message).toContain("source a is 5");
  });
});

describe("gatherResults", () => {
  const entries = (results: readonly JsonValue[]): GatherEntry[] =>
    results.map((last, index) => ({ item: { id: index }, outputs: { inner1: { early: index }, inner2: last }, last }));

  it.each<[readonly JsonValue[], GatherOptions, JsonValue]>([
    [[1, 2], { operation: "collect" }, [1, 2]],
    [[1, 2], { operation: "collect", outputKey: "all" }, { all: [1, 2] }],
    [[1], { operation: "collect", from: "inner1" }, [{ early: 0 }]],
    [[{ a: 1 }, { a: 2, b: 3 }], { operation: "merge" }, { a: 2, b: 3 }],
    [[[1], 2, [[3]]], { operation: "flatten" }, [1, 2, [3]]],
    [[0.1, 0.2], { operation: "reduce" }, 0.3],
    [["a", "b"], { operation: "reduce" }, "ab"],
    [[[1], [2]], { operation: "reduce" }, [1, 2]],
    [[{ a: 1 }, null, { b: 2 }], { operation: "reduce" }, { a: 1, b: 2 }],
    [[], { operation: "reduce" }, null],
    [[1, 5, 3], { operation: "reduce", reduceExpression: "item > acc ? item : acc" }, 5],
    [[1, 5, 3], { operation: "reduce", reduceExpression: "accumulator + item * index" }, 12],
    [[{ score: 9 }], { operation: "collect", shape: "merge_with_item" }, [{ id: 0, score: 9 }]],
    [["yes"], { operation: "collect", shape: "merge_with_item", shapeField: "answer" }, [{ id: 0, answer: "yes" }]],
    [
      [[1, 2], 3],
      { operation: "collect", shape: "merge_as_named_array", shapeField: "found" },
      [
        { id: 0, found: [1, 2] },
        { id: 1, found: [3] },
      ],
    ],
    [[9], { operation: "collect", shape: "item_only" }, [{ id: 0 }]],
    [[9], { operation: "collect", shape: "item_only", shapeField: "id" }, [0]],
  ])("%j with %j", (results, options, expected) => {
    expect(gatherResults(entries(results), options)).toEqual(expected);
  });

  it.each<[readonly JsonValue[], GatherOptions, string]>([
    [[1, "a"], { operation: "reduce" }, "different kinds"],
    [[1], { operation: "merge" }, "result 0 cannot be merged"],
    [[1], { operation: "collect", from: "inner9" }, "inner1, inner2"],
    [[1], { operation: "collect", shape: "merge_as_named_array" }, "gather.shapeField"],
    [[1], { operation: "collect", shape: "item_only", shapeField: "nope" }, 'no field "nope"'],
    [[1], { operation: "collect", reduceExpression: "acc" }, "gather.operation"],
    [[1, 2], { operation: "reduce", reduceExpression: "acc + itm" }, 'did you mean "item"?'],
  ])("refuses %j with %j", (results, options, part) => {
    expect(errorOf(() => gatherResults(entries(results), options)).message).toContain(part);
  });
});
