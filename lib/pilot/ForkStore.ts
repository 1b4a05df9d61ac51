// SQL of forks: step rows by reference. The value stays with the execution that made it; a foreign key keeps it alive.
import type { Transaction } from "../db/Database.ts";

export async function copyRecordedSteps(
  tx: Transaction,
  { source, fork, stepIds }: { readonly source: string; readonly fork: string; readonly stepIds: readonly string[] },
): Promise<number> {
  const { rowCount } = await tx.query(
    `INSERT INTO workflow_step_executions (workflow_execution_id, step_path, attempt, step_type, status, plugin, action, execution_time_ms, item_count,
       completed_at, epoch, output_execution_id, output_hash, output_inline, detail)
     SELECT $2, s.step_path, s.attempt, s.step_type, s.status, s.plugin, s.action, s.execution_time_ms, s.item_count,
       s.completed_at, 0, s.output_execution_id, s.output_hash, s.output_inline, s.detail
     FROM workflow_step_executions s
     WHERE s.workflow_execution_id = $1 AND s.status IN ('completed', 'skipped') AND split_part(split_part(s.step_path, '.', 1), '[', 1) = ANY($3::text[])`,
    [source, fork, stepIds],
  );
  return rowCount;
}
