-- Why: workspaces, definitions, values, ledger, attempts, signals: what makes an execution durable and capped.
-- breaking: no

-- The plan's flags (its rollout section). One row per key and workspace; workspace_id NULL = all workspaces.
INSERT INTO system_config (key, value, description) VALUES
  ('orchestration_intents_enabled', 'false', 'Enable intent classification'),
  ('token_governance_enabled', 'false', 'Enable token budget enforcement'),
  ('intent_routing_enabled', 'false', 'Enable intent-based routing'),
  ('ais_routing_enabled', 'false', 'Enable AIS-based routing');

ALTER TABLE system_config ADD COLUMN workspace_id UUID;
CREATE UNIQUE INDEX system_config_key ON system_config (key, COALESCE(workspace_id, '00000000-0000-0000-0000-000000000000'));

CREATE TABLE workspaces (
  id UUID PRIMARY KEY,
  name TEXT NOT NULL,
  -- Windows of limits (day, month) begin at midnight of this zone.
  time_zone TEXT NOT NULL DEFAULT 'UTC',
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);
INSERT INTO workspaces (id, name) VALUES ('00000000-0000-4000-8000-000000000001', 'default');

ALTER TABLE agents
  ADD COLUMN workspace_id UUID NOT NULL DEFAULT '00000000-0000-4000-8000-000000000001' REFERENCES workspaces(id),
  -- Soft planning total per execution (tokens); hard limits live in ledger_accounts.
  ADD COLUMN token_limit BIGINT NOT NULL DEFAULT 10000 CHECK (token_limit >= 0),
  -- NULL: as the flags say. 'off', 'on': this agent's own switch.
  ADD COLUMN orchestration TEXT CHECK (orchestration IN ('off', 'on')),
  -- What `run FILE` finds its agent by: the workflow's name, else its path.
  ADD COLUMN source_key TEXT,
  ADD COLUMN definition_hash BYTEA;
CREATE UNIQUE INDEX agents_source ON agents (workspace_id, source_key);

-- Saved workflows, by the hash of their canonical text. Also config snapshots: anything stored once and named by hash.
CREATE TABLE stored_documents (
  workspace_id UUID NOT NULL REFERENCES workspaces(id),
  hash BYTEA NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('definition', 'snapshot')),
  content BYTEA NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  PRIMARY KEY (workspace_id, hash)
);

ALTER TABLE workflow_executions
  ADD COLUMN workspace_id UUID NOT NULL DEFAULT '00000000-0000-4000-8000-000000000001',
  ADD COLUMN definition_hash BYTEA,
  ADD COLUMN snapshot_hash BYTEA,
  ADD COLUMN input_hash BYTEA,
  ADD COLUMN output_hash BYTEA,
  ADD COLUMN forked_from UUID,
  -- The fence: every claim adds one; progress of an older epoch is refused.
  ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN owner TEXT,
  -- The only queue job that may wake this execution.
  ADD COLUMN wake_id UUID,
  ADD COLUMN wake_at TIMESTAMPTZ,
  ADD COLUMN waiting_for TEXT,
  ADD COLUMN cancel_requested_at TIMESTAMPTZ,
  -- Claims in a row that ended without one journal row, and the steps begun in the owner's last touch.
  ADD COLUMN fruitless_epochs INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN begun_steps TEXT[];
ALTER TABLE workflow_executions ADD CONSTRAINT workflow_executions_status
  CHECK (status IN ('queued', 'running', 'suspended', 'completed', 'failed', 'cancelled', 'uncertain'));
-- Serves the sweep and `executions ls --status`: few rows are alive at any time.
CREATE INDEX workflow_executions_alive ON workflow_executions (status, wake_at) WHERE status IN ('queued', 'running', 'suspended', 'uncertain');
-- An id made from an idempotency key says nothing about time.
CREATE INDEX workflow_executions_listed ON workflow_executions (workspace_id, created_at DESC, id DESC);

