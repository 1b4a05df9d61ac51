import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../../../lib/core/json.ts";
import { csvPlugin } from "../../../../lib/plugins/builtin/csv.ts";
import { jsonPlugin } from "../../../../lib/plugins/builtin/json.ts";
import type { AppError } from "../../../../lib/core/errors.ts";
import { callOf, dataOf, errorOf, executorOf } from "../executorOf.ts";

const executor = executorOf([csvPlugin, jsonPlugin]);
async function run(action: string, params: JsonObject): Promise<JsonValue> {
  const [plugin = "", name = ""] = action.split(".");
  return dataOf(await executor.execute(callOf(plugin, name, params)));
}
async function failure(action: string, params: JsonObject): Promise<AppError> {
  const [plugin = "", name = ""] = action.split(".");
  return errorOf(await executor.execute(callOf(plugin, name, params))).error;
}

describe("csv.parse", () => {
  test("reads quoted cells, a byte order mark, and the delimiter of the first line", async () => {
    expect(await run("csv.parse", { text: '\uFEFFname;note\r\n"A; B";"say ""hi""\nthere"\r\n' })).toEqual({
      rows: [{ name: "A; B", note: 'say "hi"\nthere' }],
      row_count: 1,
      columns: ["name", "note"],
      is_truncated: false,
    });
  });

  test("takes given names, or gives lists", async () => {
    expect(await run("csv.parse", { text: "1,2", header: ["a", "b"] })).toMatchObject({ rows: [{ a: "1", b: "2" }] });
    expect(await run("csv.parse", { text: "1,2", header: false })).toMatchObject({ rows: [["1", "2"]], columns: null });
  });

  test("turns only plain numbers into numbers", async () => {
    const text = "a\n5\n-1.25\n007\n1e3\n12345678901234567890\nInfinity\n 5";
    const { rows } = (await run("csv.parse", { text, numbers: true })) as { rows: { a: JsonValue }[] };
    expect(rows.map(({ a }) => a)).toEqual([5, -1.25, "007", "1e3", "12345678901234567890", "Infinity", " 5"]);
  });

  test.each([
    ["a row that is too long", { text: "a,b\n1,2,3" }, /line 2|row 2/],
    ["a quote that never ends", { text: 'a\n"open' }, /not CSV/],
    ["two columns of one name", { text: "a,a\n1,2" }, /"a"/],
    ["names that do not fit", { text: "1,2", header: ["a"] }, /row 1 has 2 cells, the header 1/],
  ])("refuses %s, saying where", async (_, params, message) => {
    expect(await failure("csv.parse", params)).toMatchObject({ code: "TRANSFORM_FAILED", message: expect.stringMatching(message) });
  });

  test("says when it stopped at the limit", async () => {
    expect(await run("csv.parse", { text: "a\n1\n2\n3", limit: 2 })).toMatchObject({ row_count: 2, is_truncated: true });
    expect(await run("csv.parse", { text: "a\n1\n2", limit: 2 })).toMatchObject({ row_count: 2, is_truncated: false });
  });

  test("a column named __proto__ is a column", async () => {
    const { rows } = (await run("csv.parse", { text: "__proto__,a\n1,2" })) as { rows: object[] };
    expect(Object.entries(rows[0] ?? {})).toEqual([
      ["__proto__", "1"],
      ["a", "2"],
    ]);
  });
});

describe("csv.stringify", () => {
  test("writes the union of columns, nested values as JSON", async () => {
    expect(
      await run("csv.stringify", {
        rows: [
          { a: 1, b: true },
          { c: { d: [1] }, a: null },
        ],
      }),
    ).toBe('a,b,c\n1,true,\n,,"{""d"":[1]}"\n');
  });

  test("guards texts that a spreadsheet would run, and leaves numbers alone", async () => {
    const rows = [{ a: "=1+1" }, { a: "+x" }, { a: "-x" }, { a: "@x" }, { a: "\tx" }, { a: -5 }];
    expect(await run("csv.stringify", { rows, header: false })).toBe("'=1+1\n'+x\n'-x\n'@x\n'\tx\n-5\n");
    expect(await run("csv.stringify", { rows: [{ a: "=1+1" }], header: false, formula_guard: false })).toBe("=1+1\n");
  });

  test("gives back through parse what went in", async () => {
    const cell = fc.string().filter((text) => text.trim() !== "");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ a: cell, b: cell }), { minLength: 1, maxLength: 5 }), async (rows) => {
        const text = (await run("csv.stringify", { rows, formula_guard: false })) as string;
        expect(await run("csv.parse", { text, delimiter: "," })).toMatchObject({ rows });
      }),
    );
  });
});

describe("json", () => {
  test("parse keeps the digits of whole numbers that a number cannot hold", async () => {
    expect(await run("json.parse", { text: "[9007199254740993,1]" })).toEqual(["9007199254740993", 1]);
  });

  test("queries by path, with and without a default", async () => {
    const value = { orders: [{ total: 1 }, { total: 2 }] };
    expect(await run("json.query", { value, path: "orders[*].total" })).toEqual([1, 2]);
    expect(await run("json.query", { value, path: "none", default: [] })).toEqual([]);
    expect((await failure("json.query", { value, path: "order" })).message).toContain('did you mean "orders"?');
  });

  test("merges deeply, replacing or joining lists, and keeps __proto__ as data", async () => {
    const values = [{ a: { b: 1, c: [1] } }, { a: { c: [2], d: null } }];
    expect(await run("json.merge", { values })).toEqual({ a: { b: 1, c: [2], d: null } });
    expect(await run("json.merge", { values, arrays: "concat" })).toEqual({ a: { b: 1, c: [1, 2], d: null } });
    await run("json.merge", { values: [{}, JSON.parse('{"__proto__":{"polluted":1}}')] });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("reports every defect of a value", async () => {
    const schema = { type: "object", properties: { a: { type: "number" } }, required: ["a", "b"] };
    expect(await run("json.validate", { value: { a: "x" }, schema })).toMatchObject({
      valid: false,
      defects: [{ path: "b" }, { path: "a" }],
    });
    expect(await run("json.validate", { value: { a: 1, b: 2 }, schema })).toEqual({ valid: true, defects: [] });
    expect((await failure("json.validate", { value: 1, schema: { type: "nonsense" } })).code).toBe("PARAMS_INVALID");
  });

  test("a pattern made to hang a backtracking engine does not", async () => {
    const schema = { type: "string", pattern: "^(a+)+$" };
    expect(await run("json.validate", { value: `${"a".repeat(40)}!`, schema })).toMatchObject({ valid: false });
    expect(await run("json.validate", { value: "aaa", schema })).toMatchObject({ valid: true });
  });

  test("parses and writes", async () => {
    expect(await run("json.parse", { text: '{"a":[1]}' })).toEqual({ a: [1] });
    expect((await failure("json.parse", { text: "<html>" })).message).toContain('begins with "<html>"');
    expect(await run("json.stringify", { value: { b: 1, a: 2 }, sort_keys: true })).toBe('{"a":2,"b":1}');
  });
});
