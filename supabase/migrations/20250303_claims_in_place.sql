-- Why: a claim changes an execution's status, and every index that knows the status made PostgreSQL write the row anew into all of them.
-- Living executions are now found by `finished_at IS NULL`, which a claim does not touch, and pages keep room for the row's next version.
-- breaking: no

DROP INDEX workflow_executions_alive;
-- Serves the sweep and what a changed budget may concern: few rows are alive at any time.
CREATE INDEX workflow_executions_alive ON workflow_executions (workspace_id, id) WHERE finished_at IS NULL;
ALTER TABLE workflow_executions SET (fillfactor = 50);
