// A database whose statements a test may watch or make fail: the call before may throw, the call after may, too (then the statement has run).
import type { Database, Transaction } from "../../lib/db/Database.ts";

export type OnStatement = (text: string, isDone: boolean) => void;

export function watchedDatabase(db: Database, onStatement: OnStatement): Database {
  const run = async <T>(text: string, work: () => Promise<T>): Promise<T> => {
    onStatement(text, false);
    const result = await work();
    onStatement(text, true);
    return result;
  };
  const watched = (tx: Transaction): Transaction => ({
    isTransaction: true,
    kysely: tx.kysely,
    query: (text, values, name) => run(text, () => tx.query(text, values, name)),
  });
  return {
    kind: db.kind,
    isSingleConnection: db.isSingleConnection,
    get outage() {
      return db.outage;
    },
    pool: db.pool,
    kysely: db.kysely,
    query: (text, values, name) => run(text, () => db.query(text, values, name)),
    transaction: (work, options) => run("COMMIT", () => db.transaction((tx) => work(watched(tx)), options)),
    listen: (channel, onNotify) => db.listen(channel, onNotify),
    close: () => db.close(),
    [Symbol.asyncDispose]: () => db.close(),
  };
}
