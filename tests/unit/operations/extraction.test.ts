import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../../../lib/core/json.ts";
import { extractFields } from "../../../lib/operations/extraction.ts";
import { readAmount } from "../../../lib/operations/extraction/typedValues.ts";

const object = (fields: Readonly<Record<string, string>>): JsonObject => ({
  type: "object",
  fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
});
const valueOf = (source: JsonValue, fields: Readonly<Record<string, string>>): JsonValue => extractFields(source, object(fields)).value;

const invoice = `ACME GmbH
Invoice No: INV-2024-001          Date: 05/03/2024
Due date      2024-04-05
Bill to: Jane Doe <jane@example.com>

| Description | Qty | Unit price |
|-------------|----:|-----------:|
| Widget A    |  2  | $10.00 |
| Widget, B   |  1  | $1,005.50 |

Subtotal: $1,025.50
Total $1,025.50
Paid: no`;

describe("extractFields from text", () => {
  it("reads an invoice by labels, types and its table", () => {
    const schema = {
      type: "object",
      fields: [
        { name: "invoice_number", type: "string", required: true },
        { name: "invoice_date", type: "date" },
        { name: "due_date", type: "date" },
        { name: "total_amount", type: "currency", required: true },
        { name: "email", type: "string" },
        { name: "paid", type: "boolean" },
        { name: "iban", type: "string", required: true },
        { name: "po_number", type: "string" },
        {
          name: "line_items",
          type: "array",
          items: {
            fields: [
              { name: "description", type: "string" },
              { name: "quantity", type: "number" },
              { name: "unit_price", type: "number" },
            ],
          },
        },
      ],
    };
    expect(extractFields(invoice, schema)).toEqual({
      value: {
        invoice_number: "INV-2024-001",
        invoice_date: "2024-03-05",
        due_date: "2024-04-05",
        total_amount: 1025.5,
        email: "jane@example.com",
        paid: false,
        line_items: [
          { description: "Widget A", quantity: 2, unit_price: 10 },
          { description: "Widget, B", quantity: 1, unit_price: 1005.5 },
        ],
      },
      missing: ["iban", "po_number"],
      missingRequired: ["iban"],
    });
  });

  it.each<[string, Readonly<Record<string, string>>, JsonValue]>([
    ["Invoice #12345", { invoice_number: "string" }, { invoice_number: "12345" }],
    ["Invoice number:\nINV-7\nNext: x", { invoice_number: "string" }, { invoice_number: "INV-7" }],
    ["**Total due:** 1.234,56 €", { total_due: "number" }, { total_due: 1234.56 }],
    ["Customer: Bo\nStatus = open", { customer_name: "string", status: "string" }, { customer_name: "Bo", status: "open" }],
    ["Write to bo@x.com, not later", { email: "email" }, { email: "bo@x.com" }],
    ["From a@x.com to b@x.com", { email: "email" }, {}],
    ["Reach bo@x.com", { manager_email: "email" }, {}],
    ["The meeting is on 5 Feb 2024.", { date: "date", due_date: "date" }, { date: "2024-02-05" }],
    ["Total: 5\nTotal: 6", { total: "number" }, {}],
    ["Total: 5\nTotal: $5.00", { total: "number" }, { total: 5 }],
    ["Order date: 2024-01-01", { invoice_date: "date" }, {}],
    ["Customer name: Bo\nCompany name: ACME", { name: "string" }, {}],
    ["Amount: unknown", { amount: "number" }, {}],
    ["Name: ---", { name: "string" }, {}],
    ["Link: https://x.com/a?b=1", { url: "string" }, { url: "https://x.com/a?b=1" }],
    ["Tags: a, b", { tags: "array" }, { tags: ["a", "b"] }],
    ["", { name: "string" }, {}],
  ])("%j gives %j as %j", (text, fields, expected) => {
    expect(valueOf(text, fields)).toEqual(expected);
  });

  it("reads slashed dates by the habit of the zone", () => {
    const fields = object({ date: "date" });
    expect(extractFields("Date: 03/04/2024", fields, { timeZone: "America/Chicago" }).value).toEqual({ date: "2024-03-04" });
    expect(extractFields("Date: 03/04/2024", fields).value).toEqual({ date: "2024-04-03" });
  });

  it("keeps to allowed values and finds values by pattern", () => {
    const fields = [
      { name: "status", type: "string", enum: ["OPEN", "CLOSED"] },
      { name: "ticket", type: "string", pattern: "^[A-Z]{3}-\\d+$" },
    ];
    expect(extractFields("Status: open\nsee ABC-12 there", { type: "object", fields }).value).toEqual({ status: "OPEN", ticket: "ABC-12" });
    expect(extractFields("Status: maybe\nABC-12 or ABC-13", { type: "object", fields }).missing).toEqual(["status", "ticket"]);
  });

  it.each([
    ["CSV", 'Name,E-mail,Qty\nJo,jo@x.com,2\n"Smith, A",a@x.com,"1,000"'],
    [
      "a Markdown table",
      "Some prose first.\n\n| Name | E-mail | Qty |\n|---|---|---|\n| Jo | jo@x.com | 2 |\n| Smith, A | a@x.com | 1,000 |",
    ],
    ["aligned columns", "Name       E-mail      Qty\nJo         jo@x.com    2\nSmith, A   a@x.com     1,000"],
    ["labelled blocks", "Name: Jo\nEmail: jo@x.com\nQuantity: 2\n\nName: Smith, A\nEmail: a@x.com\nQuantity: 1,000"],
  ])("reads records from %s", (_, text) => {
    const schema = {
      type: "array",
      items: {
        fields: [
          { name: "name", type: "string" },
          { name: "email", type: "email" },
          { name: "quantity", type: "integer", required: true },
        ],
      },
    };
    expect(extractFields(text, schema)).toEqual({
      value: [
        { name: "Jo", email: "jo@x.com", quantity: 2 },
        { name: "Smith, A", email: "a@x.com", quantity: 1000 },
      ],
      missing: [],
      missingRequired: [],
    });
  });

  it("says which cell of which row is missing", () => {
    const schema = {
      type: "array",
      items: {
        fields: [
          { name: "name", type: "string" },
          { name: "age", type: "integer", required: true },
        ],
      },
    };
    expect(extractFields("name,age\nJo,x\nAl,4", schema)).toEqual({
      value: [{ name: "Jo" }, { name: "Al", age: 4 }],
      missing: ["[0].age"],
      missingRequired: ["[0].age"],
    });
  });

  it("gives nothing from prose without labels", () => {
    const result = extractFields(
      "We met the team and spoke about plans; nothing was decided.",
      object({ invoice_number: "string", total: "number", date: "date" }),
    );
    expect(result.value).toEqual({});
    expect(result.missing).toEqual(["invoice_number", "total", "date"]);
  });

  it("takes time in proportion to hostile text", () => {
    const started = performance.now();
    for (const text of [
      "a".repeat(200_000),
      "a:".repeat(100_000),
      "1,".repeat(100_000),
      "@x.".repeat(60_000),
      "$1 ".repeat(60_000),
      " ".repeat(200_000),
    ]) {
      extractFields(text, object({ email: "email", total: "number", phone: "phone", date: "date", name: "string" }));
    }
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("never gives a text that is not in the source", () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    const line = fc
      .tuple(fc.constantFrom("Name", "City", "Total", "Note"), fc.constantFrom(": ", " - ", "  ", "\n", ""), word)
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const text = lines.join("\n");
        const value = valueOf(text, { name: "string", city: "string", total: "number", note: "string" }) as Readonly<
          Record<string, string>
        >;
        expect(Object.values(value).every((found) => text.includes(found))).toBe(true);
      }),
    );
  });
});

