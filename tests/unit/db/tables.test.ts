// Holds the row types to the schema: reads the interfaces' source, because types are gone at run time.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { SchemaSnapshot } from "../../../lib/db/introspectSchema.ts";

const folder = new URL("../../../lib/db/", import.meta.url);
const read = (fileName: string): string => readFileSync(new URL(fileName, folder), "utf8");
const snapshot = JSON.parse(read("schema.snapshot.json")) as SchemaSnapshot;

const TYPES: Readonly<Record<string, string>> = {
  uuid: "string",
  text: "string",
  integer: "number",
  smallint: "number",
  "double precision": "number",
  boolean: "boolean",
  bigint: "BigInteger",
  numeric: "Decimal",
  "numeric(20,9)": "Decimal",
  "timestamp with time zone": "Timestamp",
  bytea: "Bytes",
  jsonb: "Json",
  "text[]": "TextArray",
};
const PLAIN = new Set(["string", "number", "boolean", "Decimal"]);

function expectedType({ type, nullable, default: byDefault }: { type: string; nullable: boolean; default: string | null }): string {
  const read = TYPES[type] ?? `unknown column type ${type}`;
  const withNull = !nullable ? read : PLAIN.has(read) ? `${read} | null` : `Nullable<${read}>`;
  return byDefault === null ? withNull : `Defaulted<${withNull}>`;
}

/** `{ agents: { id: "Defaulted<string>", … } }` from `agents: AgentsTable;` and `export interface AgentsTable { … }`. */
function declaredTables(): Record<string, Record<string, string>> {
  const interfaces = new Map<string, Record<string, string>>();
  for (const source of [read("planTables.ts"), read("engineTables.ts")]) {
    for (const [, name = "", body = ""] of source.matchAll(/export interface (\w+) \{\n([^}]*)\}/g)) {
      interfaces.set(name, Object.fromEntries([...body.matchAll(/^ {2}(\w+): (.+);$/gm)].map(([, column, type]) => [column, type])));
    }
  }
  const list = /export interface Tables \{\n([^}]*)\}/.exec(read("tables.ts"))?.[1] ?? "";
  return Object.fromEntries([...list.matchAll(/^ {2}(\w+): (\w+);$/gm)].map(([, table, type = ""]) => [table, interfaces.get(type) ?? {}]));
}

const { schema_migrations: ownTable, ...tables } = snapshot;

describe("Tables", () => {
  it("names every table of the schema but the migrations' own", () => {
    expect(ownTable).toBeDefined();
    expect(Object.keys(declaredTables()).sort()).toEqual(Object.keys(tables).sort());
  });

  it.each(Object.keys(tables))("declares the columns of %s as the schema has them", (table) => {
    const columns = snapshot[table]?.columns ?? {};
    const expected = Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, expectedType(column)]));

    expect(declaredTables()[table]).toEqual(expected);
  });
});
