import { describe, expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../../lib/core/json.ts";
import { schemaFaults } from "../../../lib/operations/schemaFaults.ts";

const deep = (levels: number): JsonValue => (levels === 0 ? { $ref: "#/$defs/x" } : { allOf: [deep(levels - 1)] });

describe("schemaFaults", () => {
  test.each<[string, JsonObject, RegExp]>([
    ["does not compile", { type: "objekt" }, /^schema does not compile/],
    [
      "names another document",
      { properties: { a: { $ref: "https://example.com/a.json" } } },
      /^schema\.properties\.a\.\$ref names another document.*https:\/\/example\.com/,
    ],
    ["names a file in a list", { allOf: [{}, { $ref: "other.json#/x" }] }, /^schema\.allOf\[1\]\.\$ref names another document/],
    ["refers to itself", { $ref: "#" }, /^schema\.\$ref refers to itself without end #/],
    [
      "goes round in a circle",
      { $ref: "#/$defs/a", $defs: { a: { allOf: [{ $ref: "#/$defs/b" }] }, b: { anyOf: [{ $ref: "#/$defs/a" }] } } },
      /without end/,
    ],
    ["goes round over escaped names", { $defs: { "a/b": { not: { $ref: "#/$defs/a~1b" } } } }, /without end/],
    ["goes round over encoded names", { $defs: { "a b": { if: { $ref: "#/$defs/a%20b" } } } }, /without end/],
    ["goes round over a list", { allOf: [{ $ref: "#/allOf/0" }] }, /without end/],
    ["refers to nothing", { $ref: "#/$defs/none" }, /does not compile/],
    ["refers to what is no name", { $ref: "#/$defs/%E0%A4" }, /does not compile/],
  ])("finds that a schema %s", (_what, schema, told) => {
    const faults = schemaFaults(schema).map(({ path, message, got }) => `${path} ${message} ${got ?? ""}`);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults[0]).toMatch(told);
  });

  test("finds none in a tree, in constants that look like references, in the short form", () => {
    const tree = { $ref: "#/$defs/node", $defs: { node: { properties: { kids: { items: { $ref: "#/$defs/node" } } } } } };
    expect(schemaFaults(tree)).toEqual([]);
    expect(schemaFaults({ enum: [{ $ref: "elsewhere.json" }], default: { $ref: "elsewhere.json" } })).toEqual([]);
    expect(schemaFaults({ type: "object", fields: [{ name: "a", type: "number" }] })).toEqual([]);
    expect(schemaFaults(true)).toMatchObject([{ message: expect.stringContaining("a schema is an object") as string }]);
  });

  test("ends on schemas of any depth", () => {
    expect(schemaFaults({ ...(deep(300) as JsonObject), $defs: { x: {} } })).toEqual(expect.any(Array));
  });
});
