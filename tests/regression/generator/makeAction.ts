// Draws `action` steps: reads and writes of the invented plugins and the built-in ones.
import type { JsonObject } from "../../../lib/core/json.ts";
import type { Made, Maker, Place, StepMaker } from "./StepMaker.ts";

type ActionMaker = (maker: StepMaker, place: Place, id: string) => Made;

function call(plugin: string, action: string, params: JsonObject, gives: Made["gives"] = []): Made {
  return { fields: { plugin, action, params }, gives };
}

function withFields({ fields, ...made }: Made, more: JsonObject): Made {
  return { ...made, fields: { ...fields, ...more } };
}

const ACTIONS: readonly ActionMaker[] = [
  ({ random }) =>
    call("crm", "find_contact", { email: random.pick(["a@example.com", "b@example.com"]) }, [
      { type: "object" },
      { inner: ".company", type: "text" },
      { inner: ".open_deals", type: "number" },
    ]),
  ({ random }) =>
    call("sheet", "read_rows", { table: random.pick(["costs", "visits"]), limit: random.whole(2, 5) }, [
      { type: "any" },
      { inner: "[0].region", type: "text" },
      { inner: "[0].amount", type: "number" },
    ]),
  (maker, place, id) => {
    const isUndone = maker.random.chance(0.5);
    const rollback = isUndone
      ? { rollbackAction: { plugin: "chat", action: "post", params: { channel: "undo", text: `undone ${id}: {{${id}.appended}}` } } }
      : {};
    const rows = [{ value: maker.any(place), topic: "{{input.topic}}" }];
    return withFields(call("sheet", "append_rows", { table: id, rows }, [{ type: "object" }]), rollback);
  },
  (maker, place) => call("chat", "post", { channel: "general", text: `{{${maker.find(place, "text")}}} and more` }, [{ type: "object" }]),
  (maker, place) => call("json", "stringify", { value: maker.any(place), indent: maker.random.whole(0, 2) }, [{ type: "text" }]),
  () => call("csv", "stringify", { rows: "{{input.rows}}" }, [{ type: "text" }]),
  (maker, place, id) =>
    call("files", "write", { path: `out/${maker.agent}/${id}.txt`, content: `{{${maker.find(place, "text")}}}` }, [{ type: "object" }]),
  ({ random }, _place, id) =>
    withFields(
      call("flaky", "read", { name: id, failures: random.whole(0, 2) }, [{ type: "object" }, { inner: ".tries", type: "number" }]),
      {
        retryPolicy: { maxRetries: 3, backoffMs: 1, backoffMultiplier: 1 },
      },
    ),
  ({ random }) =>
    call("mail", "search", { query: random.pick(["delivery", "price"]), limit: random.whole(1, 3) }, [
      { type: "object" },
      { inner: ".messages[0].subject", type: "text" },
    ]),
  (maker, place) => call("outbox", "deliver", { to: ["team@example.com"], subject: "{{input.topic}}", body: { value: maker.any(place) } }),
  ({ random }) => call("shop", "set_stock", { sku: `SKU-${random.whole(100, 999)}`, stock: random.whole(0, 50) }, [{ type: "object" }]),
  () =>
    call("json", "merge", { values: ["{{input.person}}", { seen: true, topics: ["{{input.topic}}"] }], arrays: "concat" }, [
      { type: "object" },
    ]),
];

export const makeAction: Maker = (maker, place, id) => maker.random.pick(ACTIONS)(maker, place, id);
