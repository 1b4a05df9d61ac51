// Loads what earlier executions used and were expected to use: one bounded statement per start. What it means is StepHistory.ts's work.
import type { WorkspaceId } from "../../core/ids.ts";
import { nanoToNumeric, parseUsd, type NanoUsd } from "../../core/money.ts";
import type { Queryable } from "../../db/Database.ts";
import type { IntentType } from "../types.ts";
import type { ExecutionForecast } from "./forecastExecution.ts";
import { shapeOf } from "./modelSteps.ts";
import { StepHistory, type CallSample, type PastExecution, type StepSample } from "./StepHistory.ts";

export interface HistoryRequest {
  readonly workspaceId: WorkspaceId;
  readonly agentId: string;
  /** Off: the column `workflow_step_executions.intent` is not named, because its migration may have been taken back. */
  readonly hasIntents: boolean;
  /** Latest ended executions of the agent. @defaultValue 64 */
  readonly ownExecutions?: number;
  /** Latest ended executions of the workspace's other agents. @defaultValue 64 */
  readonly otherExecutions?: number;
}

/** Calls kept of one step of one execution. */
const CALLS_PER_STEP = 8;

interface HistoryRow {
  readonly execution_id: string;
  readonly agent_id: string;
  readonly tokens_q90: string | null;
  readonly usd_q90: string | null;
  /** null: the execution called no model. */
  readonly signature: string | null;
  readonly step_type: string | null;
  readonly intent: string | null;
  readonly model: string;
  readonly runs: number;
  readonly input_tokens: string;
  readonly output_tokens: string;
  readonly cost_usd: string | null;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly reasonings: readonly string[];
}

/**
 * Oldest first. Only executions that ended, failed and cancelled ones too: they were paid for. Indexes:
 * workflow_executions_agent, workflow_executions_listed, token_usage_execution, the journal's key.
 */
export async function loadStepHistory(db: Queryable, request: HistoryRequest): Promise<StepHistory> {
  const { workspaceId, agentId, hasIntents, ownExecutions = 64, otherExecutions = 64 } = request;
  const { rows } = await db.query<HistoryRow>(historySql(hasIntents), [
    workspaceId,
    agentId,
    ownExecutions,
    otherExecutions,
    CALLS_PER_STEP,
  ]);
  const executions = new Map<string, { agentId: string; forecast: PastExecution["forecast"]; steps: StepSample[] }>();
  for (const row of rows) {
    const execution = executions.get(row.execution_id) ?? { agentId: row.agent_id, forecast: toForecast(row), steps: [] };
    executions.set(row.execution_id, execution);
    if (row.signature !== null) execution.steps.push(toSample(row, row.signature));
  }
  return new StepHistory([...executions].map(([executionId, execution]) => ({ executionId, ...execution })));
}

function historySql(hasIntents: boolean): string {
  const intent = hasIntents ? "s.intent" : "NULL::text";
  return `WITH past AS (
      (SELECT id, agent_id, created_at FROM workflow_executions
       WHERE workspace_id = $1 AND agent_id = $2 AND finished_at IS NOT NULL ORDER BY created_at DESC LIMIT $3)
      UNION ALL
      (SELECT id, agent_id, created_at FROM workflow_executions
       WHERE workspace_id = $1 AND agent_id <> $2 AND finished_at IS NOT NULL ORDER BY created_at DESC LIMIT $4))
    SELECT p.id AS execution_id, p.agent_id, f.tokens_q90, f.usd_q90, u.*, s.step_type, s.intent
    FROM past p
    LEFT JOIN execution_forecasts f ON f.execution_id = p.id
    LEFT JOIN LATERAL (
      SELECT regexp_replace(workflow_step, '\\[[0-9]+\\]', '[]', 'g') AS signature, min(workflow_step) AS some_path,
             provider || '/' || model_name AS model, count(DISTINCT workflow_step)::int AS runs,
             coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens,
             CASE WHEN count(*) = count(cost_usd) THEN sum(cost_usd)::numeric(20, 9) END AS cost_usd,
             (array_agg(coalesce(input_tokens, 0) ORDER BY created_at))[1:$5] AS inputs,
             (array_agg(coalesce(output_tokens, 0) ORDER BY created_at))[1:$5] AS outputs,
             (array_agg(coalesce(reasoning_tokens, 0) ORDER BY created_at))[1:$5] AS reasonings
      FROM token_usage WHERE execution_id = p.id AND workflow_step IS NOT NULL AND input_tokens IS NOT NULL
      GROUP BY 1, 3) u ON TRUE
    LEFT JOIN LATERAL (
      SELECT s.step_type, ${intent} AS intent FROM workflow_step_executions s
      WHERE s.workflow_execution_id = p.id AND s.step_path = u.some_path ORDER BY s.attempt DESC LIMIT 1) s ON TRUE
    ORDER BY p.created_at, p.id, u.signature`;
}

function toForecast({ tokens_q90: tokens, usd_q90: usd }: HistoryRow): PastExecution["forecast"] {
  return tokens === null ? null : { tokensQ90: Number(tokens), usdQ90: usd === null ? null : parseUsd(usd) };
}

const INTENTS: ReadonlySet<string> = new Set<IntentType>([
  "extract",
  "summarize",
  "generate",
  "validate",
  "send",
  "transform",
  "conditional",
]);

function toSample(row: HistoryRow, signature: string): StepSample {
  const costUsd: NanoUsd | null = row.cost_usd === null ? null : parseUsd(row.cost_usd);
  return {
    signature,
    shape: shapeOf(row.step_type ?? "ai_processing", signature),
    intent: row.intent !== null && INTENTS.has(row.intent) ? (row.intent as IntentType) : null,
    model: row.model,
    runs: row.runs,
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    costUsd,
    calls: row.inputs.map((inputTokens, index): CallSample => ({
      inputTokens: Number(inputTokens),
      outputTokens: Number(row.outputs[index] ?? 0),
      reasoningTokens: Number(row.reasonings[index] ?? 0),
    })),
  };
}

/** For the transaction that starts the execution. The first one stands: a forecast is never changed after the fact. */
export async function saveForecast(db: Queryable, executionId: string, { envelope, raw }: ExecutionForecast): Promise<void> {
  await db.query(
    `INSERT INTO execution_forecasts (execution_id, tokens_q90, usd_q90, envelope_tokens_q90, envelope_usd_q90)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (execution_id) DO NOTHING`,
    [executionId, raw.tokensQ90, numeric(raw.usdQ90), envelope.tokens.q90, numeric(envelope.usd?.q90 ?? null)],
  );
}

function numeric(amount: NanoUsd | null): string | null {
  return amount === null ? null : nanoToNumeric(amount);
}
