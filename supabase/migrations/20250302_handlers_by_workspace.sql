-- Why: handlers for the two intents the plan names without a row, and rows per workspace (workspace_id NULL = all workspaces).
-- A file of its own, so that taking back 20250209_intent_handlers and applying it again brings these back, too.
-- breaking: no

ALTER TABLE orchestration_handlers ADD COLUMN workspace_id UUID;
INSERT INTO orchestration_handlers (intent, handler_class) VALUES
  ('transform', 'TransformHandler'),
  ('conditional', 'ConditionalHandler');
