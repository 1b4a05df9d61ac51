// Lossless forms of JSON: what comes back is the source, piece by piece. Fixtures are written here.
import * as fc from "fast-check";
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
const leaf = fc.oneof(number, rawString, fc.constantFrom('"a;b"', '"(x)"', '"x)"', '""', "null"));
const inner = fc
  .jsonValue({ maxDepth: 2 })
  .chain((value) =>
    fc.constantFrom(
      JSON.stringify(value),
      JSON.stringify(value, null, 2),
      JSON.stringify(value).replaceAll(",", ", ").replaceAll(":", ": "),
    ),
  )
  .map((text) => JSON.stringify(text));
const key = fc.oneof(
  fc.constantFrom('"a"', '"b"', '"c"', '"a.b"', '"__proto__"', '""', '"[0]"', '"x y"', '"1"', '"*"', '"a=1"', '"a^"', '"\\u0061"'),
  rawString,
);
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.oneof(number, rawString, inner, fc.constantFrom("true", "false", "null")),
    fc.array(tie("json"), { maxLength: 5 }).map((items) => `[${items.join(",")}]`),
    fc
      .array(fc.tuple(key, tie("json")), { maxLength: 5 })
      .map((members) => `{${members.map(([name, value]) => `${name}:${value}`).join(",")}}`),
  ),
}));
const lists = fc
  .array(
    fc.tuple(leaf, leaf).map(([x, y]) => `{"x":${x},"y z;":${y}}`),
    { maxLength: 3 },
  )
  .map((items) => `[${items.join(",")}]`);
/** Rows of one shape, with holes: what tables are made of. */
const table = fc.uniqueArray(key, { minLength: 1, maxLength: 4, selector: (name) => name }).chain((names) => {
  const row = fc.tuple(
    ...names.map((name) =>
      fc.option(
        fc.oneof(json, lists).map((value) => `${name}:${value}`),
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

/** Forms that do not come back, also among those that `encodeLossless` would not choose or would refuse. */
function lostForms(text: string): string[] {
  const node = parseJson(text);
  if (node === null) return ["not parsed"];
  const inline = writeInline(node, "line", ",");
  const blocks = writeBlocks(node);
  const lost: string[] = [];
  if (minifyNode(node) !== text) lost.push("minified");
  if (minifyNode(new InlineReader(inline).value("\n")) !== text) lost.push(inline);
  if (blocks !== null && decodeLossless(blocks) !== text) lost.push(blocks);
  return lost;
}

function expectAllBack(texts: fc.Arbitrary<string>, numRuns: number): void {
  const run = fc.check(
    fc.property(texts, (text) => lostForms(text).length === 0),
    { numRuns },
  );
  expect(run.counterexample).toBeNull();
  expect(run.numRuns).toBe(numRuns);
}

const nestedTable = fc
  .array(lists, { minLength: 2, maxLength: 6 })
  .map((rows) => `[${rows.map((items, index) => `{"id":${index},"items":${items}}`).join(",")}]`);
const document = fc
  .array(fc.tuple(key, fc.oneof(table, json)), { minLength: 1, maxLength: 4 })
  .map((members) => `{${members.map(([name, value]) => `${name}:${value}`).join(",")}}`);

const FLIGHTS = JSON.stringify(
  Array.from({ length: 12 }, (_none, index) => ({
    number: `NF${100 + index}`,
    from: "LIS",
    seats: { economy: index * 3, business: index },
    prices: { economy: 81.5 + index, business: 300 },
    at: `0${index % 10}:30`,
  })),
  null,
  2,
);

describe("lossless forms", () => {
  it("give back any JSON by its source text", () => {
    expect.hasAssertions();
    expectAllBack(json, 500);
  });

  it("give back tables with holes, odd keys and odd rows", () => {
    expect.hasAssertions();
    expectAllBack(table, 1_000);
  });

  it("give back tables inside of cells", () => {
    expect.hasAssertions();
    expectAllBack(nestedTable, 500);
  });

  it("give back tables inside of documents", () => {
    expect.hasAssertions();
    expectAllBack(document, 500);
  });

  it("say keys and equal values of rows once", () => {
    const encoded = encodeLossless(FLIGHTS, count);
    expect(encoded?.encoding).toBe("columnar");
    expect(count(encoded?.view ?? "")).toBeLessThan(count(FLIGHTS) / 3);
    expect(encoded?.view.split("\n")[0]).toBe("[12]:number,from=LIS,seats.economy,seats.business,prices.economy,prices.business=300,at");
    expect(decodeLossless(encoded?.view ?? "")).toBe(JSON.stringify(JSON.parse(FLIGHTS)));
  });

  it("keep numbers that no double holds, keys said twice and __proto__", () => {
    const text = '{"a":9007199254740993,"b":1.0,"c":1e400,"a":[],"__proto__":{"x":-0},"d":"\\ud800"}';
    expect(lostForms(text)).toStrictEqual([]);
  });

  it("say JSON inside of a string plainly and put it back", () => {
    const text = `{"isError":false,"text":${JSON.stringify('{"status": "ok", "items": [{"id": 1.0, "name": "pen"}]}')}}`;
    const encoded = encodeLossless(text, count);
    expect(encoded?.view).toContain("{status:ok,items:[{id:1.0,name:pen}]}");
    expect(decodeLossless(encoded?.view ?? "")).toBe(text);
  });

  it("spell letters plainly where all of them were escapes, and escape them again", () => {
    const text = JSON.stringify(Array.from({ length: 6 }, (_none, index) => ({ id: index, city: "Zürich und Köln", note: "größer" })))
      .replaceAll("ü", "\\u00fc")
      .replaceAll("ö", "\\u00f6")
      .replaceAll("ß", "\\u00df");
    const encoded = encodeLossless(text, count);
    expect(encoded?.view).toContain("Zürich und Köln");
    expect(decodeLossless(encoded?.view ?? "")).toBe(text);
    const mixed = text.replace("\\u00fc", "ü");
    expect(decodeLossless(encodeLossless(mixed, count)?.view ?? "")).toBe(mixed);
    const upper = text.replaceAll("\\u00fc", "\\u00FC");
    expect(decodeLossless(encodeLossless(upper, count)?.view ?? "")).toBe(upper);
  });

  it("take lines of JSON as one array", () => {
    const lines = Array.from({ length: 5 }, (_none, index) => `{"id":${index},"level":"info"}`);
    const encoded = encodeLossless(lines.join("\n"), count);
    expect(decodeLossless(encoded?.view ?? "")).toBe(`[${lines.join(",")}]`);
  });

  it("leave alone what is no JSON, what is short already and what is nested very deep", () => {
    expect(encodeLossless("no JSON", count)).toBeNull();
    expect(encodeLossless("{", count)).toBeNull();
    expect(encodeLossless("[1,2,3]", count)).toBeNull();
    expect(encodeLossless("[".repeat(100_000) + "]".repeat(100_000), count)).toBeNull();
  });
});
