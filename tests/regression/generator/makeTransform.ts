// Draws `transform` steps over the rows and texts at a place.
import type { JsonValue } from "../../../lib/core/json.ts";
import type { Made, Maker, StepMaker, ValueType } from "./StepMaker.ts";

function transform(operation: string, input: JsonValue, config: { readonly [key: string]: JsonValue }, type: ValueType): Made {
  return { fields: { operation, input, config }, gives: [{ type }] };
}

const ROWS = "{{input.rows}}";

const TRANSFORMS: readonly ((maker: StepMaker, place: Parameters<Maker>[1]) => Made)[] = [
  ({ random }) => transform("filter", ROWS, { field: "amount", operator: random.pick([">", "<"]), value: random.whole(10, 60) }, "rows"),
  () => transform("filter", ROWS, { expression: "item.isOpen || item.amount > double(input.limit)" }, "rows"),
  ({ random }) =>
    transform("sort", ROWS, { by: [{ field: random.pick(["amount", "group", "name"]), order: random.pick(["asc", "desc"]) }] }, "rows"),
  () => transform("group", ROWS, { field: "group" }, "object"),
  () =>
    transform(
      "aggregate",
      ROWS,
      { group_by: "group", aggregations: [{ operation: "sum", field: "amount" }, { operation: "count" }] },
      "any",
    ),
  () => transform("map", ROWS, { mapping: { title: "{{item.name}}: {{item.group}}", position: "{{index}}" } }, "any"),
  () => transform("map", ROWS, { field: "name" }, "texts"),
  () => transform("deduplicate", ROWS, { key: "group" }, "rows"),
  () => transform("partition", ROWS, { field: "group" }, "object"),
  ({ random }) => transform("split", ROWS, { size: random.whole(2, 20) }, "any"),
  () => transform("pivot", ROWS, { rowKey: "group", columnKey: "isOpen", valueKey: "amount", aggregate: "sum" }, "any"),
  () => transform("reduce", ROWS, { reducer: "sum", field: "amount" }, "number"),
  () => transform("render_table", ROWS, { columns: ["name", "amount"], caption: "Rows" }, "text"),
  () =>
    transform(
      "with_fields",
      ROWS,
      {
        fields: [
          {
            name: "label",
            expression: {
              kind: "concat",
              args: [
                { kind: "ref", ref: "item", field: "name" },
                { kind: "literal", value: "!" },
              ],
            },
          },
        ],
      },
      "rows",
    ),
  () => transform("set_difference", ROWS, { reference: ["red"], key_field: "group" }, "rows"),
  () =>
    transform(
      "join",
      ROWS,
      {
        right: [
          { name: "row 1", extra: 1 },
          { name: "row 2", extra: 2 },
        ],
        on: "name",
        type: "left",
      },
      "rows",
    ),
  (maker, place) => transform("set", null, { value: { one: maker.any(place), two: "{{input.limit}}" } }, "object"),
  () => transform("expand", "{{input.topic}}", { delimiter: " " }, "texts"),
  ({ random }) => ({ fields: { expression: `input.limit * ${random.whole(2, 5)}.0` }, gives: [{ type: "number" }] }),
  () => ({ fields: { expression: "input.rows.exists(row, row.amount > 50.0)" }, gives: [{ type: "boolean" }] }),
];

export const makeTransform: Maker = (maker, place) => maker.random.pick(TRANSFORMS)(maker, place);
