// Lossless forms of JSON: what comes back is the source, piece by piece. Fixtures are written here.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeBlocks } from "../../../../lib/orchestration/compression/lossless/blockText.ts";
import { InlineReader, writeInline } from "../../../../lib/orchestration/compression/lossless/inlineJson.ts";
import { minifyNode, parseJson } from "../../../../lib/orchestration/compression/lossless/parseJson.ts";
import { decodeLossless, encodeLossless } from "../../../../lib/orchestration/compression/lossless.ts";
import { TokenCounter } from "../../../../lib/tokens/TokenCounter.ts";

const counter = await TokenCounter.load();
const count = (text: string): number => counter.count(text);

/** Values by source text: numbers that no double holds, escapes, keys twice. */
const number = fc.constantFrom("0", "-0", "1.0", "1e400", "9007199254740993", "-12.50", "1E+2", "3", "42");
const plainText = fc.constantFrom(
  "a",
  "true",
  "12",
  "null",
  " x",
  "x ",
  "a,b",
  "a|b",
  "[1]",
  "{a:1}",
  "@x",
  "=1",
  "a:b",
  "",
  "2024-05-01",
  "1-2",
  "é",
  "https://host.example/a/b/1",
  "*",
  "^",
  "x]y",
  "x}y",
);
const rawString = fc.oneof(
  plainText.map((text) => JSON.stringify(text)),
  fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\u00e9"', '"\\ud800"', '"\ud800"', '"\\/"', '"\\n\\t"', '"\u2028"', '"a\\\\"', '"\\""', '"\\u0041"'),
);
const key = fc.oneof(
  fc.constantFrom('"a"', '"b"', '"c"', '"a.b"', '"__proto__"', '""', '"[0]"', '"x y"', '"1"', '"*"', '"a=1"', '"a^"', '"\\u0061"'),
  rawString,
);
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.oneof(number, rawString, fc.constantFrom("true", "false", "null")),
    fc.array(tie("json"), { maxLength: 5 }).map((items) => `[${items.join(",")}]`),
    fc
      .array(fc.tuple(key, tie("json")), { maxLength: 5 })
      .map((members) => `{${members.map(([name, value]) => `${name}:${value}`).join(",")}}`),
  ),
}));
/** Rows of one shape, with holes: what tables are made of. */
const table = fc.uniqueArray(key, { minLength: 1, maxLength: 4, selector: (name) => name }).chain((names) => {
  const row = fc.tuple(
    ...names.map((name) =>
      fc.option(
        json.map((value) => `${name}:${value}`),
        { freq: 6 },
      ),
    ),
  );
  const object = row.map((cells) => `{${cells.filter((cell) => cell !== null).join(",")}}`);
  const tuple = fc.array(fc.oneof(number, object), { minLength: 2, maxLength: 2 }).map((items) => `[${items.join(",")}]`);
  return fc.oneof(
    fc.array(object, { minLength: 2, maxLength: 6 }).map((rows) => `[${rows.join(",")}]`),
    fc.array(tuple, { minLength: 2, maxLength: 5 }).map((rows) => `[${rows.join(",")}]`),
    fc
      .array(fc.tuple(key, object), { minLength: 2, maxLength: 6 })
      .map((rows) => `{${rows.map(([name, value]) => `${name}:${value}`).join(",")}}`),
  );
});

/** Every form, also those that `encodeLossless` would not choose or would refuse. */
function comesBack(text: string): void {
  const node = parseJson(text);
  if (node === null) throw new Error("not parsed");
  expect(minifyNode(node)).toBe(text);
  const inline = writeInline(node, "line", ",");
  expect(minifyNode(new InlineReader(inline).value("\n"))).toBe(text);
  const blocks = writeBlocks(node);
  if (blocks !== null) expect(decodeLossless(blocks)).toBe(text);
}

describe("lossless forms", () => {
  it("give back any JSON by its source text", () => {
    fc.assert(
      fc.property(json, (text) => comesBack(text)),
      { numRuns: 500 },
    );
  });

  it("give back tables with holes, odd keys and odd rows", () => {
    fc.assert(
      fc.property(table, (text) => comesBack(text)),
      { numRuns: 1_000 },
    );
  });

  it("give back tables inside of documents", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.oneof(table, json)), { minLength: 1, maxLength: 4 }), (members) => {
        const text = `{${members.map(([name, value]) => `${name}:${value}`).join(",")}}`;
        comesBack(text);
      }),
      { numRuns: 500 },
    );
  });
});
