// SQL of step_cache.
import type { WorkspaceId } from "../core/ids.ts";
import type { Queryable } from "../db/Database.ts";

export interface CacheKey {
  readonly workspaceId: WorkspaceId;
  readonly agentId: string;
  readonly key: Buffer;
}

export async function findCached(db: Queryable, { workspaceId, agentId, key }: CacheKey): Promise<Buffer | null> {
  const { rows } = await db.query<{ content: Buffer }>(
    "SELECT content FROM step_cache WHERE workspace_id = $1 AND agent_id = $2 AND key = $3 AND expires_at > NOW()",
    [workspaceId, agentId, key],
    "step_cache_found",
  );
  return rows[0]?.content ?? null;
}

export async function putCached(
  db: Queryable,
  { workspaceId, agentId, key }: CacheKey,
  content: Buffer,
  ttlSeconds: number,
): Promise<void> {
  await db.query(
    `INSERT INTO step_cache (workspace_id, agent_id, key, content, expires_at) VALUES ($1, $2, $3, $4, NOW() + make_interval(secs => $5))
     ON CONFLICT (workspace_id, agent_id, key) DO UPDATE SET content = excluded.content, expires_at = excluded.expires_at`,
    [workspaceId, agentId, key, content, ttlSeconds],
    "step_cache_put",
  );
}

/** Bounded, so that a sweep never holds up the database. */
export async function deleteExpired(db: Queryable): Promise<void> {
  await db.query("DELETE FROM step_cache WHERE ctid IN (SELECT ctid FROM step_cache WHERE expires_at < NOW() LIMIT 1000)");
}
