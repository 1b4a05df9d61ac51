// Rows of memory as tests need them: agents, executions, what is remembered of them and told to them.
import { DEFAULT_WORKSPACE_ID, randomId, type WorkspaceId } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { insertExecutionMemory } from "../../../lib/memory/MemoryStore.ts";
import type { ToldRow } from "../../../lib/memory/types.ts";

const workspaceId = DEFAULT_WORKSPACE_ID;

interface Remembered {
  readonly agentId: string;
  readonly number: number;
  readonly of?: WorkspaceId;
  readonly userId?: string;
  readonly daysAgo?: number;
  readonly importance?: number;
  readonly patterns?: readonly string[];
  readonly status?: string;
}

export class MemoryRows {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async clear(): Promise<void> {
    for (const table of ["execution_memory", "run_memories", "user_memory"]) await this.#db.query(`DELETE FROM ${table}`);
  }

  async agent(of: WorkspaceId = workspaceId, memory = "user"): Promise<string> {
    const id = randomId();
    await this.#db.query("INSERT INTO agents (id, workspace_id, agent_name, memory) VALUES ($1, $2, 'a', $3)", [id, of, memory]);
    return id;
  }

  async remember(memory: Remembered): Promise<string> {
    const { agentId, number, of = workspaceId, userId = null, daysAgo = 0, importance = 0.5, patterns = [], status = "completed" } = memory;
    const id = randomId();
    await this.#db.query(
      `INSERT INTO run_memories (id, workspace_id, agent_id, user_id, execution_id, run_number, run_timestamp, status, summary, patterns_detected, importance_score)
     VALUES ($1, $2, $3, $4, $5, $6, NOW() - make_interval(days => $7), $8, $9, $10, $11)`,
      [id, of, agentId, userId, randomId(), number, daysAgo, status, `summary ${number}`, patterns, importance],
    );
    return id;
  }

  async know(of: WorkspaceId, userId: string, key: string): Promise<void> {
    await this.#db.query(
      `INSERT INTO user_memory (id, workspace_id, user_id, memory_key, memory_value, memory_type, importance, confidence)
     VALUES ($1, $2, $3, $4, 'v', 'fact', 0.5, 0.8)`,
      [randomId(), of, userId, key],
    );
  }

  async execution(agentId: string, isEnded = true): Promise<string> {
    const id = randomId();
    await this.#db.query(
      `INSERT INTO workflow_executions (id, workspace_id, agent_id, status, definition_hash, snapshot_hash, input_hash, started_at, finished_at)
     VALUES ($1, $2, $3, $4, 'd', 's', 'i', NOW(), ${isEnded ? "NOW()" : "NULL"})`,
      [id, workspaceId, agentId, isEnded ? "completed" : "running"],
    );
    return id;
  }

  async told(
    executionId: string,
    agentId: string,
    { userId = null, from = [] }: { readonly userId?: string | null; readonly from?: readonly ToldRow[] } = {},
  ): Promise<boolean> {
    const block = { sections: [{ title: "History", lines: ["a: b"] }], tokens: 9, from } as const;
    return this.#db.transaction((tx) =>
      insertExecutionMemory(tx, { executionId, workspaceId, agentId, userId, block, model: "m", tags: [], isRemembered: true }),
    );
  }
}
