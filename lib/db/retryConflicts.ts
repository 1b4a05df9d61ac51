// Tries work again that the database gave up for the sake of others: deadlocks, serialization. Retries nothing else.
import type { Database, Transaction } from "./Database.ts";
import { sqlState } from "./databaseErrors.ts";

const MAX_RETRIES = 20;

/** `work` opens its own transaction: what it did before the conflict was rolled back. */
export async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await work();
    } catch (error) {
      if (retries >= MAX_RETRIES || sqlState(error)?.startsWith("40") !== true) throw error;
    }
  }
}

/** A transaction that is tried again: `work` must have no effect but through `tx`. */
export function retriedTransaction<T>(db: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return retryConflicts(() => db.transaction(work));
}
