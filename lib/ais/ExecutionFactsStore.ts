// Reads what an ended execution came to from its journal and its token usage. It scores nothing, and knows of no memory.
import type { WorkspaceId } from "../core/ids.ts";
import { parseUsd } from "../core/money.ts";
import type { Queryable } from "../db/Database.ts";
import type { ExecutionFacts, OrchestrationFacts } from "./types.ts";

export interface FactsRequest {
  readonly workspaceId: WorkspaceId;
  readonly executionId: string;
  /** True: `token_governance_enabled` was not off, so that the plan's table token_budgets may be named. */
  readonly hasBudgets: boolean;
}

export interface EndedExecution {
  readonly agentId: string;
  /** `memory` and `orchestration` are the caller's to add. */
  readonly facts: Omit<ExecutionFacts, "memory" | "orchestration">;
  readonly commitments: OrchestrationFacts["commitments"];
}

interface FactsRow {
  readonly agent_id: string;
  readonly status: string;
  readonly steps: number;
  readonly retries: number;
  readonly branches: number;
  readonly parallels: number;
  readonly loop_items: string | null;
  readonly plugin_calls: number;
  readonly unique_plugins: number;
  readonly plugin_ms: string | null;
  readonly work_ms: string | null;
  readonly calls: number;
  readonly input_tokens: string | null;
  readonly output_tokens: string | null;
  readonly cost_usd: string | null;
}

/** Types whose time is that of others: of the steps inside them, of people, of the clock. */
const NO_WORK = "'conditional', 'switch', 'loop', 'parallel_group', 'scatter_gather', 'sub_workflow', 'delay', 'human_approval'";

/** A sum with one unknown part is unknown; of nothing it is 0. */
function knownSum(column: string, filter: string): string {
  return `CASE WHEN count(*) FILTER (WHERE ${filter}) = count(${column}) FILTER (WHERE ${filter}) THEN coalesce(sum(${column}) FILTER (WHERE ${filter}), 0) END`;
}

/**
 * null: no such execution, it has not ended, no agent owns it, it was a rehearsal, or a fork, part of which another
 * execution did. A sum with one unknown part is unknown; attempts that waited took no time. Loop items are those of each
 * loop's last attempt. Time is that of steps that work: waiting for people, delays and budgets makes no agent more
 * demanding. Indexes: the journal's key, token_usage_execution.
 */
export async function loadExecutionFacts(
  db: Queryable,
  { workspaceId, executionId, hasBudgets }: FactsRequest,
): Promise<EndedExecution | null> {
  const { rows } = await db.query<FactsRow>(
    `SELECT e.agent_id, e.status, j.*, u.*
     FROM workflow_executions e
     CROSS JOIN LATERAL (
       SELECT count(DISTINCT s.step_path)::int AS steps, (count(*) - count(DISTINCT s.step_path))::int AS retries,
         (count(DISTINCT s.step_path) FILTER (WHERE s.step_type IN ('conditional', 'switch')))::int AS branches,
         (count(DISTINCT s.step_path) FILTER (WHERE s.step_type IN ('parallel_group', 'scatter_gather')))::int AS parallels,
         ${knownSum("s.item_count", "s.step_type IN ('loop', 'scatter_gather') AND s.is_last")} AS loop_items,
         (count(*) FILTER (WHERE s.plugin IS NOT NULL))::int AS plugin_calls,
         count(DISTINCT s.plugin)::int AS unique_plugins,
         ${knownSum("s.execution_time_ms", "s.plugin IS NOT NULL AND s.has_ended")} AS plugin_ms,
         ${knownSum("s.execution_time_ms", `s.step_type NOT IN (${NO_WORK}) AND s.has_ended`)} AS work_ms
       FROM (SELECT w.step_path, w.step_type, w.item_count, w.plugin, w.execution_time_ms, w.status NOT IN ('waiting', 'uncertain') AS has_ended,
           w.attempt = max(w.attempt) OVER (PARTITION BY w.step_path) AS is_last
         FROM workflow_step_executions w WHERE w.workflow_execution_id = e.id AND w.status <> 'skipped') s) j
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS calls,
         CASE WHEN count(*) = count(t.input_tokens) THEN coalesce(sum(t.input_tokens), 0) END AS input_tokens,
         CASE WHEN count(*) = count(t.output_tokens) THEN coalesce(sum(t.output_tokens), 0) END AS output_tokens,
         CASE WHEN count(*) = count(t.cost_usd) THEN coalesce(sum(t.cost_usd), 0) END AS cost_usd
       FROM token_usage t WHERE t.execution_id = e.id) u
     WHERE e.id = $1 AND e.workspace_id = $2 AND e.finished_at IS NOT NULL AND e.agent_id IS NOT NULL
       AND e.run_mode <> 'dry' AND e.forked_from IS NULL`,
    [executionId, workspaceId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return { agentId: row.agent_id, facts: toFacts(executionId, row), commitments: hasBudgets ? await loadCommitments(db, executionId) : [] };
}

function toFacts(executionId: string, row: FactsRow): EndedExecution["facts"] {
  return {
    executionId,
    isSuccess: row.status === "completed",
    durationMs: toNumber(row.work_ms),
    inputTokens: toNumber(row.input_tokens),
    outputTokens: toNumber(row.output_tokens),
    iterations: row.calls,
    retries: row.retries,
    pluginCalls: row.plugin_calls,
    uniquePlugins: row.unique_plugins,
    pluginMs: toNumber(row.plugin_ms),
    steps: row.steps,
    branches: row.branches,
    loopItems: toNumber(row.loop_items),
    parallels: row.parallels,
    costUsd: row.cost_usd === null ? null : parseUsd(row.cost_usd),
  };
}

async function loadCommitments(db: Queryable, executionId: string): Promise<OrchestrationFacts["commitments"]> {
  const { rows } = await db.query<{ allocated_tokens: number; used_tokens: number | null }>(
    "SELECT allocated_tokens, used_tokens FROM token_budgets WHERE execution_id = $1 ORDER BY step_id LIMIT 10000",
    [executionId],
  );
  return rows.flatMap(({ allocated_tokens, used_tokens }) =>
    used_tokens === null ? [] : [{ allocatedTokens: allocated_tokens, usedTokens: used_tokens }],
  );
}

function toNumber(text: string | null): number | null {
  return text === null ? null : Number(text);
}
