-- Takes back 20250126_token_governance.sql (the index goes with its table).
DROP TABLE token_budgets;
