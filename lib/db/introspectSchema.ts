// What a database's schema is, in a form that is equal for equal schemas on PostgreSQL 15 to 18 and PGlite. Changes nothing.
import type { Queryable } from "./Database.ts";

export interface ColumnSnapshot {
  readonly type: string;
  readonly nullable: boolean;
  readonly default: string | null;
}

export interface TableSnapshot {
  readonly columns: Readonly<Record<string, ColumnSnapshot>>;
  /** Name → definition, as PostgreSQL prints it. */
  readonly constraints: Readonly<Record<string, string>>;
  readonly indexes: Readonly<Record<string, string>>;
}

/** Tables of the schema `public` by name. Column order is left out: it depends on the order of migrations and rollbacks. */
export type SchemaSnapshot = Readonly<Record<string, TableSnapshot>>;

const COLUMNS = `
  SELECT c.relname AS table_name, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
    NOT a.attnotnull AS nullable, pg_get_expr(d.adbin, d.adrelid) AS default
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped`;

// PostgreSQL 18 lists NOT NULL (contype n) among the constraints; 15 does not.
const CONSTRAINTS = `
  SELECT c.relname AS table_name, k.conname AS name, pg_get_constraintdef(k.oid) AS definition
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
  WHERE c.relnamespace = 'public'::regnamespace AND k.contype IN ('p', 'u', 'f', 'c', 'x')`;

const INDEXES = `
  SELECT tablename AS table_name, indexname AS name, indexdef AS definition FROM pg_indexes WHERE schemaname = 'public'`;

interface DefinitionRow {
  table_name: string;
  name: string;
  definition: string;
}

export async function introspectSchema(db: Queryable): Promise<SchemaSnapshot> {
  const columns = await db.query<{ table_name: string; name: string } & ColumnSnapshot>(COLUMNS);
  const constraints = await db.query<DefinitionRow>(CONSTRAINTS);
  const indexes = await db.query<DefinitionRow>(INDEXES);
  const tableNames = [...new Set(columns.rows.map((row) => row.table_name))].sort();
  return Object.fromEntries(
    tableNames.map((tableName) => [
      tableName,
      {
        columns: sortedByName(
          columns.rows
            .filter((row) => row.table_name === tableName)
            .map((row) => [row.name, { type: row.type, nullable: row.nullable, default: row.default }]),
        ),
        constraints: definitionsOf(tableName, constraints.rows),
        indexes: definitionsOf(tableName, indexes.rows),
      },
    ]),
  );
}

function definitionsOf(tableName: string, rows: readonly DefinitionRow[]): Record<string, string> {
  return sortedByName(rows.filter((row) => row.table_name === tableName).map((row) => [row.name, row.definition]));
}

function sortedByName<Value>(entries: [string, Value][]): Record<string, Value> {
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}
