-- supabase/migrations/20250223_ais_routing.sql

ALTER TABLE workflow_executions
  ADD COLUMN ais_score_at_execution NUMERIC,
  ADD COLUMN routing_tier TEXT,
  ADD COLUMN routing_reason TEXT;

CREATE INDEX idx_workflow_executions_ais
  ON workflow_executions(ais_score_at_execution);
