-- Takes back 20250209_intent_handlers.sql, the rows added later included.
DROP TABLE orchestration_handlers;
