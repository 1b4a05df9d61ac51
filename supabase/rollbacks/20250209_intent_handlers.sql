-- Takes back 20250209_intent_handlers.sql, the rows added later included.
DROP TABLE orchestration_handlers;
-- What 20250302 added went with the table: forget it, so that it is applied again after 20250209.
DELETE FROM schema_migrations WHERE name = '20250302_handlers_by_workspace';
