// What routes of one execution go by, read once when it starts: score, past, tables, cuts. It routes no step.
import type { WorkspaceId } from "../../core/ids.ts";
import type { Queryable } from "../../db/Database.ts";
import { chooseTier, readAis, type TierCuts } from "./chooseTier.ts";
import { loadPastRoutes, loadTierTables } from "./RoutingStore.ts";
import type { TierTables } from "./tierTables.ts";
import type { PastRoute } from "./types.ts";
import type { Tier } from "../types.ts";

/** Plain JSON, for the execution's snapshot. */
export interface RoutingSnapshot {
  readonly ais: number | null;
  readonly history: readonly PastRoute[];
  readonly tables: TierTables;
  readonly cuts: TierCuts;
}

export interface SnapshotRequest {
  readonly workspaceId: WorkspaceId;
  readonly agentId: string;
  /** The execution that starts. */
  readonly executionId: string;
  /** The agent's score with the definition that starts. */
  readonly ais: number | null;
  /** `GovernanceSettings.tierBelowScore`. */
  readonly cuts: TierCuts;
}

/** Two short statements. To be called where `ais_routing_enabled` is not off: it names columns of its migration. */
export async function loadRoutingSnapshot(
  db: Queryable,
  { workspaceId, agentId, executionId, ais, cuts }: SnapshotRequest,
): Promise<{ readonly snapshot: RoutingSnapshot; readonly warnings: readonly string[] }> {
  const history = await loadPastRoutes(db, { workspaceId, agentId, exceptExecutionId: executionId });
  const { tables, warnings } = await loadTierTables(db, workspaceId);
  return { snapshot: { ais, history, tables, cuts }, warnings };
}

/** The plan's columns of `workflow_executions`. */
export interface ExecutionRoute {
  readonly ais_score_at_execution: number | null;
  readonly routing_tier: Tier;
  readonly routing_reason: string;
}

/** Of the agent's score alone: steps may go elsewhere, and the next execution's hysteresis reads this. */
export function executionRoute({ ais, history, cuts }: RoutingSnapshot): ExecutionRoute {
  const { ais: usable, fault } = readAis(ais);
  const { tier, reason } = chooseTier(usable, history, cuts);
  return { ais_score_at_execution: usable, routing_tier: tier, routing_reason: fault === null ? reason : `${fault}: ${tier} tier` };
}
