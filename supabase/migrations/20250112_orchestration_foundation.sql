-- supabase/migrations/20250112_orchestration_foundation.sql

CREATE TABLE orchestration_intents (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  step_type TEXT NOT NULL,
  intent TEXT NOT NULL,
  complexity_score NUMERIC,
  estimated_tokens INTEGER,
  compression_recommended BOOLEAN DEFAULT FALSE,
  created_at TIMESTAMPTZ DEFAULT NOW()
);

ALTER TABLE workflow_executions
  ADD COLUMN intent_classification JSONB,
  ADD COLUMN token_budget_allocated INTEGER,
  ADD COLUMN token_budget_used INTEGER;

ALTER TABLE workflow_step_executions
  ADD COLUMN intent TEXT,
  ADD COLUMN token_budget_step INTEGER;
