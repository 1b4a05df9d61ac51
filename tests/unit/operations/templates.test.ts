import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../lib/core/errors.ts";
import type { JsonValue } from "../../../lib/core/json.ts";
import { parseTemplate, resolveTemplates, scopeOf, templateReferences, type TemplateScope } from "../../../lib/operations/templates.ts";
import { errorOf } from "./errorOf.ts";

const steps: Readonly<Record<string, JsonValue>> = {
  step1: { count: 3, rows: [{ to: "a@x.com" }, { to: "b@x.com" }], nothing: null },
  fetch: { data: { inner: true } },
  list: [1, 2],
};
const scope: TemplateScope = {
  get: (root) => {
    const value = Object.hasOwn(steps, root) ? steps[root] : undefined;
    return value === undefined ? { found: false } : { found: true, value, isStep: true };
  },
  roots: () => Object.keys(steps),
};
const resolve = (value: JsonValue): JsonValue => resolveTemplates(value, scope, "params");
const resolveError = (value: JsonValue): AppError => errorOf(() => resolve(value));

describe("resolveTemplates", () => {
  it.each<[JsonValue, JsonValue]>([
    ["{{step1.count}}", 3],
    ["{{ step1.data.count }}", 3],
    ["{{step1.rows}}", [{ to: "a@x.com" }, { to: "b@x.com" }]],
    ["{{step1.rows[*].to}}", ["a@x.com", "b@x.com"]],
    ["{{list.data[1]}}", 2],
    ["{{list.data}}", [1, 2]],
    ["{{fetch.data.inner}}", true],
    ["n={{step1.count}}", "n=3"],
    ["{{step1.count}}{{step1.count}}", "33"],
    ["{{step1.count}} {{step1.count}}", "3 3"],
    ["to {{step1.rows[0]}}", 'to {"to":"a@x.com"}'],
    ["[{{step1.nothing}}]", "[]"],
    ["{{step1.nothing}}", null],
    [" {{step1.count}}", " 3"],
    ["\\{{step1.count}}", "{{step1.count}}"],
    ["\\\\{{step1.count}}", "\\3"],
    ["a }} b { c", "a }} b { c"],
    [{ "{{step1.count}}": ["{{step1.count}}", 1, null] }, { "{{step1.count}}": [3, 1, null] }],
  ])("%j gives %j", (value, expected) => {
    expect(resolve(value)).toEqual(expected);
  });

  it("names the field, the known names and the likely one for a wrong root", () => {
    const error = resolveError({ rows: [{ to: "{{stpe1.count}}" }] });
    expect(error.message).toContain("params.rows[0].to");
    expect(error.message).toContain('did you mean "step1"?');
    expect(error.details).toMatchObject({ field: "params.rows[0].to", expected: "step1, fetch, list" });
  });

  it("is strict about case and names the key that exists", () => {
    expect(resolveError("{{step1.Count}}").message).toContain('did you mean "count"?');
  });

  it.each([
    "{{",
    "a {{step1.count",
    "{{}}",
    "{{ }}",
    "{{step1.count + 1}}",
    "{{[0].a}}",
    "{{constructor}}",
    "{{step1.__proto__}}",
    "{{step1['x}}",
  ])("refuses %j", (text) => {
    expect(resolveError(text).code).toBe("TEMPLATE_INVALID");
  });

  it("keeps braces inside a quoted key", () => {
    expect(resolveTemplates("{{a['}}']}}", scopeOf({ a: { "}}": 7 } }))).toBe(7);
  });

  it("keeps a key named __proto__ an ordinary key", () => {
    const resolved = resolve(JSON.parse('{"__proto__":{"polluted":"{{step1.count}}"}}') as JsonValue);
    expect(JSON.stringify(resolved)).toBe('{"__proto__":{"polluted":3}}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("refuses values nested without end", () => {
    let value: JsonValue = "{{step1.count}}";
    for (let depth = 0; depth < 200; depth += 1) value = [value];
    expect(resolveError(value).message).toContain("nested too deeply");
  });

  it("gives literal text back unchanged", () => {
    const literal = fc.string().filter((text) => !text.includes("{{"));
    fc.assert(
      fc.property(
        fc.jsonValue().filter((value) => !JSON.stringify(value).includes("{{")),
        literal,
        (value, text) => {
          expect(resolve(value as JsonValue)).toEqual(value);
          expect(resolve(text)).toBe(text);
        },
      ),
    );
  });

  it("never scans filled-in content again", () => {
    const hostile = fc.oneof(fc.string(), fc.constantFrom("{{secret}}", "{{", "}}", "\\{{secret}}", "{{step1.count}}"));
    fc.assert(
      fc.property(hostile, hostile, (first, second) => {
        const inner = scopeOf({ a: first, b: second, secret: "SECRET" });
        expect(resolveTemplates("{{a}}|{{b}}", inner)).toBe(`${first}|${second}`);
        expect(resolveTemplates("{{a}}", inner)).toBe(first);
      }),
    );
  });
});

/** The literal text of a parsed template, or the code of the error. */
function parseOrCode(text: string): string {
  try {
    return parseTemplate(text)
      .map((part) => (part.kind === "text" ? part.text : part.expression))
      .join("");
  } catch (error) {
    if (AppError.is(error)) return error.code;
    throw error;
  }
}

describe("parseTemplate", () => {
  it("throws nothing but AppError, and loses no text", () => {
    const pieces = fc.array(fc.constantFrom("{{", "}}", "{", "}", "a", ".", "[", "]", "'", '"', "\\", "*", "0", " ", "\n", "é"), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        pieces.map((parts) => parts.join("")),
        (text) => {
          const outcome = parseOrCode(text);
          expect(outcome === "TEMPLATE_INVALID" || outcome === text || text.includes("{{")).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("takes time in proportion to hostile text", () => {
    const started = performance.now();
    parseTemplate("x}}".repeat(100_000));
    expect(() => parseTemplate("{{a['".repeat(50_000))).toThrow(AppError);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe("templateReferences", () => {
  it("gives root, path and place of every template, not of keys or escapes", () => {
    const references = templateReferences({ "{{no}}": 1, rows: [{ to: "{{step1.rows[0]}} and {{ input.x }}" }], literal: "\\{{no}}" });
    expect(references).toEqual([
      {
        expression: "step1.rows[0]",
        root: "step1",
        path: [
          { kind: "key", key: "rows" },
          { kind: "index", index: 0 },
        ],
        location: "rows[0].to",
      },
      { expression: "input.x", root: "input", path: [{ kind: "key", key: "x" }], location: "rows[0].to" },
    ]);
  });
});
