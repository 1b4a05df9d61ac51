// What people do to executions from outside: cancel, answer, resolve, top up. Locks the row, writes a signal, wakes whoever sleeps.
import { auditWriter } from "../audit/AuditStore.ts";
import { AppError } from "../core/errors.ts";
import { randomId, type WorkspaceId } from "../core/ids.ts";
import type { JsonValue } from "../core/json.ts";
import type { Database, Transaction } from "../db/Database.ts";
import { retriedTransaction } from "../db/retryConflicts.ts";
import { writeFacts } from "../db/UnitPart.ts";
import { loadAttempts } from "../ledger/BudgetStore.ts";
import { auditPart, type AuditFacts } from "./auditPart.ts";
import type { ExecutionQueue } from "./ExecutionQueue.ts";
import { insertSignal, loadSignals, lockExecution, markQueued, requestCancel, type Signal, type Status } from "./ExecutionStore.ts";
import { findAlive } from "./ReportStore.ts";

export interface ControlOptions {
  readonly db: Database;
  readonly queue: ExecutionQueue;
  /** A wake-up was made: an in-process worker looks at once. */
  readonly onWake: () => void;
  /** A cancel was asked for: an in-process owner stops at once, others at their next tick. */
  readonly onCancel: (executionId: string) => void;
}

/** Key of the signal that lets an execution leave out what does not fit its limits. */
export const FINISH_CHEAP = "finish:cheap";

const ENDED: ReadonlySet<Status> = new Set(["completed", "failed", "cancelled"]);

export class ExecutionControl {
  readonly #options: ControlOptions;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  /**
   * An owned execution is asked to stop: its owner aborts, settles, rolls back and writes the end. One that sleeps is woken
   * to do the same. What had committed before stays.
   */
  async cancel(workspaceId: WorkspaceId, id: string, actor: string): Promise<void> {
    const { db, onCancel } = this.#options;
    await retriedTransaction(db, async (tx) => {
      const row = await lock(tx, workspaceId, id);
      if (ENDED.has(row.status))
        throw new AppError("CONFLICT", `execution ${id} is ${row.status} already`, { details: { execution: id, got: row.status } });
      await requestCancel(tx, id);
      await this.#audit(tx, { id, workspaceId }, "PILOT_EXECUTION_CANCEL_REQUESTED", { entityType: "execution", entityId: id, actor });
      if (row.status !== "running") await this.#wake(tx, id);
    });
    onCancel(id);
    this.#woken();
  }

