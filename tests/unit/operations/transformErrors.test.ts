import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../lib/core/json.ts";
import { scopeOf } from "../../../lib/operations/templates.ts";
import { applyTransform, checkTransformConfig } from "../../../lib/operations/transforms/registry.ts";
import { errorOf } from "./errorOf.ts";

const context = { nowMs: 0, scope: scopeOf({ step1: { a: 1 } }) };
const fails = (operation: string, input: JsonValue, config: JsonValue) => errorOf(() => applyTransform(operation, input, config, context));

describe("a wrong configuration", () => {
  it.each<[string, JsonValue, string]>([
    ["filtr", {}, 'did you mean "filter"?'],
    ["fetch_content", {}, "action step"],
    ["custom_code", {}, "there is no transform"],
    ["map", { custom_code: "x => x" }, "CEL in `expression`"],
    ["map", {}, "exactly one of"],
    ["map", { field: "a", fields: ["b"] }, "field and fields"],
    ["map", { field: "a", add_headers: true }, "config.add_headers"],
    ["map", { expression: "itm.a" }, 'did you mean "item"?'],
    ["map", { expression: "item." }, "cannot be read"],
    ["map", { column_index: "two" }, "config.column_index: expected"],
    ["filter", {}, "config.condition"],
    ["filter", { condition: { field: "a", operator: "equls", value: 1 } }, 'did you mean "equals"?'],
    ["filter", { condition: "amount > 1" }, "write item.amount"],
    ["filter", { condition: { field: "a", operator: "==", value: "{{stp1.a}}" } }, 'did you mean "step1"?'],
    ["sort", { order: "up", sort_by: "a" }, 'config.order: expected asc | desc | ascending | descending, got "up"'],
    ["sort", { sortby: "a" }, 'did you mean "sort_by"?'],
    ["sort", { field: "a", by: "b" }, "one of sort_by, field, by"],
    ["group", {}, "config.field"],
    ["aggregate", { operation: "median", field: "a" }, "config.operation"],
    ["aggregate", { operation: "sum" }, "a field to sum"],
    ["split", {}, "either size or count"],
    ["split", { size: 0 }, "config.size"],
    ["partition", { field: "a", expression: "true" }, "both"],
    ["pivot", { rowKey: "a", columnKey: "b" }, "config.valueKey"],
    ["set_difference", {}, "config.reference"],
    ["set_difference", { reference: "x" }, "a list or null"],
    ["join", { right: [] }, "left_key and right_key"],
    ["join", { on: "id" }, "config.right"],
    ["with_fields", { fields: [{ name: "x", expression: { kind: "litral", value: 1 } }] }, 'did you mean "literal"?'],
    [
      "with_fields",
      { fields: [{ name: "x", expression: { kind: "date_diff", left: { kind: "today" }, right: { kind: "today" }, unit: "hours" } }] },
      "expected days",
    ],
    ["with_fields", { fields: [{ name: "x", expression: { kind: "today", code: "1" } }] }, "config.fields[0].expression.code"],
    ["expression", {}, "config.expression"],
    ["reduce", { expression: "acc + item", reducer: "sum" }, "both"],
    ["project_column", { column: { kind: "by_name" } }, "config.column"],
  ])("%s with %j is refused", (operation, config, part) => {
    const error = fails(operation, [], config);
    expect(error.code).toBe("TRANSFORM_INVALID");
    expect(error.message).toContain(part);
    expect(error.details.field).toBeDefined();
  });

  it("is checked without data", () => {
    expect(checkTransformConfig("sort", { sort_by: "a" })).toEqual({ sort_by: "a" });
    expect(errorOf(() => checkTransformConfig("sort", { sort_by: 1.5 })).code).toBe("TRANSFORM_INVALID");
  });
});

describe("data that do not suit", () => {
  it.each<[string, JsonValue, JsonValue, string]>([
    ["sort", { items: [], total: 0 }, {}, "an object with items, total"],
    ["map", null, { field: "a" }, "input is not a list"],
    ["map", [{ email: 1 }], { field: "emial" }, 'did you mean "email"?'],
    ["map", [{ a: 1 }, {}], { mapping: "{{item.a}}" }, "item 1"],
    ["map", [{ a: 1 }, {}], { expression: "item.a" }, "No such key"],
    ["filter", [{}], { expression: "item.a > 1" }, "item 0"],
    ["reduce", ["1", "x"], { reducer: "sum" }, "value 1 is not a number"],
    ["reduce", [1], { reducer: "merge" }, "expected an object"],
    ["aggregate", [{ a: "x" }], { operation: "sum", field: "a" }, "not a number"],
    ["flatten", [{ a: 1 }], { field: "a" }, "is not a list"],
    ["partition", [{ a: 1 }, {}], { field: "a", handle_empty: "error" }, "1 items have no a"],
    [
      "pivot",
      [
        { r: 1, c: 1, v: 1 },
        { r: 1, c: 1, v: 2 },
      ],
      { rowKey: "r", columnKey: "c", valueKey: "v" },
      "several values for one cell",
    ],
    ["rows_to_objects", [{ a: 1 }], {}, "row 0 is not a list"],
    ["join", [1], { right: [], on: "id" }, "left[0]"],
    ["with_fields", [1], { fields: [{ name: "x", expression: { kind: "today" } }] }, "input[0]"],
    [
      "with_fields",
      [{ d: "soon" }],
      { fields: [{ name: "x", expression: { kind: "date_add", date: { kind: "ref", ref: "item", field: "d" }, days: 1 } }] },
      "no readable date",
    ],
    ["with_fields", [{}], { fields: [{ name: "x", expression: { kind: "ref", ref: "step9", field: "d" } }] }, 'ref "step9"'],
    ["expand", [{ a: {} }], { field: "a" }, "is not a text"],
    ["select", 5, { fields: "a" }, "no fields"],
    ["expression", 1, { expression: 'input + "x"' }, "no such overload"],
  ])("%s of %j", (operation, input, config, part) => {
    const error = fails(operation, input, config);
    expect(error.code).toBe("TRANSFORM_FAILED");
    expect(error.message).toContain(part);
  });

  it("names the list inside an object in the hint", () => {
    expect(fails("sort", { items: [] }, {}).hint).toBe("name the list inside it: .items");
  });
});
