// Invented outside systems for the hundred agents: what they answer follows from what they are asked, and nothing is sent anywhere.
import { z } from "zod";
import { AppError } from "../../lib/core/errors.ts";
import { canonicalJson, type JsonValue } from "../../lib/core/json.ts";
import { sha256Hex } from "../../lib/core/ids.ts";
import { defineAction, definePlugin, type DefinedAction } from "../../lib/plugins/definePlugin.ts";
import type { Effect, Idempotency, Plugin } from "../../lib/plugins/types.ts";
import { sentence } from "./schemaValue.ts";
import { SeededRandom } from "./seededRandom.ts";

const HEADER: Idempotency = { by: "header", windowHours: 24 };
const NATURAL: Idempotency = { by: "natural", windowHours: 24 };
const NONE: Idempotency = { by: "none", windowHours: 0 };

const anyValue: z.ZodType<JsonValue, JsonValue> = z.json();
const anyObject = z.record(z.string(), anyValue);
const people = z.array(z.string().min(1)).min(1);

interface OfficeAction<Schema extends z.ZodType> {
  readonly description: string;
  readonly params: Schema;
  readonly effect?: Effect;
  readonly idempotency?: Idempotency;
  readonly answer: (params: z.output<Schema>, random: SeededRandom, id: string) => JsonValue;
}

function office<Schema extends z.ZodType>({
  description,
  params,
  effect = "read",
  idempotency = NATURAL,
  answer,
}: OfficeAction<Schema>): DefinedAction {
  return defineAction<z.ZodType>({
    description,
    params,
    effect,
    idempotency,
    costUsd: 0,
    run: async (given) => {
      const text = canonicalJson(given as JsonValue);
      return answer(given as z.output<Schema>, new SeededRandom(`${description}${text}`), sha256Hex(text).slice(0, 12));
    },
  });
}

function several<T>(random: SeededRandom, [min, max]: readonly [number, number], make: (index: number) => T): T[] {
  return Array.from({ length: random.whole(min, max) }, (_, index) => make(index));
}

const mail = definePlugin({
  name: "mail",
  version: "1.0.0",
  description: "Searches and sends mail",
  actions: {
    search: office({
      description: "Finds messages by words",
      params: z.strictObject({ query: z.string(), limit: z.int().min(1).max(20).default(5) }),
      answer: ({ query, limit }, random) => ({
        messages: Array.from({ length: limit }, (_, index) => ({
          id: `m${index + 1}`,
          from: `${random.pick(["anna", "ben", "carla", "dario"])}@example.com`,
          subject: `${query}: ${sentence(random)}`,
          body: several(random, [1, 3], () => `${sentence(random)}.`).join(" "),
          urgent: random.chance(0.3),
        })),
      }),
    }),
    send: office({
      description: "Sends one message",
      effect: "write",
      idempotency: HEADER,
      params: z.strictObject({ to: people, subject: z.string().min(1), body: z.string(), cc: z.array(z.string()).optional() }),
      answer: ({ to }, _random, id) => ({ id, accepted: to }),
    }),
  },
});

const crm = definePlugin({
  name: "crm",
  version: "1.0.0",
  description: "Contacts and leads",
  actions: {
    find_contact: office({
      description: "Looks a contact up by mail address",
      params: z.strictObject({ email: z.string().min(3) }),
      answer: ({ email }, random) => ({
        email,
        company: random.pick(["Nordlicht", "Bluefin", "Hanse Tools", "Pinewood"]),
        tier: random.pick(["gold", "silver", "none"]),
        open_deals: random.whole(0, 4),
      }),
    }),
    upsert_lead: office({
      description: "Creates a lead or changes it",
      effect: "write",
      params: z.strictObject({
        email: z.string(),
        owner: z.string().optional(),
        score: z.number().optional(),
        note: z.string().optional(),
      }),
      answer: ({ email, owner }, _random, id) => ({ lead_id: `L-${id}`, email, owner: owner ?? "unassigned" }),
    }),
    delete_lead: office({
      description: "Deletes a lead for good",
      effect: "destructive",
      params: z.strictObject({ lead_id: z.string() }),
      answer: ({ lead_id: leadId }) => ({ lead_id: leadId, deleted: true }),
    }),
  },
});

