import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, type JsonValue } from "../../../lib/core/json.ts";
import { applyTransform } from "../../../lib/operations/transforms/registry.ts";

const context = { nowMs: 0 };
const apply = (operation: string, input: JsonValue, config: JsonValue = {}): JsonValue => applyTransform(operation, input, config, context);
const list = (operation: string, input: JsonValue, config: JsonValue = {}): readonly JsonValue[] =>
  apply(operation, input, config) as readonly JsonValue[];
/** The same elements, in whatever order. */
const bag = (values: readonly JsonValue[]): string[] => values.map(canonicalJson).sort();
const cell: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom("a", "B", "10", "9", "", "2024-01-02", "n/a", "__proto__"),
  fc.constant(null),
  fc.boolean(),
);
const row = fc.record({ k: cell, v: fc.integer(), w: cell }, { requiredKeys: ["v"] }) as fc.Arbitrary<JsonValue>;
const rows = fc.array(row, { maxLength: 25 });

describe("properties of transforms", () => {
  it("sort gives a permutation, and sorting again changes nothing", () => {
    fc.assert(
      fc.property(rows, fc.constantFrom("asc", "desc"), (items, order) => {
        const sorted = list("sort", items, { sort_by: ["k", "v"], order });
        expect(bag(sorted)).toEqual(bag(items));
        expect(apply("sort", sorted, { sort_by: ["k", "v"], order })).toEqual(sorted);
      }),
    );
  });

  it("sort orders numbers and is stable", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ n: fc.integer({ min: 0, max: 5 }), at: fc.nat() })), (items) => {
        const numbered = items.map(({ n }, at) => ({ n, at }));
        const expected = numbered.toSorted((left, right) => left.n - right.n || left.at - right.at);
        expect(apply("sort", numbered, { field: "n" })).toEqual(expected);
      }),
    );
  });

  it("group and partition put every item into exactly one list", () => {
    fc.assert(
      fc.property(rows, (items) => {
        const groups = list("group", items, { field: "k", output_format: "array" }) as readonly { readonly items: readonly JsonValue[] }[];
        expect(bag(groups.flatMap((group) => group.items))).toEqual(bag(items));
        for (const operation of ["group", "partition"]) {
          const object = apply(operation, items, { field: "k" }) as Readonly<Record<string, readonly JsonValue[]>>;
          expect(bag(Object.values(object).flat())).toEqual(bag(items));
        }
        const halves = apply("partition", items, { condition: { field: "v", operator: ">", value: 0 } }) as Readonly<
          Record<string, readonly JsonValue[]>
        >;
        expect(bag(Object.values(halves).flat())).toEqual(bag(items));
        expect(halves["matched"]).toEqual(apply("filter", items, { field: "v", operator: ">", value: 0 }));
      }),
    );
  });

  it("deduplicate keeps a subset and is idempotent", () => {
    fc.assert(
      fc.property(rows, fc.constantFrom("first", "last"), fc.boolean(), (items, keep, byKey) => {
        const config = byKey ? { key: "k", keep } : { keep };
        const once = list("deduplicate", items, config);
        expect(apply("deduplicate", once, config)).toEqual(once);
        const all = new Set(items.map(canonicalJson));
        expect(once.every((item) => all.has(canonicalJson(item)))).toBe(true);
      }),
    );
  });

  it("split keeps all elements in order, in parts of the right size", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 7 }), (items, size) => {
        const bySize = list("split", items, { size }) as readonly (readonly number[])[];
        expect(bySize.flat()).toEqual(items);
        expect(bySize.every((part) => part.length > 0 && part.length <= size)).toBe(true);
        const byCount = list("split", items, { count: size }) as readonly (readonly number[])[];
        expect(byCount.flat()).toEqual(items);
        const lengths = byCount.map((part) => part.length);
        expect(lengths.length === 0 || Math.max(...lengths) - Math.min(...lengths) <= 1).toBe(true);
      }),
    );
  });

  it("flatten keeps all leaves in order", () => {
    const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, fc.integer(), fc.array(tie("tree"), { maxLength: 4 })),
    }));
    fc.assert(
      fc.property(fc.array(tree), (items) => {
        expect(apply("flatten", items, { depth: 10 })).toEqual((items as unknown[]).flat(10));
      }),
    );
  });

  it("flatten by field makes a row of every child", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ id: fc.nat(), kids: fc.array(fc.integer(), { maxLength: 4 }) })), (parents) => {
        const expected = parents.flatMap(({ id, kids }) => kids.map((kid) => ({ id, kids: kid })));
        expect(apply("flatten", parents, { field: "kids" })).toEqual(expected);
      }),
    );
  });

  it("join equals a nested loop", () => {
    const side = fc.array(fc.record({ id: fc.integer({ min: 0, max: 4 }), v: fc.nat() }), { maxLength: 8 });
    fc.assert(
      fc.property(side, side, (left, right) => {
        const expected = left.flatMap((one) => right.filter(({ id }) => id === one.id).map(({ v }) => ({ ...one, right_v: v })));
        expect(apply("join", left, { right, on: "id" })).toEqual(expected);
        const kept = list("join", left, { right, on: "id", type: "left" });
        expect(kept.length).toBe(left.reduce((total, { id }) => total + Math.max(1, right.filter((other) => other.id === id).length), 0));
      }),
    );
  });

  it("set_difference and the items it removes make up the input", () => {
    fc.assert(
      fc.property(rows, fc.array(cell), (items, reference) => {
        const kept = list("set_difference", items, { reference, key_field: "k" });
        const removed = items.filter((item) => !kept.includes(item));
        expect(kept.length + removed.length).toBe(items.length);
        expect(list("set_difference", removed, { reference, key_field: "k" })).toEqual([]);
      }),
    );
  });

  it("render_table lets no markup of the data through", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ a: fc.string(), "<th>": fc.constantFrom("<script>", "&", "'\"") })), (items) => {
        const html = apply("render_table", items) as string;
        const tags = html.match(/<[^>]*>/g) ?? [];
        expect(tags.every((tag) => /^<\/?(table|thead|tbody|tr|th|td)>$/.test(tag))).toBe(true);
      }),
    );
  });

  it("rows_to_objects loses no cell", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer(), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 }), (body) => {
        const table = [["A", "a", ""], ...body];
        const objects = list("rows_to_objects", table) as readonly Readonly<Record<string, JsonValue>>[];
        expect(objects.map((object) => Object.values(object).filter((value) => value !== null))).toEqual(body);
      }),
    );
  });
});