describe("extractFields from JSON", () => {
  it.each<[JsonValue, Readonly<Record<string, string>>, JsonValue]>([
    [
      { invoiceNumber: "A1", Total: "12.50" },
      { invoice_number: "string", total: "number" },
      { invoice_number: "A1", total: 12.5 },
    ],
    [{ order: { customer: { email: "a@x.com" } } }, { email: "email" }, { email: "a@x.com" }],
    [{ a: { email: "a@x.com" }, b: { email: "b@x.com" } }, { email: "email" }, {}],
    [
      { subject: "x", body: "Order no: 77" },
      { subject: "string", order_number: "string" },
      { subject: "x", order_number: "77" },
    ],
    ['{"total": 5}', { total: "number" }, { total: 5 }],
    [{ total: null, name: { deep: 1 } }, { total: "number", name: "string" }, {}],
    [{ id: 5 }, { id: "string" }, { id: "5" }],
  ])("%j by %j gives %j", (source, fields, expected) => {
    expect(valueOf(source, fields)).toEqual(expected);
  });

  it.each<[JsonValue]>([
    [{ items: [{ Name: "Jo", age: "4" }], total: 1 }],
    [
      [
        ["Name", "Age"],
        ["Jo", 4],
      ],
    ],
    [
      {
        values: [
          ["name", "age"],
          ["Jo", "4"],
        ],
      },
    ],
    [[{ person: { name: "Jo", age: 4 } }]],
  ])("reads records from %j", (source) => {
    const schema = { type: "array", items: { properties: { name: { type: "string" }, age: { type: "integer" } } } };
    expect(extractFields(source, schema).value).toEqual([{ name: "Jo", age: 4 }]);
  });

  it("reads nested objects and reports their missing fields by path", () => {
    const schema = {
      type: "object",
      properties: { customer: { type: "object", properties: { name: { type: "string" }, vat: { type: "string" } }, required: ["vat"] } },
    };
    expect(extractFields({ customer: { name: "Bo" } }, schema)).toEqual({
      value: { customer: { name: "Bo" } },
      missing: ["customer.vat"],
      missingRequired: ["customer.vat"],
    });
  });
});

describe("readAmount", () => {
  it.each<[string, number | undefined]>([
    ["$1,234.56", 1234.56],
    ["1.234,56 €", 1234.56],
    ["EUR 12", 12],
    ["1,234", 1234],
    ["12,5", 12.5],
    ["1.234.567", 1234567],
    ["-5", -5],
    ["(45.00)", -45],
    ["50%", 50],
    ["1,23,4", undefined],
    ["3 items", undefined],
    ["12 34 x", undefined],
    ["", undefined],
  ])("%j is %s", (text, expected) => {
    expect(readAmount(text)).toBe(expected);
  });
});
