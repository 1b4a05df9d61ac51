import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../lib/core/json.ts";
import { scopeOf } from "../../../lib/operations/templates.ts";
import { applyTransform, TRANSFORMS, transformNames } from "../../../lib/operations/transforms/registry.ts";

const scope = scopeOf({ input: { currency: "EUR", threshold: 2 }, step1: { suffix: "!" } });
const context = { nowMs: Date.UTC(2024, 4, 15, 22), timeZone: "Europe/Berlin", scope };
const rows: JsonValue = [
  { id: 1, name: "Bo", city: "Rome", amount: 10 },
  { id: 2, name: "Al", city: "Oslo", amount: "2.5" },
  { id: 3, name: "Cy", city: "Rome", amount: null },
];
const date = (value: string): JsonValue => ({ kind: "literal", value });
// As text, because a literal with a `then` looks like a promise.
const choose = (condition: JsonValue, whenTrue: JsonValue, whenFalse: JsonValue = date("no")): JsonValue =>
  JSON.parse(
    `{"kind":"if","condition":${JSON.stringify(condition)},"then":${JSON.stringify(whenTrue)},"else":${JSON.stringify(whenFalse)}}`,
  ) as JsonValue;

describe("transforms", () => {
  it.each<[string, JsonValue, JsonValue, JsonValue]>([
    ["set", 1, { value: { a: null } }, { a: null }],
    ["set", { a: 1, b: 2 }, { fields: { b: 3 } }, { a: 1, b: 3 }],
    [
      "select",
      rows,
      { fields: ["id", "name"] },
      [
        { id: 1, name: "Bo" },
        { id: 2, name: "Al" },
        { id: 3, name: "Cy" },
      ],
    ],
    ["select", { a: { b: 1 }, c: 2 }, { fields: "a.b" }, { "a.b": 1 }],
    ["map", rows, { field: "name" }, ["Bo", "Al", "Cy"]],
    ["map", [{ a: { b: 1 } }, { a: {} }], { field_path: "item.a.b" }, [1, null]],
    [
      "map",
      [
        ["a", 1],
        ["b", 2],
      ],
      { column_index: 1 },
      [1, 2],
    ],
    [
      "map",
      rows,
      { field_mapping: { who: "name", where: "city" } },
      [
        { who: "Bo", where: "Rome" },
        { who: "Al", where: "Oslo" },
        { who: "Cy", where: "Rome" },
      ],
    ],
    ["map", [["x", 1]], { field_mapping: { "0": "name", "1": "count" } }, [{ name: "x", count: 1 }]],
    ["map", [{ h1: "x", h2: 1 }], { field_mapping: { name: 0, count: "1" } }, [{ name: "x", count: 1 }]],
    ["map", [{ n: "Jo" }], { mapping: { to: "{{item.n}}{{step1.suffix}}", i: "{{index}}" } }, [{ to: "Jo!", i: 0 }]],
    ["map", [{ n: "{{step1.suffix}}" }], { mapping: "{{item.n}}" }, ["{{step1.suffix}}"]],
    [
      "map",
      [{ a: 1, b: 2 }],
      { columns: ["b", { field: "a", header: "A" }], add_headers: true },
      [
        ["b", "A"],
        [2, 1],
      ],
    ],
    ["map", [1, 2], { expression: "item * 10 + index" }, [10, 21]],
    [
      "filter",
      rows,
      { field: "city", operator: "==", value: "Rome" },
      [
        { id: 1, name: "Bo", city: "Rome", amount: 10 },
        { id: 3, name: "Cy", city: "Rome", amount: null },
      ],
    ],
    [
      "filter",
      rows,
      { condition: { field: "item.amount", operator: ">", value: "{{input.threshold}}" } },
      [
        { id: 1, name: "Bo", city: "Rome", amount: 10 },
        { id: 2, name: "Al", city: "Oslo", amount: "2.5" },
      ],
    ],
    ["filter", [1, 2, 3], { expression: "item > input.threshold" }, [3]],
    ["filter", [3, 1], { condition: { field: "item", operator: ">", value: 2 } }, [3]],
    ["reduce", rows, { reducer: "sum", field: "amount" }, 12.5],
    ["reduce", rows, { operation: "count" }, 3],
    ["reduce", ["a", "b"], { reducer: "concat", separator: "-" }, "a-b"],
    ["reduce", [[1], [2, 3]], { reducer: "concat" }, [1, 2, 3]],
    ["reduce", [{ a: 1 }, { b: 2 }], { reducer: "merge" }, { a: 1, b: 2 }],
    ["reduce", [1, 2, 3], { expression: "acc + item", initial: 10 }, 16],
    ["reduce", [4, 2, 3], { expression: "item > acc ? item : acc" }, 4],
    ["reduce", [], { expression: "acc + item" }, null],
    ["sort", [3, "10", 1], {}, [1, 3, "10"]],
    ["sort", ["b", "A", "a", "é", "z"], {}, ["a", "A", "b", "é", "z"]],
    [
      "sort",
      rows,
      { sort_by: "amount", order: "desc" },
      [
        { id: 1, name: "Bo", city: "Rome", amount: 10 },
        { id: 2, name: "Al", city: "Oslo", amount: "2.5" },
        { id: 3, name: "Cy", city: "Rome", amount: null },
      ],
    ],
    ["sort", [{ d: "31/12/2023" }, { d: "2023-06-01" }], { field: "d" }, [{ d: "2023-06-01" }, { d: "31/12/2023" }]],
    [
      "sort",
      [
        { a: 1, b: 1 },
        { a: 1, b: 2 },
        { a: 0, b: 9 },
      ],
      { by: ["a", { field: "b", order: "desc" }] },
      [
        { a: 0, b: 9 },
        { a: 1, b: 2 },
        { a: 1, b: 1 },
      ],
    ],
    [
      "group",
      [
        { c: "x", n: 1 },
        { c: "y", n: 2 },
        { c: "x", n: 3 },
      ],
      { column: "c" },
      {
        x: [
          { c: "x", n: 1 },
          { c: "x", n: 3 },
        ],
        y: [{ c: "y", n: 2 }],
      },
    ],
    [
      "group_by",
      [{ c: "x" }, { c: null }],
      { groupBy: "c", key_field: "city", items_field: "people" },
      [
        { city: "x", people: [{ c: "x" }] },
        { city: null, people: [{ c: null }] },
      ],
    ],
    ["group", [{ c: "x" }, {}], { field: "c", include_null_keys: false, output_format: "array" }, [{ key: "x", items: [{ c: "x" }] }]],
    ["aggregate", rows, { operation: "avg", field: "amount", alias: "mean" }, { mean: 6.25 }],
    ["aggregate", rows, { function: "count" }, { count: 3 }],
    [
      "aggregate",
      rows,
      {
        aggregations: [
          { operation: "min", field: "amount" },
          { operation: "max", field: "name" },
        ],
        group_by: "city",
      },
      [
        { city: "Rome", min_amount: 10, max_name: "Cy" },
        { city: "Oslo", min_amount: "2.5", max_name: "Al" },
      ],
    ],
    ["deduplicate", [{ k: 1, v: 1 }, { k: "1", v: 2 }, { v: 3 }, { v: 4 }], { key: "k" }, [{ k: 1, v: 1 }, { v: 3 }, { v: 4 }]],
    ["dedupe", [{ k: 1, v: 1 }, { k: 2 }, { k: 1, v: 2 }], { field: "k", keep: "last" }, [{ k: 2 }, { k: 1, v: 2 }]],
    [
      "dedupe",
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      {},
      [{ a: 1, b: 2 }],
    ],
    ["flatten", [1, [2, [3]]], {}, [1, 2, [3]]],
    ["flatten", [1, [2, [3]]], { depth: 2 }, [1, 2, 3]],
    [
      "flatten",
      [
        { id: 1, lines: [{ id: 7, sku: "a" }] },
        { id: 2, lines: [] },
      ],
      { field: "lines" },
      [{ parent_id: 1, id: 7, sku: "a" }],
    ],
    [
      "flatten",
      [
        { id: 1, tags: ["x"] },
        { id: 2, tags: [] },
      ],
      { field: "tags", keep_empty: true },
      [
        { id: 1, tags: "x" },
        { id: 2, tags: null },
      ],
    ],
    ["partition", [{ s: "a" }, { s: "" }, { s: "b" }], { field: "s" }, { a: [{ s: "a" }], "(empty)": [{ s: "" }], b: [{ s: "b" }] }],
    ["partition", [{ s: "a" }, {}], { field: "s", handle_empty: "skip" }, { a: [{ s: "a" }] }],
    ["partition", [1, 5], { expression: "item > 2" }, { matched: [5], unmatched: [1] }],
    [
      "pivot",
      [
        { r: "a", c: "x", v: 1 },
        { r: "a", c: "y", v: 2 },
        { r: "b", c: "x", v: 3 },
      ],
      { rowKey: "r", columnKey: "c", valueKey: "v" },
      [
        { r: "a", x: 1, y: 2 },
        { r: "b", x: 3, y: null },
      ],
    ],
    [
      "pivot",
      [
        { r: "a", c: "x", v: 1 },
        { r: "a", c: "x", v: 2 },
      ],
      { rowKey: "r", columnKey: "c", valueKey: "v", aggregate: "sum" },
      [{ r: "a", x: 3 }],
    ],
    ["split", [1, 2, 3, 4, 5], { size: 2 }, [[1, 2], [3, 4], [5]]],
    [
      "split",
      [1, 2, 3, 4, 5],
      { count: 2 },
      [
        [1, 2, 3],
        [4, 5],
      ],
    ],
    ["split", [], { count: 3 }, []],
    ["expand", "a, b ,,c", {}, ["a", "b", "c"]],
    ["expand", ["a;b", "c"], { delimiter: ";" }, ["a", "b", "c"]],
    [
      "expand",
      [
        { id: 1, tags: "x,y" },
        { id: 2, tags: "" },
      ],
      { field: "tags" },
      [
        { id: 1, tags: "x" },
        { id: 1, tags: "y" },
        { id: 2, tags: "" },
      ],
    ],
    [
      "rows_to_objects",
      [["First Name", "", "First Name"], ["Jo", 1, 2, 3], ["Al"]],
      {},
      [
        { first_name: "Jo", column_2: 1, first_name_2: 2, column_4: 3 },
        { first_name: "Al", column_2: null, first_name_2: null, column_4: null },
      ],
    ],
    ["map_headers", [["Title"], ["x"]], { preserve_case: true }, [{ Title: "x" }]],
    ["rows_to_objects", [["x"]], { headers: ["A"] }, [{ A: "x" }]],
    ["project_column", rows, { column: { kind: "by_field", field: "name" } }, ["Bo", "Al", "Cy"]],
    ["project_column", [["a", "b"]], { column: { kind: "by_index", index: 1 } }, ["b"]],
    ["project_column", [{ a: { b: 1 } }], { column: { kind: "by_field_path", path: "a.b" } }, [1]],
    [
      "set_difference",
      [{ id: 1 }, { id: "2" }, { x: 1 }],
      { reference: [{ key: 2 }], key_field: "id", reference_key_field: "key" },
      [{ id: 1 }, { x: 1 }],
    ],
    ["set_difference", [1, 2], { reference: null }, [1, 2]],
    ["set_difference", [{ id: "a" }, { id: "b" }], { reference: ["a"], key_field: "id" }, [{ id: "b" }]],
    [
      "join",
      [{ id: 1, n: "a" }, { id: 2, n: "b" }, { n: "c" }],
      {
        right: [
          { id: "1", n: "x" },
          { id: 1, n: "y" },
        ],
        on: "id",
      },
      [
        { id: 1, n: "a", right_n: "x" },
        { id: 1, n: "a", right_n: "y" },
      ],
    ],
    [
      "join",
      { left: [{ a: 1 }, { a: 2 }], right: [{ b: 1, c: 5 }] },
      { left_key: "a", right_key: "b", type: "left" },
      [
        { a: 1, b: 1, c: 5 },
        { a: 2, b: null, c: null },
      ],
    ],
    [
      "render_table",
      [
        { a: "<b>", n: 1 },
        { a: null, n: { x: '"' } },
      ],
      {},
      "<table><thead><tr><th>a</th><th>n</th></tr></thead><tbody><tr><td>&lt;b&gt;</td><td>1</td></tr><tr><td></td><td>{&quot;x&quot;:&quot;\\&quot;&quot;}</td></tr></tbody></table>",
    ],
    [
      "render_table",
      [["H"], ["x"]],
      { header_row: true },
      "<table><thead><tr><th>H</th></tr></thead><tbody><tr><td>x</td></tr></tbody></table>",
    ],
    ["render_table", [], { columns: ["a"], empty_text: "None & void" }, "<p>None &amp; void</p>"],
    ["expression", [1, 2, 3], { expression: "input.filter(x, x > 1)" }, [2, 3]],
  ])("%s of %j with %j", (operation, input, config, expected) => {
    expect(applyTransform(operation, input, config, context)).toEqual(expected);
  });

  it("covers every operation of the vocabulary", () => {
    const required =
      "set select map filter reduce sort group group_by aggregate deduplicate dedupe flatten partition pivot split expand rows_to_objects map_headers with_fields project_column set_difference render_table join";
    expect(transformNames()).toEqual(expect.arrayContaining(required.split(" ")));
    expect(new Set(transformNames()).size).toBe(transformNames().length);
    expect(TRANSFORMS.every(({ summary }) => summary !== "")).toBe(true);
  });

  it("leaves its input as it was", () => {
    const frozen = Object.freeze([3, 1, 2]);
    expect(applyTransform("sort", frozen, {}, context)).toEqual([1, 2, 3]);
    expect(frozen).toEqual([3, 1, 2]);
  });
});

