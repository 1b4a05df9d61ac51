// Rows of an ended execution as journal, ledger and governance leave them, for tests that read them.
import { randomId, uuidv7, type WorkspaceId } from "../../../lib/core/ids.ts";
import type { Queryable } from "../../../lib/db/Database.ts";

export async function addWorkspace(db: Queryable, name: string): Promise<WorkspaceId> {
  const id = randomId() as WorkspaceId;
  await db.query("INSERT INTO workspaces (id, name) VALUES ($1, $2)", [id, name]);
  return id;
}

export async function addAgent(db: Queryable, workspaceId: WorkspaceId): Promise<string> {
  const id = uuidv7();
  await db.query("INSERT INTO agents (id, agent_name, workspace_id) VALUES ($1, 'Digest', $2)", [id, workspaceId]);
  return id;
}

export interface StoredExecution {
  readonly workspaceId: WorkspaceId;
  readonly agentId: string | null;
  readonly status?: string;
  /** @defaultValue true */
  readonly isEnded?: boolean;
  readonly createdAt?: string;
  readonly ais?: number | null;
  readonly tier?: string;
}

export async function addExecution(db: Queryable, execution: StoredExecution): Promise<string> {
  const {
    workspaceId,
    agentId,
    status = "completed",
    isEnded = true,
    createdAt = "2026-01-02T00:00:00Z",
    ais = null,
    tier = null,
  } = execution;
  const id = uuidv7();
  await db.query(
    `INSERT INTO workflow_executions (id, workspace_id, agent_id, status, created_at, finished_at, ais_score_at_execution, routing_tier)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [id, workspaceId, agentId, status, createdAt, isEnded ? createdAt : null, ais, tier],
  );
  return id;
}

export interface StoredStep {
  readonly path: string;
  readonly type: string;
  readonly attempt?: number;
  readonly status?: string;
  readonly plugin?: string;
  readonly ms?: number;
  readonly items?: number;
}

export async function addSteps(db: Queryable, executionId: string, steps: readonly StoredStep[]): Promise<void> {
  for (const { path, type, attempt = 1, status = "completed", plugin = null, ms = null, items = null } of steps)
    await db.query(
      `INSERT INTO workflow_step_executions (workflow_execution_id, step_path, attempt, step_type, status, plugin, execution_time_ms, item_count, epoch)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)`,
      [executionId, path, attempt, type, status, plugin, ms, items],
    );
}

export async function addCall(
  db: Queryable,
  executionId: string,
  { input, output, usd }: { readonly input: number | null; readonly output: number | null; readonly usd: string | null },
): Promise<void> {
  await db.query(
    `INSERT INTO token_usage (id, execution_id, provider, model_name, input_tokens, output_tokens, cost_usd, activity_type, success)
     VALUES ($1, $2, 'openai', 'gpt-4o', $3, $4, $5, 'step_execution', TRUE)`,
    [uuidv7(), executionId, input, output, usd],
  );
}