-- Values too large for a step's row, by content, shared only inside one execution: no way to ask whether another
-- execution holds the same bytes. No foreign key to the execution, for the same reason as the journal's.
CREATE TABLE execution_values (
  execution_id UUID NOT NULL,
  hash BYTEA NOT NULL,
  content BYTEA NOT NULL,
  touched_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  PRIMARY KEY (execution_id, hash)
);

ALTER TABLE workflow_step_executions
  ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0,
  -- JSON bytes of a small output.
  ADD COLUMN output_inline BYTEA,
  -- Of a large one: its address. The value may belong to the execution this one was forked from.
  ADD COLUMN output_execution_id UUID,
  ADD COLUMN output_hash BYTEA,
  -- JSON text: error record, warnings, branch taken, wake-up of a waiting step, cost.
  ADD COLUMN detail BYTEA,
  ADD CONSTRAINT workflow_step_executions_output
    FOREIGN KEY (output_execution_id, output_hash) REFERENCES execution_values (execution_id, hash),
  ADD CONSTRAINT workflow_step_executions_status
    CHECK (status IN ('completed', 'failed', 'skipped', 'waiting', 'uncertain', 'rolled_back'));

-- One row, committed BEFORE a model call or a non-idempotent effect leaves the process.
CREATE TABLE step_attempts (
  id UUID PRIMARY KEY,
  execution_id UUID NOT NULL REFERENCES workflow_executions(id) ON DELETE CASCADE,
  step_path TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  call INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('model', 'effect')),
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled', 'assumed', 'failed', 'uncertain')),
  provider TEXT,
  model TEXT,
  -- tokens: upper count of the input plus the output cap; usd: dearest price this call can be billed at. usd NULL = unknown.
  reserved_tokens BIGINT NOT NULL DEFAULT 0,
  reserved_usd NUMERIC(20, 9),
  output_cap_tokens BIGINT,
  used_tokens BIGINT,
  used_usd NUMERIC(20, 9),
  idempotency_key TEXT,
  view_hash BYTEA,
  -- What the last settlement replaced, kept so that one statement can both change a row and know the difference.
  was_open BOOLEAN,
  before_tokens BIGINT,
  before_usd NUMERIC(20, 9),
  dispatched_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  settled_at TIMESTAMPTZ,
  -- For a tool loop: the assistant message with its calls, or a tool's result, journaled before what follows from it.
  message BYTEA,
  UNIQUE (execution_id, step_path, attempt, call, kind)
);
CREATE INDEX step_attempts_assumed ON step_attempts (execution_id) WHERE state IN ('open', 'assumed', 'uncertain');

-- Accounts that a limit was ever set on (execution, agent, workspace, tag, key). Without a limit there is no row.
CREATE TABLE ledger_accounts (
  id UUID PRIMARY KEY,
  workspace_id UUID NOT NULL REFERENCES workspaces(id),
  kind TEXT NOT NULL CHECK (kind IN ('workspace', 'agent', 'execution', 'tag', 'key')),
  subject TEXT NOT NULL,
  window_kind TEXT NOT NULL DEFAULT 'total' CHECK (window_kind IN ('total', 'day', 'month')),
  limit_tokens BIGINT CHECK (limit_tokens >= 0),
  limit_usd NUMERIC(20, 9) CHECK (limit_usd >= 0),
  on_limit TEXT NOT NULL DEFAULT 'pause' CHECK (on_limit IN ('pause', 'fail')),
  -- Locks are taken in this order: root first, so that two reservations cannot deadlock.
  depth SMALLINT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  UNIQUE (workspace_id, kind, subject, window_kind)
);

-- What is granted out of an account in one window. Invariant: granted = sum of its grants' granted; granted <= limit, but for overruns as reported.
CREATE TABLE ledger_balances (
  account_id UUID NOT NULL REFERENCES ledger_accounts(id) ON DELETE CASCADE,
  window_start TIMESTAMPTZ NOT NULL,
  granted_tokens BIGINT NOT NULL DEFAULT 0,
  granted_usd NUMERIC(20, 9) NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, window_start)
);

