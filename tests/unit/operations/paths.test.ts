import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { didYouMean } from "../../../lib/operations/didYouMean.ts";
import { formatPath, lookUpPath, parsePath, readPath, type PathSegment } from "../../../lib/operations/paths.ts";
import { errorOf } from "./errorOf.ts";

const read = (value: never, path: string): unknown => readPath(value, parsePath(path));

describe("parsePath", () => {
  it.each([
    ["a", [{ kind: "key", key: "a" }]],
    [
      "a.b-c.0",
      [
        { kind: "key", key: "a" },
        { kind: "key", key: "b-c" },
        { kind: "key", key: "0" },
      ],
    ],
    ["a[0][*]", [{ kind: "key", key: "a" }, { kind: "index", index: 0 }, { kind: "each" }]],
    [
      `a['Key with "spaces"'].b`,
      [
        { kind: "key", key: "a" },
        { kind: "key", key: 'Key with "spaces"' },
        { kind: "key", key: "b" },
      ],
    ],
    [
      `a["it\\"s"]`,
      [
        { kind: "key", key: "a" },
        { kind: "key", key: 'it"s' },
      ],
    ],
    [
      "  größe.naïve ",
      [
        { kind: "key", key: "größe" },
        { kind: "key", key: "naïve" },
      ],
    ],
  ])("reads %s", (text, segments) => {
    expect(parsePath(text)).toEqual(segments);
  });

  it.each(["", "   ", ".a", "a.", "a..b", "a[", "a[]", "a[-1]", "a[1", "a['x]", "a b", "upper(x)", "a | b", "a[0]b", "a[99999999999]"])(
    "refuses %j",
    (text) => {
      const error = errorOf(() => parsePath(text));
      expect(error.code).toBe("TEMPLATE_INVALID");
      expect(error.message).toContain("expected");
    },
  );

  it("is undone by formatPath", () => {
    const segment: fc.Arbitrary<PathSegment> = fc.oneof(
      fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" }).map((key): PathSegment => ({ kind: "key", key })),
      fc.nat({ max: 999_999 }).map((index): PathSegment => ({ kind: "index", index })),
      fc.constant<PathSegment>({ kind: "each" }),
    );
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 8 }), (segments) => {
        expect(parsePath(formatPath(segments))).toEqual(segments);
      }),
    );
  });
});

describe("readPath", () => {
  const data = {
    rows: [
      { to: "a", tags: ["x", "y"] },
      { to: "b", tags: ["z"] },
    ],
    "First Name": "Jo",
    nothing: null,
  } as never;

  it.each([
    ["rows[1].to", "b"],
    ["rows.1.to", "b"],
    ["rows[*].to", ["a", "b"]],
    ["rows[*].tags", [["x", "y"], ["z"]]],
    ["rows[*].tags[*]", ["x", "y", "z"]],
    ["rows.length", 2],
    ["['First Name']", "Jo"],
    ["nothing", null],
  ])("gives %s", (path, expected) => {
    expect(read(data, path)).toEqual(expected);
  });

  it("keeps rows of a table as rows", () => {
    expect(
      read(
        [
          ["a", 1],
          ["b", 2],
        ] as never,
        "[*]",
      ),
    ).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(
      read(
        [
          ["a", 1],
          ["b", 2],
        ] as never,
        "[*][1]",
      ),
    ).toEqual([1, 2]);
  });

  it.each(["constructor", "__proto__", "toString", "rows.map", "rows[0].hasOwnProperty"])("does not reach the prototype by %s", (path) => {
    expect(lookUpPath(data, parsePath(path)).found).toBe(false);
  });

  it("reads __proto__ where the data have such a key", () => {
    expect(read(JSON.parse('{"__proto__":{"x":1}}') as never, "__proto__.x")).toBe(1);
  });

  it("names the keys that exist and the one probably meant", () => {
    const error = errorOf(() => read({ data: { count: 1, total: 2 } } as never, "data.cuont"));
    expect(error.message).toContain('data has no key "cuont"');
    expect(error.message).toContain("count, total");
    expect(error.message).toContain('did you mean "count"?');
    expect(error.details.expected).toBe("count, total");
  });

  it("names at most ten keys", () => {
    const wide = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`key${index}`, index]));
    expect(errorOf(() => read(wide as never, "other")).details.expected).toMatch(/key9 and 5 more$/);
  });

  it("says where inside a list an element lacks the key", () => {
    expect(errorOf(() => read({ rows: [{ to: 1 }, {}] } as never, "rows[*].to")).message).toContain("rows[1]");
  });

  it.each([
    [{ a: null }, "a.b", "a is null"],
    [{ a: [1] }, "a[3]", "list of 1"],
    [{ a: "text" }, "a[*]", "needs a list"],
  ])("explains %j at %s", (value, path, part) => {
    expect(errorOf(() => read(value as never, path)).message).toContain(part);
  });
});

describe("didYouMean", () => {
  it.each([
    ["cuont", ["count", "total"], "count"],
    ["orderid", ["order_ID", "id"], "order_ID"],
    ["filtr", ["filter", "flatten"], "filter"],
    ["zzz", ["count"], undefined],
    ["", ["a"], undefined],
  ])("of %j among %j is %j", (word, candidates, expected) => {
    expect(didYouMean(word, candidates)).toBe(expected);
  });
});
