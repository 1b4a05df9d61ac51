// What commits together: a unit is a list of parts, each a set of rows for one store. Stores write SQL; the journal
// only strings their fragments into ONE statement, so a unit is atomic by construction and costs one round trip.
import type { Queryable } from "./Database.ts";

/** Collects bound values and hands out their placeholders. */
export interface Binder {
  /** Binds one value and returns its placeholder with a cast, for example `$7::uuid[]`. */
  bind(value: unknown, cast: string): string;
  /**
   * True when these rows may be there already: the batch was sent before and its COMMIT may have been lost. Writers on the
   * hot path insert plainly the first time, because `ON CONFLICT` costs every row a second visit; absent means true.
   */
  readonly isReplay?: boolean;
}

/** One row set of one store inside a unit. `kind` finds the {@link PartWriter}; rows are that writer's own. */
export interface UnitPart<Row = unknown> {
  readonly kind: string;
  readonly rows: readonly Row[];
}

/** A named common table expression: `name AS (sql)`. Names must be unique in the product; prefix them with the kind. */
export interface Fragment {
  readonly name: string;
  readonly sql: string;
}

/**
 * Turns rows into data-modifying CTEs. All fragments of a batch run in one statement and see one snapshot: a fragment
 * may read RETURNING rows of an earlier fragment of the SAME writer by name, nothing else. Use
 * `unnest($1::uuid[], $2::text[], …)`, so that the statement's text does not depend on how many rows there are: it is
 * prepared once per combination of kinds.
 *
 * Rows must be safe to write twice (a batch whose COMMIT was lost is replayed, see `Binder.isReplay`): `ON CONFLICT DO
 * NOTHING`, or an update that the second time finds nothing to do, and counters change only by rows that were returned.
 */
export interface PartWriter<Row = unknown> {
  readonly kind: string;
  /**
   * `fact`: accepted from any epoch (settlements, outcomes of effects, audit). `progress`: must be joined with the
   * CTE `fence(id uuid)`, which holds the executions whose epoch is still ours, so rows of a lost execution vanish.
   */
  readonly acceptance: "fact" | "progress";
  fragments(rows: readonly Row[], binder: Binder): readonly Fragment[];
}

/** Writes rows of one kind outside the journal, in a statement of their own. Only for `fact` writers. */
export async function writeFacts<Row>(db: Queryable, writer: PartWriter<Row>, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const values: unknown[] = [];
  const fragments = writer.fragments(rows, {
    bind: (value, cast) => {
      values.push(value);
      return `$${values.length}::${cast}`;
    },
  });
  const ctes = fragments.map(({ name, sql }) => `${name} AS (${sql})`).join(",\n");
  await db.query(`WITH ${ctes} SELECT 1`, values);
}
