-- Why: what agents remember of earlier executions and of the people they work for, and the block that one execution is told.
-- breaking: no

-- 'off': nothing is remembered or told. 'on': what executions came to. 'user': also facts about the person an execution is for.
ALTER TABLE agents ADD COLUMN memory TEXT NOT NULL DEFAULT 'off' CHECK (memory IN ('off', 'on', 'user'));

-- One row per execution of an agent whose memory was on at its start: what it is told, and whether its own summary is still to be made.
CREATE TABLE execution_memory (
  execution_id UUID PRIMARY KEY REFERENCES workflow_executions(id) ON DELETE CASCADE,
  workspace_id UUID NOT NULL REFERENCES workspaces(id),
  agent_id UUID NOT NULL,
  user_id UUID,
  -- JSON text of the sections; NULL: there was nothing to tell, or it was forgotten.
  block BYTEA,
  token_count INTEGER NOT NULL DEFAULT 0 CHECK (token_count >= 0),
  -- Model that the summary is asked of, unless the settings name one.
  model TEXT NOT NULL,
  tags TEXT[] NOT NULL DEFAULT '{}',
  summary_state TEXT NOT NULL DEFAULT 'pending' CHECK (summary_state IN ('pending', 'done', 'refused', 'skipped')),
  tries INTEGER NOT NULL DEFAULT 0,
  -- A claim holds until then; after it the task is anybody's again.
  not_before TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);
CREATE INDEX execution_memory_pending ON execution_memory (not_before) WHERE summary_state = 'pending';
CREATE INDEX execution_memory_agent ON execution_memory (agent_id);
CREATE INDEX execution_memory_user ON execution_memory (workspace_id, user_id) WHERE user_id IS NOT NULL;

CREATE TABLE run_memories (
  id UUID PRIMARY KEY,
  workspace_id UUID NOT NULL REFERENCES workspaces(id),
  agent_id UUID NOT NULL REFERENCES agents(id) ON DELETE CASCADE,
  user_id UUID,
  -- NULL: merged from several. No foreign key: a memory outlives its execution.
  execution_id UUID UNIQUE,
  -- From 1, per agent.
  run_number INTEGER NOT NULL CHECK (run_number >= 1),
  run_timestamp TIMESTAMPTZ NOT NULL,
  status TEXT NOT NULL,
  summary TEXT NOT NULL,
  key_outcomes TEXT[] NOT NULL DEFAULT '{}',
  patterns_detected TEXT[] NOT NULL DEFAULT '{}',
  suggestions TEXT[] NOT NULL DEFAULT '{}',
  -- JSON text of the figures that a merged one was counted from; NULL: it is of one execution.
  counts BYTEA,
  user_feedback TEXT,
  importance_score DOUBLE PRECISION NOT NULL CHECK (importance_score BETWEEN 0 AND 1),
  -- NULL: extracted without a model, or merged.
  model_used TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  UNIQUE (agent_id, run_number)
);
CREATE INDEX run_memories_age ON run_memories (workspace_id, run_timestamp);
CREATE INDEX run_memories_user ON run_memories (workspace_id, user_id) WHERE user_id IS NOT NULL;

CREATE TABLE user_memory (
  id UUID PRIMARY KEY,
  workspace_id UUID NOT NULL REFERENCES workspaces(id),
  user_id UUID NOT NULL,
  memory_key TEXT NOT NULL,
  memory_value TEXT NOT NULL,
  memory_type TEXT NOT NULL CHECK (memory_type IN ('preference', 'context', 'pattern', 'fact')),
  importance DOUBLE PRECISION NOT NULL CHECK (importance BETWEEN 0 AND 1),
  confidence DOUBLE PRECISION NOT NULL CHECK (confidence BETWEEN 0.7 AND 1),
  usage_count BIGINT NOT NULL DEFAULT 0,
  source_execution_id UUID,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  UNIQUE (workspace_id, user_id, memory_key)
);
