import assert from "node:assert/strict";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bindRows, type BoundColumn } from "../../lib/db/bindRows.ts";
import type { Database } from "../../lib/db/Database.ts";
import { openTestDatabase } from "../testEnvironment.ts";

let db: Database;

beforeAll(async () => {
  db = await openTestDatabase();
});

afterAll(async () => {
  await db.close();
});

const TYPES = ["uuid", "int", "bigint", "float8", "text", "bytea"] as const;

/** What the database would give back for a value that went in. */
function expected(type: string, value: unknown): unknown {
  if (value === null) return null;
  return type === "bytea" && typeof value === "string" ? Buffer.from(value, "utf8") : value;
}

async function readBack(columns: readonly BoundColumn[], where = ""): Promise<Record<string, unknown>[]> {
  const values: unknown[] = [];
  const binder = {
    bind: (value: unknown, cast: string) => {
      values.push(value);
      return `$${values.length}::${cast}`;
    },
  };
  const source = bindRows(binder, "r", columns);
  const list = columns.map(({ name }) => `${source.column(name)} AS ${name}`).join(", ");
  const { rows } = await db.query(
    `SELECT ${list} FROM ${source.from} ${where === "" ? "" : `WHERE ${source.areFew}`} ORDER BY place`,
    values,
  );
  return rows;
}

describe("bindRows", () => {
  it("gives every row back, however many there are and whatever their columns share", async () => {
    // NUL is refused by the database in text, and by who writes rows before that.
    const text = fc.oneof(
      fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", "").toWellFormed()),
      fc.constantFrom("", "NULL", "null", '"', "\\", "{}", ",", " a ", "é🦊"),
    );
    const anyValue: Record<(typeof TYPES)[number], fc.Arbitrary<unknown>> = {
      uuid: fc.uuid(),
      int: fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }),
      bigint: fc.bigInt({ min: -9_000_000_000_000_000_000n, max: 9_000_000_000_000_000_000n }).map(String),
      float8: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
      text,
      bytea: fc.oneof(
        fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
        text,
      ),
    };
    const column = (count: number): fc.Arbitrary<Omit<BoundColumn, "name">> =>
      fc.constantFrom(...TYPES).chain((type) =>
        fc.record({
          type: fc.constant(type),
          repeats: fc.boolean(),
          // From a few values, so that rows do share.
          values: fc
            .array(fc.option(anyValue[type]), { minLength: 1, maxLength: 3 })
            .chain((few) => fc.array(fc.constantFrom(...few), { minLength: count, maxLength: count })),
        }),
      );
    const table = fc.integer({ min: 1, max: 12 }).chain((count) => fc.tuple(fc.constant(count), fc.array(column(count), { maxLength: 6 })));
    await fc.assert(
      fc.asyncProperty(table, fc.boolean(), async ([count, columns], areFew) => {
        const named = columns.map((given, index) => ({ ...given, name: `c${index}` }));
        const place = { name: "place", type: "int", values: Array.from({ length: count }, (_, index) => index) };

        const rows = await readBack([place, ...named], areFew ? "few" : "");

        const wanted = Array.from({ length: count }, (_, row) =>
          Object.fromEntries([["place", row], ...named.map(({ name, type, values }) => [name, expected(type, values[row])])]),
        );
        assert.deepEqual(rows, wanted);
      }),
      { numRuns: 150 },
    );
  });

  it("lets a value that is no id fail as a value, not as the syntax of all", async () => {
    const ids = { name: "id", type: "uuid", values: ["0190a3b4-0000-7000-8000-000000000000", "},{'"] };
    const place = { name: "place", type: "int", values: [0, 1] };

    await expect(readBack([place, ids])).rejects.toThrow(/invalid input syntax for type uuid/);
  });
});
