// Where a child ends itself: at a statement, in an effect, in a model call. Exact, because it happens inside the child; SIGKILL, so that nothing is cleaned up.
import type { Database, Transaction } from "../../../lib/db/Database.ts";

export type Kill =
  /** Killed by the parent, at a time of its choosing. */
  | { readonly at: "time" }
  | { readonly at: "statement" | "effect" | "model"; readonly when: "before" | "during" | "after"; readonly occurrence: number };

export class KillPoint {
  readonly #kill: Kill;
  #seen = 0;
  isArmed = false;

  constructor(kill: Kill) {
    this.#kill = kill;
  }

  /** To be called at every place where a process might die. */
  pass(at: "statement" | "effect" | "model", when: "before" | "during" | "after"): void {
    if (!this.isArmed || this.#kill.at !== at || this.#kill.when !== when) return;
    this.#seen += 1;
    if (this.#seen >= this.#kill.occurrence) process.kill(process.pid, "SIGKILL");
  }

  /** The same database, with a place to die before and after each of its statements, inside transactions and at their ends. */
  watch(db: Database): Database {
    const watched = Object.create(db) as { -readonly [Key in keyof Database]: Database[Key] };
    watched.query = (text, values, name) => this.#around(() => db.query(text, values, name));
    watched.transaction = (work, options) => this.#around(() => db.transaction((tx) => work(this.#watchTransaction(tx)), options));
    // Getters and methods of the class work on private fields: they must run on the object itself.
    for (const key of ["kind", "isSingleConnection", "outage", "pool", "kysely"] as const)
      Object.defineProperty(watched, key, { get: () => db[key] });
    watched.listen = (channel, onNotify) => db.listen(channel, onNotify);
    watched.close = () => db.close();
    watched[Symbol.asyncDispose] = () => db[Symbol.asyncDispose]();
    return watched;
  }

  #watchTransaction(tx: Transaction): Transaction {
    return { isTransaction: true, kysely: tx.kysely, query: (text, values, name) => this.#around(() => tx.query(text, values, name)) };
  }

  async #around<T>(work: () => Promise<T>): Promise<T> {
    this.pass("statement", "before");
    const result = await work();
    this.pass("statement", "after");
    return result;
  }
}
