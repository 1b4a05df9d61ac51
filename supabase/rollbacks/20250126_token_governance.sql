-- Takes back 20250126_token_governance.sql (the index goes with its table).
DROP TABLE token_budgets;
-- What 20250304 added went with the table: forget it, so that it is applied again after 20250126.
DELETE FROM schema_migrations WHERE name = '20250304_budget_rows';
