import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toStorableOutput } from "../../../lib/plugins/storableOutput.ts";

function cycle(): unknown {
  const value: Record<string, unknown> = {};
  value["rows"] = [{ parent: value }];
  return value;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

describe("toStorableOutput", () => {
  test.each([
    ["a function", { rows: [{ callback: () => 1 }] }, "rows[0].callback"],
    ["a cycle", cycle(), "rows[0].parent"],
    ["a bigint", { count: 1n }, "count"],
    ["a symbol", [Symbol("x")], "[0]"],
    ["NaN", { mean: Number.NaN }, "mean"],
    ["infinity", [1, Number.POSITIVE_INFINITY], "[1]"],
    ["a Map", { map: new Map([["a", 1]]) }, "map"],
    ["bytes", { bytes: Buffer.from("x") }, "bytes"],
    ["an invalid date", { at: new Date("nonsense") }, "at"],
    ["a hole in a list", [undefined], "[0]"],
    ["what is nested too deep", nested(600), ""],
  ])("refuses %s and says where it is", (_, value, path) => {
    expect(() => toStorableOutput(value, 1_000_000)).toThrow(
      expect.objectContaining({ code: "OUTPUT_UNSTORABLE", message: expect.stringContaining(path) }),
    );
  });

  test("takes nothing as null, drops undefined members, writes dates", () => {
    expect(toStorableOutput(undefined, 100)).toBeNull();
    expect(toStorableOutput({ a: undefined, at: new Date(0) }, 100)).toEqual({ at: "1970-01-01T00:00:00.000Z" });
  });

  test("is a copy that the plugin cannot change", () => {
    const mine = { rows: [1] };
    const stored = toStorableOutput(mine, 100);
    mine.rows.push(2);
    expect(stored).toEqual({ rows: [1] });
  });

  test("the same object twice is no cycle, and __proto__ is data", () => {
    const shared = { a: 1 };
    expect(toStorableOutput([shared, shared], 100)).toEqual([shared, shared]);
    const hostile = toStorableOutput(JSON.parse('{"__proto__":{"polluted":true}}'), 100);
    expect(Object.keys(hostile as object)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("refuses 50 MB with both sizes", () => {
    expect(() => toStorableOutput({ text: "x".repeat(50_000_000) }, 10_000_000)).toThrow(
      expect.objectContaining({ code: "OUTPUT_TOO_LARGE", message: expect.stringMatching(/10000000 bytes: at least 5\d{7}/) }),
    );
    expect(() =>
      toStorableOutput(
        Array.from({ length: 50 }, () => "x".repeat(1_000_000)),
        10_000_000,
      ),
    ).toThrow(/larger than 10000000/);
  });

  test("keeps every JSON value as it is, and its bound is that of its JSON text", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const bytes = Buffer.byteLength(JSON.stringify(value));
        expect(JSON.stringify(toStorableOutput(value, bytes + 2))).toBe(JSON.stringify(value));
      }),
    );
    const large = fc.jsonValue().filter((value) => JSON.stringify(value).length > 8);
    fc.assert(
      fc.property(large, (value) => {
        const bytes = Buffer.byteLength(JSON.stringify(value));
        expect(() => toStorableOutput(value, Math.floor(bytes / 2) - 2)).toThrow(/larger/);
      }),
    );
  });
});
