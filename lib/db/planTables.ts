// Row types of the tables that the plan names or takes as given, our later columns included. Not a schema: supabase/migrations is.
import type { BigInteger, Bytes, Decimal, Defaulted, Json, Nullable, TextArray, Timestamp } from "./columnTypes.ts";

export interface AgentIntensityHistoryTable {
  execution_id: string;
  workspace_id: string;
  agent_id: string;
  success: boolean;
  creation_score: number | null;
  execution_score: number | null;
  combined_score: number | null;
  orchestration_efficiency: number | null;
  token_governance_score: number | null;
  handler_effectiveness: number | null;
  cost_usd: Decimal | null;
  created_at: Defaulted<Timestamp>;
}

export interface AgentIntensityMetricsTable {
  agent_id: string;
  workspace_id: string;
  creation_score: number | null;
  execution_score: number | null;
  combined_score: number | null;
  token_component: number | null;
  execution_component: number | null;
  plugin_component: number | null;
  workflow_component: number | null;
  memory_component: number | null;
  orchestration_efficiency: number | null;
  token_governance_score: number | null;
  handler_effectiveness: number | null;
  total_executions: Defaulted<BigInteger>;
  successful_executions: Defaulted<BigInteger>;
  failed_executions: Defaulted<BigInteger>;
  total_cost_usd: Defaulted<Decimal | null>;
  output_growth_percent: number | null;
  growth_alert: Defaulted<string>;
  averages: Bytes;
  updated_at: Defaulted<Timestamp>;
}

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
  output_inline: Nullable<Bytes>;
  detail: Nullable<Bytes>;
}
