// SQL that asks how large things are.
import type { Database } from "../../lib/db/Database.ts";

const OURS = [
  "workflow_executions",
  "workflow_step_executions",
  "execution_values",
  "audit_trail",
  "step_attempts",
  "ledger_accounts",
  "ledger_balances",
  "ledger_grants",
  "ledger_reservations",
  "token_usage",
  "execution_signals",
  "stored_documents",
];

/** All tables and indexes that an execution touches, the queue's included. */
export async function engineBytes(db: Database): Promise<number> {
  const { rows } = await db.query<{ bytes: string }>(
    `SELECT (SELECT SUM(pg_total_relation_size(t::regclass)) FROM unnest($1::text[]) AS t)
       + (SELECT COALESCE(SUM(pg_total_relation_size(c.oid)), 0) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = 'pgboss' AND c.relkind = 'r' AND c.relname LIKE 'job%') AS bytes`,
    [OURS],
  );
  return Number(rows[0]?.bytes ?? 0);
}

export async function plainBytes(db: Database): Promise<number> {
  const { rows } = await db.query<{ bytes: string }>("SELECT pg_total_relation_size('bench_plain') AS bytes");
  return Number(rows[0]?.bytes ?? 0);
}
