// SQL of agent intensity: one row per agent, one of history per execution that was counted. How scores are made is nextIntensity.ts's work.
import type { WorkspaceId } from "../core/ids.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { nanoToNumeric, parseUsd, type NanoUsd } from "../core/money.ts";
import type { Queryable, Transaction } from "../db/Database.ts";
import { INTENSITY_RULES_KEY, parseIntensityRules, type ParsedRules } from "./intensityRules.ts";
import { NO_INTENSITY } from "./nextIntensity.ts";
import { AVERAGE_NAMES, type AgentDesign, type AgentIntensity, type Average, type Averages, type GrowthAlert } from "./types.ts";

export interface AgentKey {
  readonly workspaceId: WorkspaceId;
  readonly agentId: string;
}

interface IntensityRow {
  readonly creation_score: number | null;
  readonly execution_score: number | null;
  readonly combined_score: number | null;
  readonly token_component: number | null;
  readonly execution_component: number | null;
  readonly plugin_component: number | null;
  readonly workflow_component: number | null;
  readonly memory_component: number | null;
  readonly orchestration_efficiency: number | null;
  readonly token_governance_score: number | null;
  readonly handler_effectiveness: number | null;
  readonly total_executions: string;
  readonly successful_executions: string;
  readonly failed_executions: string;
  readonly total_cost_usd: string | null;
  readonly output_growth_percent: number | null;
  readonly growth_alert: GrowthAlert;
  readonly averages: Buffer;
}

/** Columns besides the keys, with what they hold, in the order of the statements below. */
const COLUMNS: readonly (readonly [keyof IntensityRow, (intensity: AgentIntensity) => unknown])[] = [
  ["creation_score", ({ scores }) => scores.creation],
  ["execution_score", ({ scores }) => scores.execution],
  ["combined_score", ({ scores }) => scores.combined],
  ["token_component", ({ components }) => components.tokens],
  ["execution_component", ({ components }) => components.execution],
  ["plugin_component", ({ components }) => components.plugins],
  ["workflow_component", ({ components }) => components.workflow],
  ["memory_component", ({ components }) => components.memory],
  ["orchestration_efficiency", ({ metrics }) => metrics.orchestration_efficiency],
  ["token_governance_score", ({ metrics }) => metrics.token_governance_score],
  ["handler_effectiveness", ({ metrics }) => metrics.handler_effectiveness],
  ["total_executions", ({ totalExecutions }) => totalExecutions],
  ["successful_executions", ({ successfulExecutions }) => successfulExecutions],
  ["failed_executions", ({ failedExecutions }) => failedExecutions],
  ["total_cost_usd", ({ totalCostUsd }) => numeric(totalCostUsd)],
  ["output_growth_percent", ({ growthPercent }) => growthPercent],
  ["growth_alert", ({ growthAlert }) => growthAlert],
  ["averages", ({ averages, design }) => Buffer.from(JSON.stringify({ averages, design }))],
];
const NAMES = COLUMNS.map(([name]) => name);

/** null: the agent was never scored. Index: the key. */
export async function loadIntensity(db: Queryable, { workspaceId, agentId }: AgentKey): Promise<AgentIntensity | null> {
  const { rows } = await db.query<IntensityRow>(
    `SELECT ${NAMES.join(", ")} FROM agent_intensity_metrics WHERE agent_id = $1 AND workspace_id = $2`,
    [agentId, workspaceId],
  );
  return rows[0] === undefined ? null : toIntensity(rows[0]);
}

/** Makes the row if there is none and holds it until the transaction ends: two executions that end at once count one after the other. */
export async function lockIntensity(tx: Transaction, { workspaceId, agentId }: AgentKey): Promise<AgentIntensity> {
  const { averages, design } = NO_INTENSITY;
  await tx.query(
    "INSERT INTO agent_intensity_metrics (agent_id, workspace_id, averages) VALUES ($1, $2, $3) ON CONFLICT (agent_id) DO NOTHING",
    [agentId, workspaceId, Buffer.from(JSON.stringify({ averages, design }))],
  );
  const { rows } = await tx.query<IntensityRow>(
    `SELECT ${NAMES.join(", ")} FROM agent_intensity_metrics WHERE agent_id = $1 AND workspace_id = $2 FOR UPDATE`,
    [agentId, workspaceId],
  );
  if (rows[0] === undefined) throw new RangeError(`agent ${agentId} is scored in another workspace`);
  return toIntensity(rows[0]);
}

export async function saveIntensity(tx: Transaction, { workspaceId, agentId }: AgentKey, intensity: AgentIntensity): Promise<void> {
  const set = NAMES.map((name, index) => `${name} = $${index + 3}`).join(", ");
  await tx.query(`UPDATE agent_intensity_metrics SET ${set}, updated_at = NOW() WHERE agent_id = $1 AND workspace_id = $2`, [
    agentId,
    workspaceId,
    ...COLUMNS.map(([, value]) => value(intensity)),
  ]);
}

export interface HistoryEntry {
  readonly executionId: string;
  readonly isSuccess: boolean;
  readonly scores: AgentIntensity["scores"];
  /** Of the agent after this execution. */
  readonly metrics: AgentIntensity["metrics"];
  readonly costUsd: NanoUsd | null;
}

