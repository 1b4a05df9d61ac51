// What a test file left behind in a database: lent connections, executions nobody drives, budget nobody gave back. Mends nothing.
import type { Database } from "../db/Database.ts";

interface LeakRow {
  running: string;
  open_attempts: string;
  open_grants: string;
}

/** One sentence per leak; empty when all is tidy. Call it when the file's tests are done and before `close()`. */
export async function findLeaks(db: Database): Promise<string[]> {
  const leaks: string[] = [];
  const lent = db.pool.totalCount - db.pool.idleCount;
  if (lent > 0) leaks.push(`${lent} connections were not given back`);
  if (db.pool.waitingCount > 0) leaks.push(`${db.pool.waitingCount} statements still wait for a connection`);
  // On PGlite a lent connection is the only one: asking would wait for ever.
  if (lent > 0 && db.isSingleConnection) return leaks;

  const { rows } = await db.query<LeakRow>(`SELECT
    (SELECT COUNT(*) FROM workflow_executions WHERE status = 'running') AS running,
    (SELECT COUNT(*) FROM step_attempts WHERE state = 'open') AS open_attempts,
    (SELECT COUNT(*) FROM ledger_grants WHERE open_tokens <> 0 OR open_usd <> 0) AS open_grants`);
  const found = rows[0] ?? { running: "0", open_attempts: "0", open_grants: "0" };
  if (found.running !== "0") leaks.push(`${found.running} executions are still running`);
  if (found.open_attempts !== "0") leaks.push(`${found.open_attempts} attempts were never settled`);
  if (found.open_grants !== "0") leaks.push(`${found.open_grants} grants still hold a reservation`);
  return leaks;
}
