// Row types of every table, as pg returns them; a test holds them to schema.snapshot.json. Not a schema: supabase/migrations is.
import type { ColumnType } from "kysely";

/** BIGINT: read as text, because it may pass 2^53. */
type BigInteger = ColumnType<string, string | number | bigint, string | number | bigint>;
/** NUMERIC: text both ways, so that no amount is ever rounded by a float. */
type Decimal = string;
/** TIMESTAMPTZ. */
type Timestamp = ColumnType<Date, Date | string, Date | string>;
/** BYTEA: any bytes in, a Buffer out. */
type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>;
/** TEXT[]. */
type TextArray = ColumnType<string[], readonly string[], readonly string[]>;
/** JSONB: parsed on the way out, JSON text on the way in. The plan's one column only; ours are BYTEA. */
type Json = ColumnType<unknown, string, string>;
/** A NULL-able column of a type that reads and writes differently. */
type Nullable<Column> =
  Column extends ColumnType<infer Read, infer Insert, infer Update> ? ColumnType<Read | null, Insert | null, Update | null> : never;
/** A column with a default: may be left out of an INSERT. */
type Defaulted<Column> = [Column] extends [ColumnType<infer Read, infer Insert, infer Update>]
  ? ColumnType<Read, Insert | undefined, Update>
  : ColumnType<Column, Column | undefined, Column>;

export interface AgentsTable {
  id: Defaulted<string>;
  user_id: string | null;
  agent_name: string;
  description: string | null;
  user_prompt: string | null;
  system_prompt: string | null;
  status: Defaulted<string>;
  created_at: Defaulted<Timestamp>;
  updated_at: Defaulted<Timestamp>;
  workspace_id: Defaulted<string>;
  token_limit: Defaulted<BigInteger>;
  orchestration: string | null;
  source_key: string | null;
  definition_hash: Nullable<Bytes>;
}

export interface AiModelPricingTable {
  provider: string;
  model_name: string;
  effective_at: Defaulted<Timestamp>;
  input_usd_per_million: Decimal;
  output_usd_per_million: Decimal;
  cache_read_usd_per_million: Decimal | null;
  cache_write_usd_per_million: Decimal | null;
  context_window_tokens: Nullable<BigInteger>;
}

