-- Why: one budget row per execution and step path, forecasts that the next ones are corrected by, and the figures that an operator may change.
-- A rollback of 20250126_token_governance forgets this file, so everything here may be applied again.
-- breaking: no

CREATE UNIQUE INDEX token_budgets_step ON token_budgets (execution_id, step_id);

-- What an execution was expected to use when it started, before the conformal factor; what it did use is in token_usage.
CREATE TABLE IF NOT EXISTS execution_forecasts (
  execution_id UUID PRIMARY KEY REFERENCES workflow_executions(id) ON DELETE CASCADE,
  tokens_q90 BIGINT NOT NULL,
  -- NULL: a price was unknown.
  usd_q90 NUMERIC(20, 9),
  -- What was shown and granted: the above times the factor.
  envelope_tokens_q90 BIGINT NOT NULL,
  envelope_usd_q90 NUMERIC(20, 9),
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);

-- Serves the history of one agent: its latest executions.
CREATE INDEX IF NOT EXISTS workflow_executions_agent ON workflow_executions (agent_id, created_at DESC);

INSERT INTO system_config (key, value, description) VALUES
  ('token_budget_multipliers',
   '{"intent":{"extract":1,"summarize":1.1,"generate":1.3,"validate":0.9,"send":0.6,"transform":0.8,"conditional":0.6},"tier":{"fast":0.9,"balanced":1,"capable":1.2}}',
   'Token budget multipliers: weight of a step''s predicted need by intent and tier'),
  ('compression_quality_thresholds', '{"aggressive":4.5,"moderate":4.9,"minimal":5,"leastQuality":4}',
   'Compression quality thresholds: least Q (0-5) per policy, and at a hard limit'),
  ('routing_tiers', '{"below":{"fast":5,"balanced":7.5}}',
   'Routing tier definitions: agent intensity score below which a tier is chosen'),
  ('token_budget_rules',
   '{"poolShare":0.12,"floorTokens":64,"concludeAtShare":0.8,"finalOnlyAtShare":0.95,"maxSameCalls":3,"maxSpendGrowth":4,"policy":"warn"}',
   'Token budget rules: pool, floor, loop brakes, and what happens over budget (warn, degrade, pause, fail)')
ON CONFLICT DO NOTHING;
