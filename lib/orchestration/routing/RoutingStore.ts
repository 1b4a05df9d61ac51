// SQL of routing: the tier tables, the latest scores of an agent, and the outcomes that routes learn from. It decides nothing.
import type { WorkspaceId } from "../../core/ids.ts";
import type { Queryable } from "../../db/Database.ts";
import type { PartWriter } from "../../db/UnitPart.ts";
import type { Tier } from "../types.ts";
import { TIERS } from "./chooseTier.ts";
import type { RouteOutcome } from "./SuccessModel.ts";
import { parseTierTables, TIER_MODELS_KEY, type ParsedTierTables } from "./tierTables.ts";
import type { PastRoute } from "./types.ts";

/** A workspace's own row before the row for all. Index: system_config_key. Never throws for what a row holds. */
export async function loadTierTables(db: Queryable, workspaceId: WorkspaceId): Promise<ParsedTierTables> {
  const { rows } = await db.query<{ value: string }>(
    `SELECT value FROM system_config WHERE key = $1 AND (workspace_id = $2::uuid OR workspace_id IS NULL)
     ORDER BY workspace_id NULLS LAST LIMIT 1`,
    [TIER_MODELS_KEY, workspaceId],
  );
  return parseTierTables(rows[0]?.value);
}

export interface PastRoutesRequest {
  readonly workspaceId: WorkspaceId;
  readonly agentId: string;
  /** The execution that is starting: it is no past one. */
  readonly exceptExecutionId: string;
}

/**
 * The latest three executions of an agent that were routed, newest first. Names columns of the plan's
 * 20250223_ais_routing: to be called where `ais_routing_enabled` is not off. Index: workflow_executions_agent.
 */
export async function loadPastRoutes(
  db: Queryable,
  { workspaceId, agentId, exceptExecutionId }: PastRoutesRequest,
): Promise<readonly PastRoute[]> {
  const { rows } = await db.query<{ ais: string | null; tier: string }>(
    `SELECT ais_score_at_execution AS ais, routing_tier AS tier FROM workflow_executions
     WHERE workspace_id = $1 AND agent_id = $2 AND id <> $3 AND routing_tier IS NOT NULL
     ORDER BY created_at DESC LIMIT 3`,
    [workspaceId, agentId, exceptExecutionId],
  );
  return rows.flatMap(({ ais, tier }) => (isTier(tier) ? [{ ais: ais === null ? null : Number(ais), tier }] : []));
}

/** The plan's columns of one execution, in the transaction that inserts it. */
export async function saveExecutionRoute(
  tx: Queryable,
  workspaceId: WorkspaceId,
  executionId: string,
  route: { readonly ais_score_at_execution: number | null; readonly routing_tier: Tier; readonly routing_reason: string },
): Promise<void> {
  await tx.query(
    `UPDATE workflow_executions SET ais_score_at_execution = $3, routing_tier = $4, routing_reason = $5 WHERE workspace_id = $1 AND id = $2`,
    [workspaceId, executionId, route.ais_score_at_execution, route.routing_tier, route.routing_reason],
  );
}

function isTier(text: string): text is Tier {
  return TIERS.some((tier) => tier === text);
}

/** One row of routing_outcomes. */
export interface StoredOutcome extends RouteOutcome {
  /** Of the attempt whose answer was checked; the same one is kept once. */
  readonly attemptId: string;
  readonly workspaceId: WorkspaceId;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
}

/** Rows that travel in the step's unit. All but first attempts are left out: they must never be learned from. */
export const routingOutcomeWriter: PartWriter<StoredOutcome> = {
  kind: "routing_outcome",
  acceptance: "fact",
  fragments: (rows, binder) => {
    const first = rows.filter(({ kind }) => kind === "first");
    const columns: readonly (readonly [string, string, (row: StoredOutcome) => unknown])[] = [
      ["attempt_id", "uuid[]", (row) => row.attemptId],
      ["workspace_id", "uuid[]", (row) => row.workspaceId],
      ["intent", "text[]", (row) => row.intent],
      ["tool", "text[]", (row) => row.tool],
      ["signature", "text[]", (row) => row.signature],
      ["version", "text[]", (row) => row.version],
      ["model", "text[]", (row) => row.model],
      ["success", "boolean[]", (row) => row.isSuccess],
      ["buckets", "bytea[]", (row) => toBytes(row.buckets)],
      ["created_at", "timestamptz[]", (row) => new Date(row.createdAtMs)],
    ];
    const arrays = columns.map(([, cast, value]) => binder.bind(first.map(value), cast));
    const names = columns.map(([name]) => name).join(", ");
    const sql = `INSERT INTO routing_outcomes (${names}) SELECT * FROM unnest(${arrays.join(", ")}) ON CONFLICT (attempt_id) DO NOTHING`;
    return [{ name: "routing_outcome_rows", sql }];
  },
};

interface OutcomeRow {
  readonly intent: string;
  readonly tool: string;
  readonly signature: string;
  readonly version: string;
  readonly model: string;
  readonly success: boolean;
  readonly buckets: Buffer;
}

/** What is learned from at most; older outcomes would hardly count. */
const MOST_OUTCOMES = 4_000;

/** Of one workspace, oldest first, as `SuccessModel` takes them. Index: routing_outcomes_newest. */
export async function loadRouteOutcomes(
  db: Queryable,
  workspaceId: WorkspaceId,
  limit: number = MOST_OUTCOMES,
): Promise<readonly RouteOutcome[]> {
  const { rows } = await db.query<OutcomeRow>(
    `SELECT intent, tool, signature, version, model, success, buckets FROM routing_outcomes
     WHERE workspace_id = $1 ORDER BY created_at DESC, attempt_id DESC LIMIT $2`,
    [workspaceId, limit],
  );
  return rows
    .toReversed()
    .map(({ success, buckets, ...key }) => ({ ...key, kind: "first" as const, isSuccess: success, buckets: fromBytes(buckets) }));
}

/** Removes what is no longer read. @returns how many rows */
export async function pruneRouteOutcomes(db: Queryable, workspaceId: WorkspaceId, keep: number = MOST_OUTCOMES): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM routing_outcomes WHERE workspace_id = $1 AND created_at < (
       SELECT created_at FROM routing_outcomes WHERE workspace_id = $1 ORDER BY created_at DESC OFFSET $2 LIMIT 1)`,
    [workspaceId, Math.max(keep - 1, 0)],
  );
  return rowCount;
}

function toBytes(buckets: readonly number[]): Buffer {
  const bytes = Buffer.alloc(buckets.length * 2);
  buckets.forEach((bucket, index) => bytes.writeUInt16LE(bucket, index * 2));
  return bytes;
}

function fromBytes(bytes: Buffer): readonly number[] {
  return Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readUInt16LE(index * 2));
}
