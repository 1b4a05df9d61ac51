// How a column type reads, inserts and updates through pg. Used by the row types only.
import type { ColumnType } from "kysely";

/** BIGINT: read as text, because it may pass 2^53. */
export type BigInteger = ColumnType<string, string | number | bigint, string | number | bigint>;
/** NUMERIC: text both ways, so that no amount is ever rounded by a float. */
export type Decimal = string;
/** TIMESTAMPTZ. */
export type Timestamp = ColumnType<Date, Date | string, Date | string>;
/** BYTEA: any bytes in, a Buffer out. */
export type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>;
/** TEXT[]. */
export type TextArray = ColumnType<string[], readonly string[], readonly string[]>;
/** JSONB: parsed on the way out, JSON text on the way in. The plan's one column only; ours are BYTEA. */
export type Json = ColumnType<unknown, string, string>;
/** A NULL-able column of a type that reads and writes differently. */
export type Nullable<Column> =
  Column extends ColumnType<infer Read, infer Insert, infer Update> ? ColumnType<Read | null, Insert | null, Update | null> : never;
/** A column with a default: may be left out of an INSERT. */
export type Defaulted<Column> = [Column] extends [ColumnType<infer Read, infer Insert, infer Update>]
  ? ColumnType<Read, Insert | undefined, Update>
  : ColumnType<Column, Column | undefined, Column>;
