// SQL of agents: who owns a workflow, its budgets and history. `run FILE` finds the same agent each time by its source key.
import { uuidv7, type WorkspaceId } from "../core/ids.ts";
import type { Queryable } from "../db/Database.ts";

/** Whether the agent remembers; lib/memory says what each means. */
export type AgentMemory = "off" | "on" | "user";

export interface AgentRecord {
  readonly id: string;
  readonly workspaceId: WorkspaceId;
  readonly name: string;
  readonly sourceKey: string | null;
  readonly status: string;
  readonly tokenLimit: number;
  readonly orchestration: "off" | "on" | null;
  readonly memory: AgentMemory;
  readonly definitionHash: Buffer | null;
  readonly createdAt: Date;
  readonly executions: number;
}

/** @returns the agent's id, when it was made, whether it is new and whether its definition changed */
export async function upsertAgent(
  tx: Queryable,
  agent: {
    readonly workspaceId: WorkspaceId;
    readonly name: string;
    readonly description: string | null;
    readonly sourceKey: string;
    readonly definitionHash: Buffer;
    /** Planned tokens of one execution; absent: as they are. */
    readonly tokenLimit?: number;
  },
): Promise<{
  readonly id: string;
  readonly isNew: boolean;
  readonly orchestration: "off" | "on" | null;
  readonly memory: AgentMemory;
  readonly createdAt: Date;
  readonly tokenLimit: number;
}> {
  const id = uuidv7();
  const { rows } = await tx.query<{
    id: string;
    orchestration: "off" | "on" | null;
    memory: AgentMemory;
    created_at: Date;
    token_limit: string;
  }>(
    `INSERT INTO agents AS a (id, workspace_id, agent_name, description, source_key, definition_hash, token_limit)
     VALUES ($1, $2, $3, $4, $5, $6, COALESCE($7::bigint, 10000))
     ON CONFLICT (workspace_id, source_key) DO UPDATE SET agent_name = excluded.agent_name, description = excluded.description,
       definition_hash = excluded.definition_hash, token_limit = COALESCE($7::bigint, a.token_limit), updated_at = NOW()
     RETURNING id, orchestration, memory, created_at, token_limit`,
    [id, agent.workspaceId, agent.name, agent.description, agent.sourceKey, agent.definitionHash, agent.tokenLimit ?? null],
    "agent_upserted",
  );
  const row = rows[0];
  if (row === undefined) throw new RangeError("an upsert gave no row");
  return {
    id: row.id,
    isNew: row.id === id,
    orchestration: row.orchestration,
    memory: row.memory,
    createdAt: row.created_at,
    tokenLimit: Number(row.token_limit),
  };
}

/** The agent of this name as it is; made when there is none. One that a workflow made keeps its definition. */
export async function ensureAgent(
  db: Queryable,
  { workspaceId, name }: { readonly workspaceId: WorkspaceId; readonly name: string },
): Promise<{ readonly id: string; readonly orchestration: "off" | "on" | null; readonly createdAt: Date }> {
  const { rows } = await db.query<{ id: string; orchestration: "off" | "on" | null; created_at: Date }>(
    `INSERT INTO agents (id, workspace_id, agent_name, source_key, token_limit) VALUES ($1, $2, $3, $3, 10000)
     ON CONFLICT (workspace_id, source_key) DO UPDATE SET updated_at = NOW() RETURNING id, orchestration, created_at`,
    [uuidv7(), workspaceId, name],
    "agent_ensured",
  );
  const row = rows[0];
  if (row === undefined) throw new RangeError("an upsert gave no row");
  return { id: row.id, orchestration: row.orchestration, createdAt: row.created_at };
}

interface AgentRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly agent_name: string;
  readonly source_key: string | null;
  readonly status: string;
  readonly token_limit: string;
  readonly orchestration: "off" | "on" | null;
  readonly memory: AgentMemory;
  readonly definition_hash: Buffer | null;
  readonly created_at: Date;
  readonly executions: string;
}

const SELECT = `SELECT a.id, a.workspace_id, a.agent_name, a.source_key, a.status, a.token_limit, a.orchestration, a.memory, a.definition_hash, a.created_at,
  (SELECT COUNT(*) FROM workflow_executions e WHERE e.agent_id = a.id) AS executions FROM agents a`;

export async function listAgents(db: Queryable, workspaceId: WorkspaceId, limit = 200): Promise<AgentRecord[]> {
  const { rows } = await db.query<AgentRow>(`${SELECT} WHERE a.workspace_id = $1 ORDER BY a.agent_name, a.id LIMIT $2`, [
    workspaceId,
    limit,
  ]);
  return rows.map(toAgent);
}

/** By id, or by name (the newest of that name). */
export async function findAgent(db: Queryable, workspaceId: WorkspaceId, nameOrId: string): Promise<AgentRecord | undefined> {
  const { rows } = await db.query<AgentRow>(
    `${SELECT} WHERE a.workspace_id = $1 AND (a.id::text = $2 OR a.agent_name = $2) ORDER BY a.created_at DESC LIMIT 1`,
    [workspaceId, nameOrId],
  );
  return rows[0] === undefined ? undefined : toAgent(rows[0]);
}

function toAgent(row: AgentRow): AgentRecord {
  return {
    id: row.id,
    workspaceId: row.workspace_id as WorkspaceId,
    name: row.agent_name,
    sourceKey: row.source_key,
    status: row.status,
    tokenLimit: Number(row.token_limit),
    orchestration: row.orchestration,
    memory: row.memory,
    definitionHash: row.definition_hash,
    createdAt: row.created_at,
    executions: Number(row.executions),
  };
}

/** The agent's own switch now; null: as the flags say, or there is no such agent any more. */
export async function findAgentSwitch(db: Queryable, workspaceId: WorkspaceId, id: string): Promise<"off" | "on" | null> {
  const { rows } = await db.query<{ orchestration: "off" | "on" | null }>(
    "SELECT orchestration FROM agents WHERE workspace_id = $1 AND id = $2",
    [workspaceId, id],
    "agent_switch",
  );
  return rows[0]?.orchestration ?? null;
}

/** Hash of the definition that is stored for the agent of this source key; null: there is none. Index: agents_source_key. */
export async function findDefinitionHash(db: Queryable, workspaceId: WorkspaceId, sourceKey: string): Promise<Buffer | null> {
  const { rows } = await db.query<{ definition_hash: Buffer | null }>(
    "SELECT definition_hash FROM agents WHERE workspace_id = $1 AND source_key = $2",
    [workspaceId, sourceKey],
    "agent_definition_hash",
  );
  return rows[0]?.definition_hash ?? null;
}
