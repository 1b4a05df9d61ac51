// SQL of the journal's own tables: step rows and values. Composes nothing and decides nothing.
import type { Queryable } from "../db/Database.ts";
import { bindRows } from "../db/bindRows.ts";
import type { Fragment, PartWriter } from "../db/UnitPart.ts";
import type { StepRow, StepStatus, ValueRow } from "./types.ts";

export const valueWriter: PartWriter<ValueRow> = {
  kind: "values",
  acceptance: "progress",
  fragments(rows, binder): readonly Fragment[] {
    const distinct = new Map<string, ValueRow>();
    for (const row of rows) distinct.set(`${row.executionId}${row.hash.toString("latin1")}`, row);
    const unique = [...distinct.values()];
    const source = bindRows(binder, "v", [
      { name: "id", type: "uuid", values: unique.map((row) => row.executionId) },
      { name: "hash", type: "bytea", values: unique.map((row) => row.hash) },
      { name: "content", type: "bytea", values: unique.map((row) => row.content) },
    ]);
    return [
      {
        name: "values_written",
        sql: `INSERT INTO execution_values (execution_id, hash, content)
          SELECT f.id, ${source.column("hash")}, ${source.column("content")} FROM ${source.from} JOIN fence f ON f.id = v.id
          ON CONFLICT (execution_id, hash) DO UPDATE SET touched_at = NOW()`,
      },
    ];
  },
};

/** Column, SQL type, where its value is in a row, and whether rows of one batch mostly share it. */
const STEP_COLUMNS: readonly (readonly [name: string, type: string, pick: (row: StepRow) => unknown, repeats: boolean])[] = [
  ["epoch", "int", (row) => row.epoch, true],
  ["step_path", "text", (row) => row.stepPath, false],
  ["attempt", "int", (row) => row.attempt, true],
  ["step_type", "text", (row) => row.stepType, true],
  ["status", "text", (row) => row.status, true],
  ["plugin", "text", (row) => row.plugin, true],
  ["action", "text", (row) => row.action, true],
  ["tokens_used", "bigint", (row) => row.tokensUsed, false],
  ["execution_time_ms", "int", (row) => row.executionTimeMs, false],
  ["item_count", "int", (row) => row.itemCount, true],
  ["output_execution_id", "uuid", (row) => row.output?.executionId ?? null, true],
  ["output_hash", "bytea", (row) => row.output?.hash ?? null, false],
  ["output_inline", "bytea", (row) => row.inline, false],
  ["detail", "bytea", (row) => row.detail, true],
];

/** The plan's columns, named only for batches in which some row has a value for them. */
const PLAN_COLUMNS: typeof STEP_COLUMNS = [
  ["intent", "text", (row) => row.intent ?? null, true],
  ["token_budget_step", "int", (row) => row.tokenBudget ?? null, true],
];

/** What a waiting or uncertain row takes over from its outcome. */
const REPLACED = [
  "epoch",
  "status",
  "tokens_used",
  "execution_time_ms",
  "item_count",
  "output_execution_id",
  "output_hash",
  "output_inline",
  "detail",
  "completed_at",
];

export const stepWriter: PartWriter<StepRow> = {
  kind: "steps",
  acceptance: "progress",
  fragments(rows, binder): readonly Fragment[] {
    const hasPlan = rows.some(({ intent, tokenBudget }) => intent !== undefined || tokenBudget !== undefined);
    const columns = hasPlan ? [...STEP_COLUMNS, ...PLAN_COLUMNS] : STEP_COLUMNS;
    const source = bindRows(binder, "s", [
      { name: "id", type: "uuid", values: rows.map((row) => row.executionId) },
      ...columns.map(([name, type, pick, repeats]) => ({ name, type, values: rows.map(pick), repeats })),
    ]);
    const names = columns.map(([name]) => name);
    const mayBeThere = binder.isReplay !== false || rows.some((row) => row.replaces);
    // A waiting or uncertain row gives way to its outcome; a final row never changes, so a replayed batch changes nothing.
    const onConflict = `ON CONFLICT (workflow_execution_id, step_path, attempt) DO UPDATE SET ${[...REPLACED, ...(hasPlan ? ["token_budget_step"] : [])].map((name) => `${name} = excluded.${name}`).join(", ")}
          WHERE held.status IN ('waiting', 'uncertain')`;
    return [
      {
        name: "steps_written",
        sql: `INSERT INTO workflow_step_executions AS held (workflow_execution_id, ${names.join(", ")})
          SELECT f.id, ${names.map((name) => source.column(name)).join(", ")} FROM ${source.from} JOIN fence f ON f.id = s.id
          ${mayBeThere ? onConflict : ""}`,
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
