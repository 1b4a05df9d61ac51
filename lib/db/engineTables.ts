// Row types of the tables that make executions durable and capped: values, attempts, ledger, signals. Not a schema.
import type { BigInteger, Bytes, Decimal, Defaulted, Nullable, TextArray, Timestamp } from "./columnTypes.ts";

export interface ExecutionForecastsTable {
  execution_id: string;
  tokens_q90: BigInteger;
  usd_q90: Decimal | null;
  envelope_tokens_q90: BigInteger;
  envelope_usd_q90: Decimal | null;
  created_at: Defaulted<Timestamp>;
}

export interface ExecutionMemoryTable {
  execution_id: string;
  workspace_id: string;
  agent_id: string;
  user_id: string | null;
  block: Nullable<Bytes>;
  token_count: Defaulted<number>;
  model: string;
  tags: Defaulted<TextArray>;
  summary_state: Defaulted<string>;
  tries: Defaulted<number>;
  not_before: Defaulted<Timestamp>;
  created_at: Defaulted<Timestamp>;
}

export interface ExecutionSignalsTable {
  execution_id: string;
  key: string;
  actor: string;
  payload: Bytes;
  created_at: Defaulted<Timestamp>;
}

export interface ExecutionValuesTable {
  execution_id: string;
  hash: Bytes;
  content: Bytes;
  touched_at: Defaulted<Timestamp>;
}

export interface LedgerAccountsTable {
  id: string;
  workspace_id: string;
  kind: string;
  subject: string;
  window_kind: Defaulted<string>;
  limit_tokens: Nullable<BigInteger>;
  limit_usd: Decimal | null;
  on_limit: Defaulted<string>;
  depth: number;
  created_at: Defaulted<Timestamp>;
  updated_at: Defaulted<Timestamp>;
}

export interface LedgerBalancesTable {
  account_id: string;
  window_start: Timestamp;
  granted_tokens: Defaulted<BigInteger>;
  granted_usd: Defaulted<Decimal>;
}

export interface LedgerGrantsTable {
  execution_id: string;
  account_id: string;
  window_start: Timestamp;
  granted_tokens: Defaulted<BigInteger>;
  granted_usd: Defaulted<Decimal>;
  open_tokens: Defaulted<BigInteger>;
  open_usd: Defaulted<Decimal>;
  spent_tokens: Defaulted<BigInteger>;
  spent_usd: Defaulted<Decimal>;
  last_overrun_tokens: Defaulted<BigInteger>;
  last_overrun_usd: Defaulted<Decimal>;
}

export interface LedgerReservationsTable {
  attempt_id: string;
  account_id: string;
  window_start: Timestamp;
}

export interface RoutingOutcomesTable {
  attempt_id: string;
  workspace_id: string;
  intent: string;
  tool: string;
  signature: string;
  version: string;
  model: string;
  success: boolean;
  buckets: Bytes;
  created_at: Defaulted<Timestamp>;
}

export interface RunMemoriesTable {
  id: string;
  workspace_id: string;
  agent_id: string;
  user_id: string | null;
  execution_id: string | null;
  run_number: number;
  run_timestamp: Timestamp;
  status: string;
  summary: string;
  key_outcomes: Defaulted<TextArray>;
  patterns_detected: Defaulted<TextArray>;
  suggestions: Defaulted<TextArray>;
  counts: Nullable<Bytes>;
  user_feedback: string | null;
  importance_score: number;
  model_used: string | null;
  created_at: Defaulted<Timestamp>;
}

export interface StepAttemptsTable {
  id: string;
  execution_id: string;
  step_path: string;
  attempt: number;
  call: number;
  epoch: number;
  kind: string;
  state: Defaulted<string>;
  provider: string | null;
  model: string | null;
  reserved_tokens: Defaulted<BigInteger>;
  reserved_usd: Decimal | null;
  output_cap_tokens: Nullable<BigInteger>;
  was_open: boolean | null;
  before_tokens: Nullable<BigInteger>;
  before_usd: Decimal | null;
  used_tokens: Nullable<BigInteger>;
  used_usd: Decimal | null;
  idempotency_key: string | null;
  view_hash: Nullable<Bytes>;
  dispatched_at: Defaulted<Timestamp>;
  settled_at: Nullable<Timestamp>;
  message: Nullable<Bytes>;
}

export interface StepCacheTable {
  workspace_id: string;
  agent_id: string;
  key: Bytes;
  content: Bytes;
  expires_at: Timestamp;
}

export interface StoredDocumentsTable {
  workspace_id: string;
  hash: Bytes;
  kind: string;
  content: Bytes;
  created_at: Defaulted<Timestamp>;
}

export interface TokenCalibrationTable {
  provider: string;
  model: string;
  content_type: string;
  factor: number;
  spread: number;
  samples: BigInteger;
  updated_at: Defaulted<Timestamp>;
}

export interface UserMemoryTable {
  id: string;
  workspace_id: string;
  user_id: string;
  memory_key: string;
  memory_value: string;
  memory_type: string;
  importance: number;
  confidence: number;
  usage_count: Defaulted<BigInteger>;
  source_execution_id: string | null;
  created_at: Defaulted<Timestamp>;
  updated_at: Defaulted<Timestamp>;
}

export interface WorkspacesTable {
  id: string;
  name: string;
  time_zone: Defaulted<string>;
  created_at: Defaulted<Timestamp>;
}