describe("with_fields", () => {
  const compute = (expression: JsonValue, item: JsonValue = { a: 1, due: "2024-05-20", blank: " " }): JsonValue => {
    const [row] = applyTransform("with_fields", [item], { fields: [{ name: "out", expression }] }, context) as readonly {
      readonly out: JsonValue;
    }[];
    return row?.out ?? null;
  };

  it.each<[JsonValue, JsonValue]>([
    [{ kind: "literal", value: [1] }, [1]],
    [{ kind: "ref", ref: "item", field: "a" }, 1],
    [{ kind: "ref", ref: "item", field: "missing" }, null],
    [{ kind: "ref", slot: "step1", field: "suffix" }, "!"],
    [{ kind: "config", key: "currency" }, "EUR"],
    [{ kind: "concat", args: [{ kind: "ref", ref: "item", field: "a" }, "-", { kind: "literal", value: null }] }, "1-"],
    [choose({ type: "simple", field: "item.a", operator: "gt", value: 0 }, date("yes"), date("no")), "yes"],
    [choose({ kind: "null_check", value: { kind: "ref", ref: "item", field: "a" } }, date("yes")), "no"],
    [{ kind: "today" }, "2024-05-16"],
    [{ kind: "date_diff", left: { kind: "ref", ref: "item", field: "due" }, right: { kind: "today" }, unit: "days" }, 4],
    [{ kind: "date_diff", left: date("2024-05-11T20:00:00Z"), right: date("2024-05-11T08:00:00Z") }, 0],
    [{ kind: "date_diff", left: { kind: "literal", value: null }, right: { kind: "today" } }, null],
    [{ kind: "date_add", date: date("2024-02-28"), days: 2 }, "2024-03-01"],
    [{ kind: "date_add", date: date("2024-02-28T10:00:00Z"), days: { kind: "literal", value: "-1" } }, "2024-02-27T10:00:00.000Z"],
    [{ kind: "null_check", value: { kind: "ref", ref: "item", field: "blank" } }, true],
    [{ kind: "null_check", value: { kind: "ref", ref: "item", field: "a" }, invert: true }, true],
    [{ kind: "all_not_null", refs: ["a", "due"] }, true],
    [{ kind: "all_not_null", refs: ["a", { kind: "ref", ref: "item", field: "blank" }] }, false],
  ])("%j is %j", (expression, expected) => {
    expect(compute(expression)).toEqual(expected);
  });

  it("lets a later field read an earlier one and keeps the rest of the row", () => {
    const fields = [
      { name: "b", expression: { kind: "literal", value: 2 } },
      { name: "c", expression: { kind: "ref", ref: "item", field: "b" } },
    ];
    expect(applyTransform("with_fields", [{ a: 1 }], { fields }, context)).toEqual([{ a: 1, b: 2, c: 2 }]);
  });

  it("makes one object of constants when there are no rows", () => {
    expect(applyTransform("with_fields", null, { fields: [{ name: "day", expression: { kind: "today" } }] }, context)).toEqual({
      day: "2024-05-16",
    });
  });
});
