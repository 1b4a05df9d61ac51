// SQL of the journal's own tables: step rows and values. Composes nothing and decides nothing.
import type { Queryable } from "../db/Database.ts";
import type { Binder, Fragment, PartWriter } from "../db/UnitPart.ts";
import type { StepRow, StepStatus, ValueRow } from "./types.ts";

/** Concatenated bytes with offsets: one binary parameter instead of hex text twice the size. */
function bindBytes(
  binder: Binder,
  chunks: readonly (Buffer | null)[],
): { readonly all: string; readonly starts: string; readonly lengths: string } {
  const starts: (number | null)[] = [];
  const lengths: (number | null)[] = [];
  const present: Buffer[] = [];
  let offset = 1;
  for (const chunk of chunks) {
    starts.push(chunk === null ? null : offset);
    lengths.push(chunk === null ? null : chunk.length);
    if (chunk === null) continue;
    present.push(chunk);
    offset += chunk.length;
  }
  return {
    all: binder.bind(Buffer.concat(present), "bytea"),
    starts: binder.bind(starts, "int[]"),
    lengths: binder.bind(lengths, "int[]"),
  };
}

export const valueWriter: PartWriter<ValueRow> = {
  kind: "values",
  acceptance: "progress",
  fragments(rows, binder): readonly Fragment[] {
    const distinct = new Map<string, ValueRow>();
    for (const row of rows) distinct.set(`${row.executionId}${row.hash.toString("latin1")}`, row);
    const unique = [...distinct.values()];
    const ids = binder.bind(
      unique.map((row) => row.executionId),
      "uuid[]",
    );
    const hashes = bindBytes(
      binder,
      unique.map((row) => row.hash),
    );
    const contents = bindBytes(
      binder,
      unique.map((row) => row.content),
    );
    return [
      {
        name: "values_written",
        sql: `INSERT INTO execution_values (execution_id, hash, content)
          SELECT f.id, substring(${hashes.all} FROM v.hash_start FOR v.hash_length), substring(${contents.all} FROM v.start FOR v.length)
          FROM unnest(${ids}, ${hashes.starts}, ${hashes.lengths}, ${contents.starts}, ${contents.lengths}) AS v(id, hash_start, hash_length, start, length)
          JOIN fence f ON f.id = v.id
          ON CONFLICT (execution_id, hash) DO UPDATE SET touched_at = NOW()`,
      },
    ];
  },
};

export const stepWriter: PartWriter<StepRow> = {
  kind: "steps",
  acceptance: "progress",
  fragments(rows, binder): readonly Fragment[] {
    const column = (pick: (row: StepRow) => unknown, cast: string): string => binder.bind(rows.map(pick), cast);
    const hashes = bindBytes(
      binder,
      rows.map((row) => row.output?.hash ?? null),
    );
    const inlines = bindBytes(
      binder,
      rows.map((row) => row.inline),
    );
    const details = bindBytes(
      binder,
      rows.map((row) => (row.detail === null ? null : Buffer.from(row.detail, "utf8"))),
    );
    const sources = [
      column((row) => row.executionId, "uuid[]"),
      column((row) => row.epoch, "int[]"),
      column((row) => row.stepPath, "text[]"),
      column((row) => row.attempt, "int[]"),
      column((row) => row.stepType, "text[]"),
      column((row) => row.status, "text[]"),
      column((row) => row.plugin, "text[]"),
      column((row) => row.action, "text[]"),
      column((row) => row.tokensUsed, "bigint[]"),
      column((row) => row.executionTimeMs, "int[]"),
      column((row) => row.itemCount, "int[]"),
      column((row) => row.output?.executionId ?? null, "uuid[]"),
      hashes.starts,
      hashes.lengths,
      inlines.starts,
      inlines.lengths,
      details.starts,
      details.lengths,
    ].join(", ");
    return [
      {
        name: "steps_written",
        // A waiting or uncertain row gives way to its outcome; a final row never changes, so a replayed batch changes nothing.
        sql: `INSERT INTO workflow_step_executions AS held
            (workflow_execution_id, epoch, step_path, attempt, step_type, status, plugin, action, tokens_used, execution_time_ms, item_count,
             output_execution_id, output_hash, output_inline, detail)
          SELECT f.id, s.epoch, s.step_path, s.attempt, s.step_type, s.status, s.plugin, s.action, s.tokens_used, s.execution_time_ms, s.item_count,
             s.output_execution_id, substring(${hashes.all} FROM s.hash_start FOR s.hash_length),
             substring(${inlines.all} FROM s.inline_start FOR s.inline_length), substring(${details.all} FROM s.detail_start FOR s.detail_length)
          FROM unnest(${sources}) AS s(id, epoch, step_path, attempt, step_type, status, plugin, action, tokens_used, execution_time_ms, item_count,
             output_execution_id, hash_start, hash_length, inline_start, inline_length, detail_start, detail_length)
          JOIN fence f ON f.id = s.id
          ON CONFLICT (workflow_execution_id, step_path, attempt) DO UPDATE SET
             epoch = excluded.epoch, status = excluded.status, tokens_used = excluded.tokens_used, execution_time_ms = excluded.execution_time_ms,
             item_count = excluded.item_count, output_execution_id = excluded.output_execution_id, output_hash = excluded.output_hash,
             output_inline = excluded.output_inline, detail = excluded.detail, completed_at = excluded.completed_at
          WHERE held.status IN ('waiting', 'uncertain')`,
      },
    ];
  },
};

