// Loads what earlier executions used and were expected to use: one bounded statement per start. What it means is StepHistory.ts's work.
import type { WorkspaceId } from "../../core/ids.ts";
import { nanoToNumeric, parseUsd, type NanoUsd } from "../../core/money.ts";
import type { Queryable } from "../../db/Database.ts";
import { isIntentType } from "../handlers/checkHandler.ts";
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
  /** Latest ended executions of the workspace's other agents, for an agent with fewer than 32 of its own. @defaultValue 64 */
  readonly otherExecutions?: number;
}

/** An agent with so many executions of its own has nothing to learn from others. */
const ENOUGH_OWN = 32;
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
  /** `input output reasoning`, the calls separated by commas: arrays take the driver several times as long. */
  readonly calls: string;
}

/**
 * Oldest first. Sessions (pilot/sessions) are no workflow's and say nothing of one. Only executions that ended, failed and cancelled ones too: they were paid for. Indexes:
 * workflow_executions_agent, workflow_executions_listed, token_usage_execution, the journal's key.
 */
export async function loadStepHistory(db: Queryable, request: HistoryRequest): Promise<StepHistory> {
  const { workspaceId, agentId } = request;
  const { rows } = await db.query<HistoryRow>(historySql(request), [workspaceId, agentId]);
  const executions = new Map<string, { agentId: string; forecast: PastExecution["forecast"]; steps: StepSample[] }>();
  for (const row of rows) {
    const execution = executions.get(row.execution_id) ?? { agentId: row.agent_id, forecast: toForecast(row), steps: [] };
    executions.set(row.execution_id, execution);
    if (row.signature !== null) execution.steps.push(toSample(row, row.signature));
  }
  return new StepHistory([...executions].map(([executionId, execution]) => ({ executionId, ...execution })));
}

/** Limits are part of the text: plans are made once for all values, and without the figures they would read whole tables. */
function historySql({ hasIntents, ownExecutions = 64, otherExecutions = 64 }: HistoryRequest): string {
  const [own, others] = [Math.trunc(ownExecutions), Math.trunc(otherExecutions)];
  const intent = hasIntents ? "s.intent" : "NULL::text";
  return `WITH own AS MATERIALIZED (
      SELECT id, agent_id, created_at FROM workflow_executions
      WHERE workspace_id = $1 AND agent_id = $2 AND finished_at IS NOT NULL AND run_mode <> 'session' ORDER BY created_at DESC LIMIT ${own}),
    past AS (
      SELECT * FROM own
      UNION ALL
      (SELECT id, agent_id, created_at FROM workflow_executions
       WHERE workspace_id = $1 AND agent_id <> $2 AND finished_at IS NOT NULL AND run_mode <> 'session' AND (SELECT count(*) FROM own) < ${ENOUGH_OWN}
       ORDER BY created_at DESC LIMIT ${others}))
    SELECT p.id AS execution_id, p.agent_id, f.tokens_q90, f.usd_q90, u.*, s.step_type, s.intent
    FROM past p
    LEFT JOIN execution_forecasts f ON f.execution_id = p.id
    LEFT JOIN LATERAL (
      SELECT regexp_replace(workflow_step, '\\[[0-9]+\\]', '[]', 'g') AS signature, min(workflow_step) AS some_path,
             provider || '/' || model_name AS model, count(DISTINCT workflow_step)::int AS runs,
             coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens,
             CASE WHEN count(*) = count(cost_usd) THEN sum(cost_usd)::numeric(20, 9) END AS cost_usd,
             array_to_string((array_agg(concat_ws(' ', input_tokens, coalesce(output_tokens, 0), coalesce(reasoning_tokens, 0))
               ORDER BY created_at))[1:${CALLS_PER_STEP}], ',') AS calls
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

function toSample(row: HistoryRow, signature: string): StepSample {
  const costUsd: NanoUsd | null = row.cost_usd === null ? null : parseUsd(row.cost_usd);
  return {
    signature,
    shape: shapeOf(row.step_type ?? "ai_processing", signature),
    intent: isIntentType(row.intent) ? row.intent : null,
    model: row.model,
    runs: row.runs,
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    costUsd,
    calls: row.calls.split(",").map(toCall),
  };
}

function toCall(text: string): CallSample {
  const [inputTokens = 0, outputTokens = 0, reasoningTokens = 0] = text.split(" ").map(Number);
  return { inputTokens, outputTokens, reasoningTokens };
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
