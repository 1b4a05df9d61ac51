// All tables by name, for Kysely; a test holds the row types to schema.snapshot.json.
import type {
  ExecutionForecastsTable,
  ExecutionSignalsTable,
  ExecutionValuesTable,
  LedgerAccountsTable,
  LedgerBalancesTable,
  LedgerGrantsTable,
  LedgerReservationsTable,
  RoutingOutcomesTable,
  StepAttemptsTable,
  StepCacheTable,
  StoredDocumentsTable,
  TokenCalibrationTable,
  WorkspacesTable,
} from "./engineTables.ts";
import type {
  AgentIntensityHistoryTable,
  AgentIntensityMetricsTable,
  AgentsTable,
  AiModelPricingTable,
  AuditTrailTable,
  OrchestrationHandlersTable,
  OrchestrationIntentsTable,
  PluginConnectionsTable,
  SystemConfigTable,
  TokenBudgetsTable,
  TokenUsageTable,
  WorkflowApprovalRequestsTable,
  WorkflowExecutionsTable,
  WorkflowStepExecutionsTable,
} from "./planTables.ts";

export interface Tables {
  agent_intensity_history: AgentIntensityHistoryTable;
  agent_intensity_metrics: AgentIntensityMetricsTable;
  agents: AgentsTable;
  ai_model_pricing: AiModelPricingTable;
  audit_trail: AuditTrailTable;
  execution_forecasts: ExecutionForecastsTable;
  execution_signals: ExecutionSignalsTable;
  execution_values: ExecutionValuesTable;
  ledger_accounts: LedgerAccountsTable;
  ledger_balances: LedgerBalancesTable;
  ledger_grants: LedgerGrantsTable;
  ledger_reservations: LedgerReservationsTable;
  orchestration_handlers: OrchestrationHandlersTable;
  orchestration_intents: OrchestrationIntentsTable;
  plugin_connections: PluginConnectionsTable;
  routing_outcomes: RoutingOutcomesTable;
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