  /** First answer wins. @throws AppError `ALREADY_ANSWERED` with the recorded one */
  async signal(
    workspaceId: WorkspaceId,
    id: string,
    signal: { readonly key: string; readonly actor: string; readonly payload: JsonValue },
    audit: { readonly event: Parameters<typeof auditPart>[1]; readonly facts: AuditFacts },
  ): Promise<void> {
    await retriedTransaction(this.#options.db, async (tx) => {
      const row = await lock(tx, workspaceId, id);
      if (ENDED.has(row.status))
        throw new AppError("CONFLICT", `execution ${id} is ${row.status}: it takes no more answers`, {
          details: { execution: id, got: row.status },
        });
      if (!(await insertSignal(tx, id, { ...signal, payload: JSON.stringify(signal.payload) })))
        throw answered(await loadSignals(tx, id), signal.key);
      await this.#audit(tx, { id, workspaceId }, audit.event, audit.facts);
      // A running owner finds the signal before it suspends; only a sleeping one must be woken.
      if (row.status === "suspended" || row.status === "uncertain") await this.#wake(tx, id);
    });
    this.#woken();
  }

  /** Says what became of an effect that may have happened. @throws AppError `CONFLICT` when nothing is uncertain there */
  async resolveEffect(
    workspaceId: WorkspaceId,
    id: string,
    answer: { readonly actor: string; readonly path?: string; readonly resolve: "done" | "retry"; readonly output?: JsonValue },
  ): Promise<void> {
    const open = (await loadAttempts(this.#options.db, id, { ofUnfinished: true })).filter(
      (attempt) =>
        attempt.kind === "effect" && attempt.state === "uncertain" && (answer.path === undefined || attempt.stepPath === answer.path),
    );
    const attempt = open.at(-1);
    if (attempt === undefined)
      throw new AppError("CONFLICT", `execution ${id} has no uncertain effect${answer.path === undefined ? "" : ` at ${answer.path}`}`, {
        details: { execution: id },
      });
    // Several attempts at one path are one doubt: the answer to the last one is the answer to all.
    const distinct = new Set(open.map(({ stepPath }) => stepPath));
    if (distinct.size > 1) {
      const paths = [...distinct].join(", ");
      throw new AppError("USAGE", `execution ${id} has several uncertain effects: ${paths}`, {
        hint: "name one with --step PATH",
        details: { execution: id, expected: paths },
      });
    }
    await this.signal(
      workspaceId,
      id,
      {
        key: `resolve:${attempt.stepPath}:${attempt.id}`,
        actor: answer.actor,
        payload: { resolve: answer.resolve, ...(answer.output === undefined ? {} : { output: answer.output }) },
      },
      {
        event: "EFFECT_RESOLVED",
        facts: { entityType: "step", entityId: attempt.stepPath, actor: answer.actor, details: { resolve: answer.resolve } },
      },
    );
  }

  /** Wakes a suspended execution to look again, for example after a budget was raised elsewhere. */
  async poke(workspaceId: WorkspaceId, id: string, actor: string): Promise<void> {
    await retriedTransaction(this.#options.db, async (tx) => {
      const row = await lock(tx, workspaceId, id);
      if (row.status !== "suspended")
        throw new AppError("CONFLICT", `execution ${id} is ${row.status}, not waiting`, { details: { execution: id, got: row.status } });
      await insertSignal(tx, id, { key: `poke:${randomId()}`, actor, payload: "{}" });
      await this.#audit(tx, { id, workspaceId }, "PILOT_EXECUTION_RESUMED", { entityType: "execution", entityId: id, actor });
      await this.#wake(tx, id);
    });
    this.#woken();
  }

  /** Ends what waits for budget without more of it: model steps whose call does not fit are skipped from now on. */
  async finishCheap(workspaceId: WorkspaceId, id: string, actor: string): Promise<void> {
    await retriedTransaction(this.#options.db, async (tx) => {
      const row = await lock(tx, workspaceId, id);
      if (ENDED.has(row.status))
        throw new AppError("CONFLICT", `execution ${id} is ${row.status} already`, { details: { execution: id, got: row.status } });
      await insertSignal(tx, id, { key: FINISH_CHEAP, actor, payload: "{}" });
      const details = { finish: "cheap" };
      await this.#audit(tx, { id, workspaceId }, "PILOT_EXECUTION_RESUMED", { entityType: "execution", entityId: id, actor, details });
      if (row.status === "suspended" && row.waitingFor === "budget") await this.#wake(tx, id);
    });
    this.#woken();
  }

  /**
   * After a limit was raised: everything that waits for budget in its scope looks again. The signal also reaches an owner
   * who is about to suspend: he sees it after locking the row.
   */
  async wakeForBudget(
    tx: Transaction,
    workspaceId: WorkspaceId,
    scope: { readonly executionId?: string; readonly agentId?: string },
    actor: string,
  ): Promise<void> {
    for (const id of await findAlive(tx, workspaceId, scope)) {
      const row = await lockExecution(tx, workspaceId, id);
      if (row === null || ENDED.has(row.status)) continue;
      await insertSignal(tx, id, { key: `budget:${randomId()}`, actor, payload: "{}" });
      if (row.status === "suspended" && row.waitingFor === "budget") await this.#wake(tx, id);
    }
  }

  #woken(): void {
    this.#options.queue.hint();
    this.#options.onWake();
  }

  async #wake(tx: Transaction, id: string): Promise<void> {
    const wakeId = randomId();
    await markQueued(tx, id, wakeId);
    await this.#options.queue.enqueue(tx, [{ wakeId, executionId: id, at: null }]);
  }

  async #audit(
    tx: Transaction,
    execution: { readonly id: string; readonly workspaceId: WorkspaceId },
    event: Parameters<typeof auditPart>[1],
    facts: AuditFacts,
  ): Promise<void> {
    await writeFacts(tx, auditWriter, auditPart(execution, event, facts).rows);
  }
}

async function lock(
  tx: Transaction,
  workspaceId: WorkspaceId,
  id: string,
): Promise<{ readonly status: Status; readonly waitingFor: string | null }> {
  const row = await lockExecution(tx, workspaceId, id);
  if (row === null) throw new AppError("NOT_FOUND", `there is no execution ${id}`, { details: { execution: id } });
  return row;
}

function answered(signals: readonly Signal[], key: string): AppError {
  const first = signals.find((signal) => signal.key === key);
  return new AppError(
    "ALREADY_ANSWERED",
    `${key} was answered by ${first?.actor ?? "somebody"} at ${first?.createdAt.toISOString() ?? "an earlier time"}`,
    {
      details: { key, actor: first?.actor ?? null, answer: first === undefined ? null : (JSON.parse(first.payload) as JsonValue) },
    },
  );
}
