-- Takes back 20250112_orchestration_foundation.sql. Nothing names these columns while its flag is off.
ALTER TABLE workflow_step_executions DROP COLUMN intent, DROP COLUMN token_budget_step;
ALTER TABLE workflow_executions DROP COLUMN intent_classification, DROP COLUMN token_budget_allocated, DROP COLUMN token_budget_used;
DROP TABLE orchestration_intents;
