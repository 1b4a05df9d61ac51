-- supabase/migrations/20250209_intent_handlers.sql

CREATE TABLE orchestration_handlers (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  intent TEXT NOT NULL UNIQUE,
  handler_class TEXT NOT NULL,
  optimization_level TEXT DEFAULT 'standard',
  enabled BOOLEAN DEFAULT TRUE,
  created_at TIMESTAMPTZ DEFAULT NOW()
);

INSERT INTO orchestration_handlers (intent, handler_class) VALUES
  ('extract', 'ExtractHandler'),
  ('summarize', 'SummarizeHandler'),
  ('generate', 'GenerateHandler'),
  ('validate', 'ValidateHandler'),
  ('send', 'SendHandler');
