-- supabase/migrations/20250126_token_governance.sql

CREATE TABLE token_budgets (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  agent_id UUID NOT NULL REFERENCES agents(id),
  execution_id UUID NOT NULL REFERENCES workflow_executions(id),
  step_id TEXT NOT NULL,
  allocated_tokens INTEGER NOT NULL,
  used_tokens INTEGER DEFAULT 0,
  compression_applied BOOLEAN DEFAULT FALSE,
  compression_ratio NUMERIC,
  created_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE INDEX idx_token_budgets_execution ON token_budgets(execution_id);
