// Rows of token_budgets: one per execution and step path, what was allocated and what was used. It books no money: that is the ledger's.
import type { WorkspaceId } from "../../core/ids.ts";
import type { Queryable } from "../../db/Database.ts";
import type { PartWriter } from "../../db/UnitPart.ts";

export interface BudgetUsageRow {
  readonly executionId: string;
  /** The whole nesting, for example `s2[3].s5[0].send`. */
  readonly stepPath: string;
  /** Of all calls of the step path so far, earlier attempts included: the larger of two rows stands. */
  readonly allocatedTokens: number;
  readonly usedTokens: number;
  readonly isCompressed: boolean;
  /** Tokens out ÷ tokens in; null: no view was made. */
  readonly compressionRatio: number | null;
}

/** The plan's columns are INTEGER. */
const MOST_TOKENS = 2_147_483_647;

/**
 * Figures are totals per step path, never differences: writing a row twice, or an older one after a newer one, changes
 * nothing. Rows of an execution that is gone, or that no agent owns, are passed over: they would fail the whole unit.
 */
export const budgetWriter: PartWriter<BudgetUsageRow> = {
  kind: "token_budgets",
  acceptance: "fact",
  fragments: (rows, binder) => {
    const kept = latest(rows);
    const column = (cast: string, value: (row: BudgetUsageRow) => unknown): string => binder.bind(kept.map(value), cast);
    const arrays = [
      column("uuid[]", (row) => row.executionId),
      column("text[]", (row) => row.stepPath),
      column("int[]", (row) => saturated(row.allocatedTokens)),
      column("int[]", (row) => saturated(row.usedTokens)),
      column("boolean[]", (row) => row.isCompressed),
      column("numeric[]", (row) => row.compressionRatio),
    ];
    return [
      {
        name: "token_budgets_rows",
        sql: `INSERT INTO token_budgets (agent_id, execution_id, step_id, allocated_tokens, used_tokens, compression_applied, compression_ratio)
          SELECT e.agent_id, e.id, r.step_id, r.allocated, r.used, r.compressed, r.ratio
          FROM unnest(${arrays.join(", ")}) AS r(execution_id, step_id, allocated, used, compressed, ratio)
          JOIN workflow_executions e ON e.id = r.execution_id AND e.agent_id IS NOT NULL
          ON CONFLICT (execution_id, step_id) DO UPDATE SET
            allocated_tokens = GREATEST(token_budgets.allocated_tokens, EXCLUDED.allocated_tokens),
            used_tokens = GREATEST(token_budgets.used_tokens, EXCLUDED.used_tokens),
            compression_applied = token_budgets.compression_applied OR EXCLUDED.compression_applied,
            compression_ratio = COALESCE(EXCLUDED.compression_ratio, token_budgets.compression_ratio)`,
      },
    ];
  },
};

/** One row per path: a statement cannot change one row twice, and a batch may hold two attempts of a step. */
function latest(rows: readonly BudgetUsageRow[]): readonly BudgetUsageRow[] {
  const byPath = new Map<string, BudgetUsageRow>();
  for (const row of rows) {
    const key = `${row.executionId}\0${row.stepPath}`;
    const before = byPath.get(key);
    byPath.set(
      key,
      before === undefined
        ? row
        : {
            ...row,
            allocatedTokens: Math.max(row.allocatedTokens, before.allocatedTokens),
            usedTokens: Math.max(row.usedTokens, before.usedTokens),
            isCompressed: row.isCompressed || before.isCompressed,
            compressionRatio: row.compressionRatio ?? before.compressionRatio,
          },
    );
  }
  // Two batches that meet lock their rows in one order.
  return [...byPath.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row);
}

function saturated(tokens: number): number {
  return Math.min(Math.max(Math.round(tokens), 0), MOST_TOKENS);
}

interface BudgetRow {
  readonly step_id: string;
  readonly allocated_tokens: number;
  readonly used_tokens: number;
  readonly compression_applied: boolean;
  readonly compression_ratio: string | null;
}

/** An execution's rows by step path, at most 10 000. Index: token_budgets_step. */
export async function loadBudgetUsage(db: Queryable, workspaceId: WorkspaceId, executionId: string): Promise<readonly BudgetUsageRow[]> {
  const { rows } = await db.query<BudgetRow>(
    `SELECT b.step_id, b.allocated_tokens, COALESCE(b.used_tokens, 0) AS used_tokens,
            COALESCE(b.compression_applied, false) AS compression_applied, b.compression_ratio
     FROM token_budgets b JOIN workflow_executions e ON e.id = b.execution_id AND e.workspace_id = $1
     WHERE b.execution_id = $2 ORDER BY b.step_id LIMIT 10000`,
    [workspaceId, executionId],
  );
  return rows.map((row) => ({
    executionId,
    stepPath: row.step_id,
    allocatedTokens: row.allocated_tokens,
    usedTokens: row.used_tokens,
    isCompressed: row.compression_applied,
    compressionRatio: row.compression_ratio === null ? null : Number(row.compression_ratio),
  }));
}

/**
 * The execution's own columns, which are copies for display. For the transactions that start and end an execution: not for
 * a unit whose statement changes the execution's row already, because PostgreSQL would apply one change of the two.
 */
export async function saveExecutionBudget(
  db: Queryable,
  workspaceId: WorkspaceId,
  executionId: string,
  { allocatedTokens, usedTokens }: { readonly allocatedTokens: number; readonly usedTokens: number },
): Promise<void> {
  await db.query("UPDATE workflow_executions SET token_budget_allocated = $3, token_budget_used = $4 WHERE workspace_id = $1 AND id = $2", [
    workspaceId,
    executionId,
    saturated(allocatedTokens),
    saturated(usedTokens),
  ]);
}

/**
 * Copies what the rows of ended executions come to into their own columns, in the transaction that ends them. An execution
 * may outlive the plan's migrations: where they were taken back there is nothing to copy, and the execution must still end.
 */
export async function closeExecutionBudgets(tx: Queryable, executionIds: readonly string[]): Promise<void> {
  const { rows } = await tx.query<{ found: boolean }>(
    `SELECT to_regclass('token_budgets') IS NOT NULL AND EXISTS (
       SELECT FROM pg_attribute WHERE attrelid = to_regclass('workflow_executions') AND attname = 'token_budget_used' AND NOT attisdropped) AS found`,
    [],
    "execution_budgets_there",
  );
  if (rows[0]?.found !== true) return;
  await tx.query(
    `UPDATE workflow_executions e SET token_budget_used = LEAST(b.used, ${MOST_TOKENS})
     FROM (SELECT execution_id, COALESCE(SUM(used_tokens), 0) AS used FROM token_budgets WHERE execution_id = ANY($1::uuid[]) GROUP BY execution_id) b
     WHERE e.id = b.execution_id`,
    [executionIds],
    "execution_budgets_closed",
  );
}