export interface AuditTrailTable {
  id: string;
  user_id: string | null;
  actor_id: string | null;
  action: string;
  entity_type: string;
  entity_id: string | null;
  severity: Defaulted<string>;
  details: Nullable<Bytes>;
  created_at: Defaulted<Timestamp>;
  workspace_id: Defaulted<string>;
  execution_id: string | null;
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

export interface OrchestrationHandlersTable {
  id: Defaulted<string>;
  intent: string;
  handler_class: string;
  optimization_level: Defaulted<string | null>;
  enabled: Defaulted<boolean | null>;
  created_at: Defaulted<Nullable<Timestamp>>;
  workspace_id: string | null;
}

export interface OrchestrationIntentsTable {
  id: Defaulted<string>;
  step_type: string;
  intent: string;
  complexity_score: Decimal | null;
  estimated_tokens: number | null;
  compression_recommended: Defaulted<boolean | null>;
  created_at: Defaulted<Nullable<Timestamp>>;
}

export interface PluginConnectionsTable {
  id: string;
  user_id: string | null;
  name: string;
  sealed: Bytes;
  created_at: Defaulted<Timestamp>;
  updated_at: Defaulted<Timestamp>;
  workspace_id: Defaulted<string>;
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

export interface SystemConfigTable {
  key: string;
  value: string;
  description: string | null;
  updated_at: Defaulted<Timestamp>;
  workspace_id: string | null;
}

export interface TokenBudgetsTable {
  id: Defaulted<string>;
  agent_id: string;
  execution_id: string;
  step_id: string;
  allocated_tokens: number;
  used_tokens: Defaulted<number | null>;
  compression_applied: Defaulted<boolean | null>;
  compression_ratio: Decimal | null;
  created_at: Defaulted<Nullable<Timestamp>>;
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

export interface TokenUsageTable {
  id: string;
  user_id: string | null;
  agent_id: string | null;
  execution_id: string | null;
  provider: string;
  model_name: string;
  input_tokens: Nullable<BigInteger>;
  output_tokens: Nullable<BigInteger>;
  cost_usd: Decimal | null;
  activity_type: string;
  workflow_step: string | null;
  latency_ms: number | null;
  success: boolean;
  error_code: string | null;
  created_at: Defaulted<Timestamp>;
  workspace_id: Defaulted<string>;
  attempt_id: string | null;
  cache_read_tokens: Nullable<BigInteger>;
  cache_write_tokens: Nullable<BigInteger>;
  reasoning_tokens: Nullable<BigInteger>;
  usage_state: Defaulted<string>;
}

export interface WorkflowApprovalRequestsTable {
  execution_id: string;
  step_path: string;
  id: string;
  title: string;
  message: string | null;
  context: Nullable<Bytes>;
  approvers: TextArray;
  approval_type: string;
  require_comment: Defaulted<boolean>;
  status: Defaulted<string>;
  timeout_action: Defaulted<string>;
  escalate_to: Defaulted<TextArray>;
  escalated_at: Nullable<Timestamp>;
  expires_at: Nullable<Timestamp>;
  created_at: Defaulted<Timestamp>;
  resolved_at: Nullable<Timestamp>;
}

export interface WorkflowExecutionsTable {
  id: string;
  agent_id: string | null;
  user_id: string | null;
  session_id: string | null;
  run_mode: Defaulted<string>;
  status: string;
  total_steps: Defaulted<number>;
  completed_steps_count: Defaulted<number>;
  failed_steps_count: Defaulted<number>;
  skipped_steps_count: Defaulted<number>;
  error: Nullable<Bytes>;
  created_at: Defaulted<Timestamp>;
  started_at: Nullable<Timestamp>;
  finished_at: Nullable<Timestamp>;
  intent_classification: Nullable<Json>;
  token_budget_allocated: number | null;
  token_budget_used: number | null;
  ais_score_at_execution: Decimal | null;
  routing_tier: string | null;
  routing_reason: string | null;
  workspace_id: Defaulted<string>;
  definition_hash: Nullable<Bytes>;
  snapshot_hash: Nullable<Bytes>;
  input_hash: Nullable<Bytes>;
  output_hash: Nullable<Bytes>;
  forked_from: string | null;
  epoch: Defaulted<number>;
  owner: string | null;
  wake_id: string | null;
  wake_at: Nullable<Timestamp>;
  waiting_for: string | null;
  cancel_requested_at: Nullable<Timestamp>;
  fruitless_epochs: Defaulted<number>;
  begun_steps: Nullable<TextArray>;
}

export interface WorkflowStepExecutionsTable {
  workflow_execution_id: string;
  step_path: string;
  attempt: Defaulted<number>;
  step_type: string;
  status: string;
  plugin: string | null;
  action: string | null;
  tokens_used: Nullable<BigInteger>;
  execution_time_ms: number | null;
  item_count: number | null;
  completed_at: Defaulted<Timestamp>;
  intent: string | null;
  token_budget_step: number | null;
  epoch: Defaulted<number>;
  output_execution_id: string | null;
  output_hash: Nullable<Bytes>;
  detail: Nullable<Bytes>;
}

export interface WorkspacesTable {
  id: string;
  name: string;
  time_zone: Defaulted<string>;
  created_at: Defaulted<Timestamp>;
}

export interface Tables {
  agents: AgentsTable;
  ai_model_pricing: AiModelPricingTable;
  audit_trail: AuditTrailTable;
  execution_signals: ExecutionSignalsTable;
  execution_values: ExecutionValuesTable;
  ledger_accounts: LedgerAccountsTable;
  ledger_balances: LedgerBalancesTable;
  ledger_grants: LedgerGrantsTable;
  ledger_reservations: LedgerReservationsTable;
  orchestration_handlers: OrchestrationHandlersTable;
  orchestration_intents: OrchestrationIntentsTable;
  plugin_connections: PluginConnectionsTable;
  step_attempts: StepAttemptsTable;
  step_cache: StepCacheTable;
  stored_documents: StoredDocumentsTable;
  system_config: SystemConfigTable;
  token_budgets: TokenBudgetsTable;
  token_calibration: TokenCalibrationTable;
  token_usage: TokenUsageTable;
  workflow_approval_requests: WorkflowApprovalRequestsTable;
  workflow_executions: WorkflowExecutionsTable;
  workflow_step_executions: WorkflowStepExecutionsTable;
  workspaces: WorkspacesTable;
}