const shop = definePlugin({
  name: "shop",
  version: "1.0.0",
  description: "Orders, products and stock",
  actions: {
    get_order: office({
      description: "Reads one order",
      params: z.strictObject({ order_id: z.string().min(1) }),
      answer: ({ order_id: orderId }, random) => ({
        order_id: orderId,
        total: random.whole(1_500, 90_000) / 100,
        currency: "EUR",
        status: random.pick(["paid", "shipped", "returned"]),
        items: several(random, [1, 3], (index) => ({ sku: `SKU-${random.whole(100, 999)}`, quantity: index + 1 })),
      }),
    }),
    list_products: office({
      description: "Lists products with stock",
      params: z.strictObject({ category: z.string(), limit: z.int().min(1).max(50).default(6) }),
      answer: ({ category, limit }, random) =>
        Array.from({ length: limit }, (_, index) => ({
          sku: `${category.slice(0, 3).toUpperCase()}-${100 + index}`,
          name: `${category} ${index + 1}`,
          stock: random.whole(0, 60),
          price: random.whole(500, 9_900) / 100,
        })),
    }),
    set_stock: office({
      description: "Sets the stock of a product",
      effect: "write",
      params: z.strictObject({ sku: z.string(), stock: z.int().min(0) }),
      answer: ({ sku, stock }) => ({ sku, stock }),
    }),
    refund: office({
      description: "Pays an amount of an order back",
      effect: "write",
      idempotency: HEADER,
      params: z.strictObject({ order_id: z.string(), amount: z.number().positive() }),
      answer: ({ order_id: orderId, amount }, _random, id) => ({ refund_id: `R-${id}`, order_id: orderId, amount }),
    }),
    quote: office({
      description: "Asks another shop for its price",
      params: z.strictObject({ sku: z.string(), shop: z.string() }),
      answer: ({ sku, shop: name }, random) => ({ sku, shop: name, price: random.whole(800, 4_000) / 100 }),
    }),
  },
});

const sheet = definePlugin({
  name: "sheet",
  version: "1.0.0",
  description: "Tables shared by a team",
  actions: {
    read_rows: office({
      description: "Reads the rows of a table",
      params: z.strictObject({ table: z.string().min(1), limit: z.int().min(1).max(60).default(8) }),
      answer: ({ table, limit }, random) =>
        Array.from({ length: limit }, (_, index) => ({
          row: index + 1,
          table,
          region: random.pick(["north", "south", "east", "west"]),
          amount: random.whole(10, 999),
          done: random.chance(0.5),
        })),
    }),
    append_rows: office({
      description: "Adds rows to a table",
      effect: "write",
      idempotency: HEADER,
      params: z.strictObject({ table: z.string(), rows: z.array(anyObject) }),
      answer: ({ table, rows }) => ({ table, appended: rows.length }),
    }),
  },
});

const desk = definePlugin({
  name: "desk",
  version: "1.0.0",
  description: "Support tickets",
  actions: {
    list_tickets: office({
      description: "Lists open tickets of a queue",
      params: z.strictObject({ queue: z.string(), limit: z.int().min(1).max(30).default(4) }),
      answer: ({ queue, limit }, random) =>
        Array.from({ length: limit }, (_, index) => ({
          id: `T-${100 + index}`,
          queue,
          subject: sentence(random),
          text: several(random, [1, 3], () => `${sentence(random)}.`).join(" "),
          priority: random.whole(1, 4),
        })),
    }),
    reply: office({
      description: "Answers a ticket",
      effect: "write",
      idempotency: NONE,
      params: z.strictObject({ ticket_id: z.string(), text: z.string().min(1) }),
      answer: ({ ticket_id: ticketId }, _random, id) => ({ ticket_id: ticketId, reply_id: id }),
    }),
  },
});

const calendar = definePlugin({
  name: "calendar",
  version: "1.0.0",
  description: "Events of a team",
  actions: {
    list_events: office({
      description: "Lists the events of a day",
      params: z.strictObject({ day: z.string() }),
      answer: ({ day }, random) => ({
        day,
        events: several(random, [2, 5], (index) => ({
          start: `${String(8 + index).padStart(2, "0")}:00`,
          title: sentence(random),
          people: random.whole(2, 9),
        })),
      }),
    }),
  },
});

const chat = definePlugin({
  name: "chat",
  version: "1.0.0",
  description: "Posts to a team's channels",
  actions: {
    post: office({
      description: "Posts a text to a channel",
      effect: "write",
      idempotency: HEADER,
      params: z.strictObject({ channel: z.string(), text: z.string() }),
      answer: ({ channel }, _random, id) => ({ channel, post_id: id }),
    }),
  },
});

/** Fails as often as asked under one key, then answers; each system has its own memory of it. */
function flaky(): Plugin {
  const tries = new Map<string, number>();
  return definePlugin({
    name: "flaky",
    version: "1.0.0",
    description: "Fails on purpose",
    actions: {
      read: defineAction({
        description: "Answers after some failures",
        effect: "read",
        idempotency: NATURAL,
        params: z.strictObject({ name: z.string(), failures: z.int().min(0).max(5).default(1) }),
        run: async ({ name, failures }, { idempotencyKey }) => {
          const seen = tries.get(idempotencyKey) ?? 0;
          tries.set(idempotencyKey, seen + 1);
          if (seen < failures)
            throw new AppError("UPSTREAM_UNAVAILABLE", `${name} is not there yet (${seen + 1} of ${failures})`, { retry: "later" });
          return { name, tries: seen + 1 };
        },
      }),
      refuse: defineAction({
        description: "Refuses always",
        effect: "read",
        idempotency: NATURAL,
        params: z.strictObject({ name: z.string() }),
        run: async ({ name }) => {
          throw new AppError("UPSTREAM_REJECTED", `${name} was refused`);
        },
      }),
    },
  });
}

export function createOfficePlugins(): readonly Plugin[] {
  return [mail, crm, shop, sheet, desk, calendar, chat, flaky()];
}
