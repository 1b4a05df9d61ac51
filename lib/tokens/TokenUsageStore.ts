// Rows of token_usage: one for every model call, failed and aborted ones included. What a call may cost is the ledger's, not ours.
import type { WorkspaceId } from "../core/ids.ts";
import { nanoToNumeric, parseUsd, type NanoUsd } from "../core/money.ts";
import type { Queryable } from "../db/Database.ts";
import type { PartWriter } from "../db/UnitPart.ts";
import type { ModelUsage, TokenUsageRow } from "./types.ts";

/** SQL column, its array type, and where its value comes from. */
const COLUMNS: readonly (readonly [string, string, (row: TokenUsageRow) => unknown])[] = [
  ["id", "uuid[]", (row) => row.id],
  ["workspace_id", "uuid[]", (row) => row.workspaceId],
  ["execution_id", "uuid[]", (row) => row.executionId],
  ["attempt_id", "uuid[]", (row) => row.attemptId],
  ["agent_id", "uuid[]", (row) => row.agentId],
  ["user_id", "uuid[]", (row) => row.userId],
  ["workflow_step", "text[]", (row) => row.stepPath],
  ["provider", "text[]", (row) => row.provider],
  ["model_name", "text[]", (row) => row.model],
  ["input_tokens", "bigint[]", (row) => row.usage?.inputTokens ?? null],
  ["output_tokens", "bigint[]", (row) => row.usage?.outputTokens ?? null],
  ["cache_read_tokens", "bigint[]", (row) => row.usage?.cacheReadTokens ?? null],
  ["cache_write_tokens", "bigint[]", (row) => row.usage?.cacheWriteTokens ?? null],
  ["reasoning_tokens", "bigint[]", (row) => row.usage?.reasoningTokens ?? null],
  ["cost_usd", "numeric[]", (row) => (row.costUsd === null ? null : nanoToNumeric(row.costUsd))],
  ["usage_state", "text[]", (row) => row.usageState],
  ["activity_type", "text[]", (row) => row.activityType],
  ["latency_ms", "int[]", (row) => (row.latencyMs === null ? null : Math.round(Math.min(row.latencyMs, 2_147_483_647)))],
  ["success", "boolean[]", (row) => row.isSuccess],
  ["error_code", "text[]", (row) => row.errorCode],
  ["created_at", "timestamptz[]", (row) => new Date(row.createdAtMs)],
];

/** Of a call that was booked as lost: what it came to after all. Whose it was, and when, stays. */
const CORRECTED =
  "input_tokens output_tokens cache_read_tokens cache_write_tokens reasoning_tokens cost_usd usage_state latency_ms success error_code"
    .split(" ")
    .map((name) => `${name} = EXCLUDED.${name}`)
    .join(", ");

const NAMES = COLUMNS.map(([name]) => name).join(", ");

/** A row that is there stays as it is, unless nobody knew what the call came to and this one does: in the commit that settles the call. */
export const usageWriter: PartWriter<TokenUsageRow> = {
  kind: "usage",
  acceptance: "fact",
  fragments: (rows, binder) => {
    const arrays = COLUMNS.map(([, cast, value]) => binder.bind(rows.map(value), cast));
    return [
      {
        name: "usage_rows",
        sql: `INSERT INTO token_usage (${NAMES}) SELECT * FROM unnest(${arrays.join(", ")})
          ON CONFLICT (id) DO UPDATE SET ${CORRECTED} WHERE token_usage.usage_state = 'assumed' AND EXCLUDED.usage_state = 'reported'`,
      },
    ];
  },
};

export interface UsageSum {
  readonly calls: number;
  /** Calls whose usage nobody reported. */
  readonly assumedCalls: number;
  readonly failedCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  /** null: at least one call's price is unknown, so the sum is too. */
  readonly costUsd: NanoUsd | null;
}

interface UsageSumRow {
  calls: string;
  assumed_calls: string;
  failed_calls: string;
  input_tokens: string;
  output_tokens: string;
  cache_read_tokens: string;
  cache_write_tokens: string;
  reasoning_tokens: string;
  unpriced_calls: string;
  cost_usd: string;
}

export async function sumUsage(db: Queryable, workspaceId: WorkspaceId, executionId: string): Promise<UsageSum> {
  const { rows } = await db.query<UsageSumRow>(
    `SELECT count(*) AS calls,
            count(*) FILTER (WHERE usage_state = 'assumed') AS assumed_calls,
            count(*) FILTER (WHERE NOT success) AS failed_calls,
            coalesce(sum(input_tokens), 0) AS input_tokens,
            coalesce(sum(output_tokens), 0) AS output_tokens,
            coalesce(sum(cache_read_tokens), 0) AS cache_read_tokens,
            coalesce(sum(cache_write_tokens), 0) AS cache_write_tokens,
            coalesce(sum(reasoning_tokens), 0) AS reasoning_tokens,
            count(*) FILTER (WHERE cost_usd IS NULL) AS unpriced_calls,
            coalesce(sum(cost_usd), 0)::numeric(20, 9) AS cost_usd
     FROM token_usage WHERE workspace_id = $1 AND execution_id = $2`,
    [workspaceId, executionId],
  );
  return toSum(rows[0]!);
}

function toSum(row: UsageSumRow): UsageSum {
  return {
    calls: Number(row.calls),
    assumedCalls: Number(row.assumed_calls),
    failedCalls: Number(row.failed_calls),
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    cacheReadTokens: Number(row.cache_read_tokens),
    cacheWriteTokens: Number(row.cache_write_tokens),
    reasoningTokens: Number(row.reasoning_tokens),
    costUsd: row.unpriced_calls === "0" ? parseUsd(row.cost_usd) : null,
  };
}

/** What each call of an execution used, by its attempt; calls without a report are not in it. Index: token_usage_execution. */
export async function loadUsageByAttempt(db: Queryable, executionId: string): Promise<ReadonlyMap<string, ModelUsage>> {
  const { rows } = await db.query<{
    attempt_id: string;
    input_tokens: string | null;
    output_tokens: string | null;
    cache_read_tokens: string | null;
    cache_write_tokens: string | null;
    reasoning_tokens: string | null;
  }>(
    `SELECT attempt_id, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens
     FROM token_usage WHERE execution_id = $1 AND attempt_id IS NOT NULL AND input_tokens IS NOT NULL ORDER BY created_at, id`,
    [executionId],
  );
  return new Map(
    rows.map((row) => [
      row.attempt_id,
      {
        inputTokens: Number(row.input_tokens),
        outputTokens: Number(row.output_tokens ?? 0),
        ...(row.cache_read_tokens === null ? {} : { cacheReadTokens: Number(row.cache_read_tokens) }),
        ...(row.cache_write_tokens === null ? {} : { cacheWriteTokens: Number(row.cache_write_tokens) }),
        ...(row.reasoning_tokens === null ? {} : { reasoningTokens: Number(row.reasoning_tokens) }),
      },
    ]),
  );
}
