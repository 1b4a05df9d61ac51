// Finds an agent that must be there.
import { findAgent, type AgentRecord } from "../agents/AgentStore.ts";
import { AppError } from "../core/errors.ts";
import type { WorkspaceId } from "../core/ids.ts";
import type { Queryable } from "../db/Database.ts";

/** @throws AppError `NOT_FOUND` */
export async function requireAgent(db: Queryable, workspaceId: WorkspaceId, nameOrId: string): Promise<AgentRecord> {
  const agent = await findAgent(db, workspaceId, nameOrId);
  if (agent !== undefined) return agent;
  throw new AppError("NOT_FOUND", `there is no agent ${nameOrId}`, { details: { agent: nameOrId }, hint: "list them with `agents ls`" });
}
