-- Takes back 20250223_ais_routing.sql (the index goes with its column).
ALTER TABLE workflow_executions DROP COLUMN ais_score_at_execution, DROP COLUMN routing_tier, DROP COLUMN routing_reason;
