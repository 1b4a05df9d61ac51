// What docs/reference/transforms.md says of each transform beside its schema. The results are not written here: the page asks the code for them.
import type { JsonObject, JsonValue } from "../../lib/core/json.ts";

export interface TransformExample {
  readonly takes: string;
  readonly gives: string;
  readonly input: JsonValue;
  readonly config: JsonObject;
}

/** The input of most examples; the page shows it once. */
export const ORDERS: JsonValue = [
  { id: 1, customer: "Ada", amount: 30, status: "paid" },
  { id: 2, customer: "Bob", amount: 70, status: "open" },
  { id: 3, customer: "Ada", amount: 20, status: "paid" },
];
const LIST = "A list.";
const ROWS = "A list of objects.";

export const TRANSFORM_EXAMPLES: Readonly<Record<string, TransformExample>> = {
  set: {
    takes: "With `value` anything; with `fields` an object or nothing.",
    gives: "The value, or the object with the fields.",
    input: { id: 1, status: "open" },
    config: { fields: { status: "done", by: "Ada" } },
  },
  select: {
    takes: "An object or a list of objects.",
    gives: "The same with these fields only; null where an item lacks one. A field that no item has is an error.",
    input: ORDERS,
    config: { fields: ["id", "amount"] },
  },
  map: {
    takes: LIST,
    gives: "A list of as many new items. Exactly one of the ways is given.",
    input: ORDERS,
    config: { mapping: { title: "{{item.customer}} pays {{item.amount}}", position: "{{index}}" } },
  },
  filter: {
    takes: LIST,
    gives: "The items for which the condition holds, in their order.",
    input: ORDERS,
    config: { condition: "item.amount > 25 && item.status == 'paid'" },
  },
  reduce: {
    takes: LIST,
    gives: "One value. `sum` leaves blank values out and refuses what is no number; without `initial` an empty list gives null.",
    input: ORDERS,
    config: { reducer: "sum", field: "amount" },
  },
  sort: {
    takes: LIST,
    gives: "The same items. A column is compared as numbers, dates or texts by what all its values are; blank ones come last.",
    input: ORDERS,
    config: { sort_by: [{ field: "customer" }, { field: "amount", order: "desc" }] },
  },
  group: {
    takes: ROWS,
    gives: "An object of lists, or with `output_format: array` a list of groups.",
    input: ORDERS,
    config: { field: "customer", output_format: "array", items_field: "orders" },
  },
  aggregate: {
    takes: ROWS,
    gives: "One object, or with `group_by` one per group. Blank values are left out.",
    input: ORDERS,
    config: {
      group_by: "customer",
      aggregations: [
        { operation: "sum", field: "amount", alias: "total" },
        { operation: "count", alias: "orders" },
      ],
    },
  },
  deduplicate: {
    takes: LIST,
    gives: "The items without the repeated ones. Items without a key are all kept.",
    input: ORDERS,
    config: { key: "customer", keep: "last" },
  },
  flatten: {
    takes: "A list of lists, or of objects whose `field` holds a list.",
    gives: "One list.",
    input: [
      { id: 1, tags: ["new", "big"] },
      { id: 2, tags: [] },
    ],
    config: { field: "tags", keep_empty: true },
  },
  partition: {
    takes: LIST,
    gives: "An object of lists: one per value of `field`, or `matched` and `unmatched`.",
    input: ORDERS,
    config: { condition: { field: "status", operator: "==", value: "paid" } },
  },
  pivot: {
    takes: ROWS,
    gives: "One object per row key, with null in cells without a value.",
    input: ORDERS,
    config: { rowKey: "customer", columnKey: "status", valueKey: "amount", aggregate: "sum" },
  },
  split: {
    takes: LIST,
    gives: "A list of lists.",
    input: [1, 2, 3, 4, 5],
    config: { size: 2 },
  },
  expand: {
    takes: "A text, a list of texts, or with `field` a list of objects.",
    gives: "A list. Parts are trimmed, empty ones dropped; a row without parts stays.",
    input: [{ id: 1, tags: "new, big" }],
    config: { field: "tags" },
  },
  rows_to_objects: {
    takes: "A list of lists, as spreadsheets give it.",
    gives: "A list of objects.",
    input: [
      ["First Name", "Amount"],
      ["Ada", 30],
      ["Bob", 70],
    ],
    config: {},
  },
  with_fields: {
    takes: "A list of objects, an object, or nothing when no field reads the row.",
    gives: "The same with the new fields.",
    input: ORDERS,
    config: {
      fields: [
        {
          name: "label",
          expression: {
            kind: "concat",
            args: [{ kind: "ref", ref: "item", field: "customer" }, ": ", { kind: "ref", ref: "item", field: "status" }],
          },
        },
        {
          name: "large",
          expression: {
            kind: "if",
            condition: { field: "amount", operator: ">", value: 50 },
            // oxlint-disable-next-line unicorn/no-thenable -- a node of the vocabulary, never awaited
            then: { kind: "literal", value: true },
            else: { kind: "literal", value: false },
          },
        },
      ],
    },
  },
  project_column: {
    takes: LIST,
    gives: "A flat list.",
    input: ORDERS,
    config: { column: { kind: "by_field", field: "amount" } },
  },
  set_difference: {
    takes: LIST,
    gives: "The items that are not in `reference`. Items without a key are kept.",
    input: ORDERS,
    config: { reference: [1, 3], key_field: "id" },
  },
  render_table: {
    takes: "A list of objects or of lists.",
    gives: "A text of HTML; every cell is escaped.",
    input: ORDERS,
    config: { columns: ["customer", { field: "amount", header: "EUR" }] },
  },
  join: {
    takes: "A list of objects, or an object with the lists `left` and `right`.",
    gives: "A list of joined objects in the order of the left list. Blank keys match nothing.",
    input: ORDERS,
    config: { right: [{ customer: "Ada", city: "London" }], on: "customer", type: "left" },
  },
  expression: {
    takes: "Anything; it is `input` in the expression.",
    gives: "What the expression gives.",
    input: ORDERS,
    config: { expression: "input.filter(order, order.status == 'paid').map(order, order.id)" },
  },
};

/** The nodes that the expressions of with_fields are made of. */
export const NODE_MEANINGS: Readonly<Record<string, string>> = {
  literal: "The value itself.",
  ref: "`ref: item` is the row, another name a step or `input`; `field` a field of it. Null where the row lacks it.",
  config: "The input of that name.",
  concat: "Its parts as one text; null is no text.",
  if: "`then` or `else` by a condition of any form. Without `else`: null.",
  today: "The date of today, such as 2024-05-15.",
  date_diff: "Calendar days from `right` to `left`.",
  date_add: "The date that many days later.",
  null_check: "True for null, absent and blank text; `invert: true` turns it round.",
  all_not_null: "True when none of the fields is null or blank.",
};