/** @returns false: the execution was counted before */
export async function addHistory(tx: Transaction, { workspaceId, agentId }: AgentKey, entry: HistoryEntry): Promise<boolean> {
  const { executionId, isSuccess, scores, metrics, costUsd } = entry;
  const { rows } = await tx.query<{ execution_id: string }>(
    `INSERT INTO agent_intensity_history (execution_id, workspace_id, agent_id, success, creation_score, execution_score, combined_score,
       orchestration_efficiency, token_governance_score, handler_effectiveness, cost_usd)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (execution_id) DO NOTHING RETURNING execution_id`,
    [
      executionId,
      workspaceId,
      agentId,
      isSuccess,
      scores.creation,
      scores.execution,
      scores.combined,
      metrics.orchestration_efficiency,
      metrics.token_governance_score,
      metrics.handler_effectiveness,
      numeric(costUsd),
    ],
  );
  return rows.length > 0;
}

export interface PastIntensity extends HistoryEntry {
  readonly createdAt: Date;
}

interface HistoryRow extends Pick<
  IntensityRow,
  "creation_score" | "execution_score" | "combined_score" | "orchestration_efficiency" | "token_governance_score" | "handler_effectiveness"
> {
  readonly execution_id: string;
  readonly success: boolean;
  readonly cost_usd: string | null;
  readonly created_at: Date;
}

/** Newest first. Index: agent_intensity_history_agent. @param limit @defaultValue 50 */
export async function loadHistory(
  db: Queryable,
  { workspaceId, agentId }: AgentKey,
  limit: number = 50,
): Promise<readonly PastIntensity[]> {
  const { rows } = await db.query<HistoryRow>(
    `SELECT execution_id, success, creation_score, execution_score, combined_score, orchestration_efficiency, token_governance_score,
            handler_effectiveness, cost_usd, created_at
     FROM agent_intensity_history WHERE workspace_id = $1 AND agent_id = $2 ORDER BY created_at DESC, execution_id DESC LIMIT $3`,
    [workspaceId, agentId, limit],
  );
  return rows.map((row) => ({
    executionId: row.execution_id,
    isSuccess: row.success,
    scores: { creation: row.creation_score, execution: row.execution_score, combined: row.combined_score },
    metrics: metricsOf(row),
    costUsd: row.cost_usd === null ? null : parseUsd(row.cost_usd),
    createdAt: row.created_at,
  }));
}

/** A workspace's own row before the row for all. Index: system_config_key. Never throws for what a row holds. */
export async function loadIntensityRules(db: Queryable, workspaceId: WorkspaceId): Promise<ParsedRules> {
  const { rows } = await db.query<{ value: string }>(
    `SELECT value FROM system_config WHERE key = $1 AND (workspace_id = $2::uuid OR workspace_id IS NULL)
     ORDER BY workspace_id NULLS LAST LIMIT 1`,
    [INTENSITY_RULES_KEY, workspaceId],
  );
  return parseIntensityRules(rows[0]?.value);
}

function toIntensity(row: IntensityRow): AgentIntensity {
  const { averages, design } = readAverages(row.averages);
  return {
    design,
    totalExecutions: Number(row.total_executions),
    successfulExecutions: Number(row.successful_executions),
    failedExecutions: Number(row.failed_executions),
    totalCostUsd: row.total_cost_usd === null ? null : parseUsd(row.total_cost_usd),
    averages,
    growthPercent: row.output_growth_percent,
    growthAlert: row.growth_alert,
    components: {
      tokens: row.token_component,
      execution: row.execution_component,
      plugins: row.plugin_component,
      workflow: row.workflow_component,
      memory: row.memory_component,
    },
    metrics: metricsOf(row),
    scores: { creation: row.creation_score, execution: row.execution_score, combined: row.combined_score },
  };
}

function metricsOf(row: Pick<IntensityRow, keyof AgentIntensity["metrics"]>): AgentIntensity["metrics"] {
  const { orchestration_efficiency, token_governance_score, handler_effectiveness } = row;
  return { orchestration_efficiency, token_governance_score, handler_effectiveness };
}

/** Averages under names that are known here; a later version may keep more of them. */
/** What cannot be read is as if it had never been learned: the next write puts the row right. */
function readAverages(bytes: Buffer): { readonly averages: Averages; readonly design: AgentDesign | null } {
  const { averages, design } = readObject(bytes);
  const known = AVERAGE_NAMES.flatMap((name) => {
    const average = isJsonObject(averages) ? averages[name] : undefined;
    return isJsonObject(average) && isFigure(average["mean"]) && isFigure(average["count"])
      ? [[name, average as unknown as Average] as const]
      : [];
  });
  return { averages: Object.fromEntries(known), design: isDesign(design) ? design : null };
}

function readObject(bytes: Buffer): JsonObject {
  try {
    const value = JSON.parse(bytes.toString("utf8")) as JsonValue;
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isDesign(value: JsonValue | undefined): value is JsonObject & AgentDesign {
  if (!isJsonObject(value)) return false;
  const { steps, plugins, fields, trigger } = value;
  return [steps, plugins, fields].every(isFigure) && (trigger === "manual" || trigger === "scheduled" || trigger === "event");
}

function isFigure(value: JsonValue | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function numeric(amount: NanoUsd | null): string | null {
  return amount === null ? null : nanoToNumeric(amount);
}