export interface StoredStep {
  readonly stepPath: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly stepType: string;
  readonly status: StepStatus;
  readonly plugin: string | null;
  readonly action: string | null;
  readonly tokensUsed: number | null;
  readonly executionTimeMs: number | null;
  readonly itemCount: number | null;
  readonly outputExecutionId: string | null;
  readonly outputHash: Buffer | null;
  readonly outputInline: Buffer | null;
  readonly detail: string | null;
  readonly completedAt: Date;
}

interface StepRecord {
  readonly step_path: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly step_type: string;
  readonly status: StepStatus;
  readonly plugin: string | null;
  readonly action: string | null;
  readonly tokens_used: string | null;
  readonly execution_time_ms: number | null;
  readonly item_count: number | null;
  readonly output_execution_id: string | null;
  readonly output_hash: Buffer | null;
  readonly output_inline: Buffer | null;
  readonly detail: Buffer | null;
  readonly completed_at: Date;
}

/** Every row of an execution, without the large values. Served by the primary key. */
export async function loadSteps(db: Queryable, executionId: string): Promise<StoredStep[]> {
  const { rows } = await db.query<StepRecord>(
    `SELECT step_path, attempt, epoch, step_type, status, plugin, action, tokens_used, execution_time_ms, item_count,
            output_execution_id, output_hash, output_inline, detail, completed_at
     FROM workflow_step_executions WHERE workflow_execution_id = $1 ORDER BY completed_at, step_path, attempt`,
    [executionId],
    "journal_load_steps",
  );
  return rows.map((row) => ({
    stepPath: row.step_path,
    attempt: row.attempt,
    epoch: row.epoch,
    stepType: row.step_type,
    status: row.status,
    plugin: row.plugin,
    action: row.action,
    tokensUsed: row.tokens_used === null ? null : Number(row.tokens_used),
    executionTimeMs: row.execution_time_ms,
    itemCount: row.item_count,
    outputExecutionId: row.output_execution_id,
    outputHash: row.output_hash,
    outputInline: row.output_inline,
    detail: row.detail === null ? null : row.detail.toString("utf8"),
    completedAt: row.completed_at,
  }));
}

/** Values by hash; unknown hashes are absent from the result. */
export async function loadValues(db: Queryable, executionId: string, hashes: readonly Buffer[]): Promise<Map<string, Buffer>> {
  if (hashes.length === 0) return new Map();
  const { rows } = await db.query<{ hash: Buffer; content: Buffer }>(
    "SELECT hash, content FROM execution_values WHERE execution_id = $1 AND hash = ANY($2::bytea[])",
    [executionId, hashes],
    "journal_load_values",
  );
  return new Map(rows.map((row) => [row.hash.toString("hex"), row.content]));
}
