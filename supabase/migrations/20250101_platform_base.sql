-- Why: the tables that the orchestration plan takes as given (agents, executions, steps, audit, usage, configuration).
-- breaking: no

CREATE TABLE agents (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id UUID,
  agent_name TEXT NOT NULL,
  description TEXT,
  user_prompt TEXT,
  system_prompt TEXT,
  status TEXT NOT NULL DEFAULT 'active',
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);

CREATE TABLE workflow_executions (
  id UUID PRIMARY KEY,
  agent_id UUID REFERENCES agents(id),
  user_id UUID,
  session_id UUID,
  run_mode TEXT NOT NULL DEFAULT 'production',
  status TEXT NOT NULL,
  total_steps INTEGER NOT NULL DEFAULT 0,
  completed_steps_count INTEGER NOT NULL DEFAULT 0,
  failed_steps_count INTEGER NOT NULL DEFAULT 0,
  skipped_steps_count INTEGER NOT NULL DEFAULT 0,
  -- JSON text of the error record; never jsonb, which refuses NUL.
  error BYTEA,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  started_at TIMESTAMPTZ,
  finished_at TIMESTAMPTZ
);

-- The journal: one row per step path and attempt. No foreign key to the execution: the statement that inserts a row holds
-- a lock on its execution (lib/journal/README.md), and a key would cost every step a second look-up.
CREATE TABLE workflow_step_executions (
  workflow_execution_id UUID NOT NULL,
  step_path TEXT NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 1,
  step_type TEXT NOT NULL,
  status TEXT NOT NULL,
  plugin TEXT,
  action TEXT,
  tokens_used BIGINT,
  execution_time_ms INTEGER,
  item_count INTEGER,
  completed_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  PRIMARY KEY (workflow_execution_id, step_path, attempt)
);

CREATE TABLE audit_trail (
  id UUID PRIMARY KEY,
  user_id UUID,
  actor_id TEXT,
  action TEXT NOT NULL,
  entity_type TEXT NOT NULL,
  entity_id TEXT,
  severity TEXT NOT NULL DEFAULT 'info' CHECK (severity IN ('info', 'warning', 'critical')),
  details BYTEA,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);

CREATE TABLE token_usage (
  id UUID PRIMARY KEY,
  user_id UUID,
  agent_id UUID,
  execution_id UUID,
  provider TEXT NOT NULL,
  model_name TEXT NOT NULL,
  input_tokens BIGINT,
  output_tokens BIGINT,
  cost_usd NUMERIC(20, 9),
  activity_type TEXT NOT NULL,
  workflow_step TEXT,
  latency_ms INTEGER,
  success BOOLEAN NOT NULL,
  error_code TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);

CREATE TABLE ai_model_pricing (
  provider TEXT NOT NULL,
  model_name TEXT NOT NULL,
  effective_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  input_usd_per_million NUMERIC(20, 9) NOT NULL,
  output_usd_per_million NUMERIC(20, 9) NOT NULL,
  cache_read_usd_per_million NUMERIC(20, 9),
  cache_write_usd_per_million NUMERIC(20, 9),
  context_window_tokens BIGINT,
  PRIMARY KEY (provider, model_name, effective_at)
);

CREATE TABLE system_config (
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  description TEXT,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);

CREATE TABLE plugin_connections (
  id UUID PRIMARY KEY,
  user_id UUID,
  name TEXT NOT NULL,
  -- AES-256-GCM: key id, nonce, tag and ciphertext, in that order (lib/access/SecretBox.ts).
  sealed BYTEA NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);

CREATE TABLE workflow_approval_requests (
  execution_id UUID NOT NULL REFERENCES workflow_executions(id) ON DELETE CASCADE,
  step_path TEXT NOT NULL,
  id UUID NOT NULL UNIQUE,
  title TEXT NOT NULL,
  message TEXT,
  context BYTEA,
  approvers TEXT[] NOT NULL,
  approval_type TEXT NOT NULL CHECK (approval_type IN ('any', 'all', 'majority')),
  require_comment BOOLEAN NOT NULL DEFAULT FALSE,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected', 'timeout')),
  timeout_action TEXT NOT NULL DEFAULT 'reject' CHECK (timeout_action IN ('approve', 'reject', 'escalate')),
  escalate_to TEXT[] NOT NULL DEFAULT '{}',
  escalated_at TIMESTAMPTZ,
  expires_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  resolved_at TIMESTAMPTZ,
  PRIMARY KEY (execution_id, step_path)
);
