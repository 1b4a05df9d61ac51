-- Why: the score that routes are chosen by, with what it is made from, one row of history per execution; outcomes that
-- routes learn from; and the models of each tier. Nothing here alters a table of the plan's four files.
-- breaking: no

-- One row per agent. NULL = unknown, never 0. Scores are 0-10, all pointing one way: 10 = needs more capable handling.
CREATE TABLE agent_intensity_metrics (
  agent_id UUID PRIMARY KEY REFERENCES agents(id) ON DELETE CASCADE,
  workspace_id UUID NOT NULL REFERENCES workspaces(id),
  creation_score DOUBLE PRECISION,
  execution_score DOUBLE PRECISION,
  -- What routes read.
  combined_score DOUBLE PRECISION,
  token_component DOUBLE PRECISION,
  execution_component DOUBLE PRECISION,
  plugin_component DOUBLE PRECISION,
  workflow_component DOUBLE PRECISION,
  memory_component DOUBLE PRECISION,
  -- The plan's three, 0-10, here 10 = good: they enter the score as 10 - x.
  orchestration_efficiency DOUBLE PRECISION,
  token_governance_score DOUBLE PRECISION,
  handler_effectiveness DOUBLE PRECISION,
  total_executions BIGINT NOT NULL DEFAULT 0,
  successful_executions BIGINT NOT NULL DEFAULT 0,
  failed_executions BIGINT NOT NULL DEFAULT 0,
  -- Of all executions; NULL as soon as one price was unknown.
  total_cost_usd NUMERIC(20, 9) DEFAULT 0,
  output_growth_percent DOUBLE PRECISION,
  growth_alert TEXT NOT NULL DEFAULT 'none' CHECK (growth_alert IN ('none', 'monitor', 'rescore', 'upgrade')),
  -- JSON text of the decaying averages and of the design's facts (lib/ais/types.ts).
  averages BYTEA NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);

-- One row per execution that was counted: counting twice is impossible, and scores can be followed over time.
CREATE TABLE agent_intensity_history (
  execution_id UUID PRIMARY KEY REFERENCES workflow_executions(id) ON DELETE CASCADE,
  workspace_id UUID NOT NULL REFERENCES workspaces(id),
  agent_id UUID NOT NULL REFERENCES agents(id) ON DELETE CASCADE,
  success BOOLEAN NOT NULL,
  creation_score DOUBLE PRECISION,
  execution_score DOUBLE PRECISION,
  combined_score DOUBLE PRECISION,
  orchestration_efficiency DOUBLE PRECISION,
  token_governance_score DOUBLE PRECISION,
  handler_effectiveness DOUBLE PRECISION,
  cost_usd NUMERIC(20, 9),
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);
CREATE INDEX agent_intensity_history_agent ON agent_intensity_history (workspace_id, agent_id, created_at DESC);

-- First attempts of steps whose answers code checks: what routes learn from. Only the newest are read.
CREATE TABLE routing_outcomes (
  attempt_id UUID PRIMARY KEY,
  workspace_id UUID NOT NULL REFERENCES workspaces(id),
  intent TEXT NOT NULL,
  tool TEXT NOT NULL,
  signature TEXT NOT NULL,
  version TEXT NOT NULL,
  model TEXT NOT NULL,
  success BOOLEAN NOT NULL,
  -- Hashed words of the request, 16 bits each, low byte first; no text.
  buckets BYTEA NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);
CREATE INDEX routing_outcomes_newest ON routing_outcomes (workspace_id, created_at DESC);

INSERT INTO system_config (key, value, description) VALUES
  ('routing_tier_models',
   '{"tables":{"preset":{"fast":["gpt-4o-mini"],"balanced":["gpt-4o"],"capable":["claude-sonnet"]},"openai":{"fast":["gpt-4o-mini","gpt-5-nano"],"balanced":["gpt-4o","gpt-4.1"],"capable":["gpt-5","o3"]},"anthropic":{"fast":["claude-haiku-4-5"],"balanced":["claude-sonnet-4-5"],"capable":["claude-opus-4-5"]},"google":{"fast":["gemini-2.5-flash-lite"],"balanced":["gemini-2.5-flash"],"capable":["gemini-2.5-pro"]}},"aliases":{"claude-sonnet":"claude-sonnet-4-5"}}',
   'Routing tier models: of each tier the model to take and its fallbacks, per table, in the order in which tables are asked'),
  ('agent_intensity_rules', '{}',
   'Agent intensity: ranges, weights and thresholds that differ from the shipped ones (docs/reference/routing.md)')
ON CONFLICT DO NOTHING;