-- An execution's share of one limited account in one window. Invariant: spent + open <= granted, but for overruns as reported.
CREATE TABLE ledger_grants (
  execution_id UUID NOT NULL REFERENCES workflow_executions(id) ON DELETE CASCADE,
  account_id UUID NOT NULL REFERENCES ledger_accounts(id) ON DELETE CASCADE,
  window_start TIMESTAMPTZ NOT NULL,
  granted_tokens BIGINT NOT NULL DEFAULT 0,
  granted_usd NUMERIC(20, 9) NOT NULL DEFAULT 0,
  open_tokens BIGINT NOT NULL DEFAULT 0,
  open_usd NUMERIC(20, 9) NOT NULL DEFAULT 0,
  spent_tokens BIGINT NOT NULL DEFAULT 0,
  spent_usd NUMERIC(20, 9) NOT NULL DEFAULT 0,
  -- What the last settlement spent beyond the grant; passed on to the balance in the same statement.
  last_overrun_tokens BIGINT NOT NULL DEFAULT 0,
  last_overrun_usd NUMERIC(20, 9) NOT NULL DEFAULT 0,
  PRIMARY KEY (execution_id, account_id, window_start)
);
CREATE INDEX ledger_grants_account ON ledger_grants (account_id, window_start);

-- Which grants an attempt was reserved on: an attempt that settles after midnight is booked where it was dispatched.
CREATE TABLE ledger_reservations (
  attempt_id UUID NOT NULL REFERENCES step_attempts(id) ON DELETE CASCADE,
  account_id UUID NOT NULL,
  window_start TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (attempt_id, account_id)
);

-- Answers from outside: approvals, top-ups, resolutions. First wins: the key is unique.
CREATE TABLE execution_signals (
  execution_id UUID NOT NULL REFERENCES workflow_executions(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  actor TEXT NOT NULL,
  payload BYTEA NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  PRIMARY KEY (execution_id, key)
);

ALTER TABLE audit_trail
  ADD COLUMN workspace_id UUID NOT NULL DEFAULT '00000000-0000-4000-8000-000000000001',
  ADD COLUMN execution_id UUID;
CREATE INDEX audit_trail_execution ON audit_trail (execution_id, id) WHERE execution_id IS NOT NULL;
CREATE INDEX audit_trail_workspace ON audit_trail (workspace_id, id) WHERE execution_id IS NULL;

ALTER TABLE token_usage
  ADD COLUMN workspace_id UUID NOT NULL DEFAULT '00000000-0000-4000-8000-000000000001',
  ADD COLUMN attempt_id UUID,
  ADD COLUMN cache_read_tokens BIGINT,
  ADD COLUMN cache_write_tokens BIGINT,
  ADD COLUMN reasoning_tokens BIGINT,
  -- reported: by the provider; assumed: at the cap or by count, because nothing was reported.
  ADD COLUMN usage_state TEXT NOT NULL DEFAULT 'reported' CHECK (usage_state IN ('reported', 'assumed'));
CREATE INDEX token_usage_execution ON token_usage (execution_id);

ALTER TABLE plugin_connections
  ADD COLUMN workspace_id UUID NOT NULL DEFAULT '00000000-0000-4000-8000-000000000001' REFERENCES workspaces(id);
CREATE UNIQUE INDEX plugin_connections_name ON plugin_connections (workspace_id, name);

-- Learned factor between our count and the provider's, per provider, model and content type.
CREATE TABLE token_calibration (
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  content_type TEXT NOT NULL,
  factor DOUBLE PRECISION NOT NULL,
  spread DOUBLE PRECISION NOT NULL,
  samples BIGINT NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  PRIMARY KEY (provider, model, content_type)
);

-- Results of steps marked `cache`: scoped by workspace and agent, never of a step with an effect.
CREATE TABLE step_cache (
  workspace_id UUID NOT NULL,
  agent_id UUID NOT NULL,
  key BYTEA NOT NULL,
  content BYTEA NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (workspace_id, agent_id, key)
);
CREATE INDEX step_cache_expiry ON step_cache (expires_at);
