// Inserts executions with all they need: documents, row, inputs, own account, grant, wake-up, audit. Starts that come together commit together.
import { createAuditRow, type AuditRow } from "../audit/AuditRow.ts";
import { AUDIT_EVENTS } from "../audit/events.ts";
import { nextTurn, type Clock } from "../core/clock.ts";
import { asAppError, type AppError } from "../core/errors.ts";
import { randomId, sha256, uuidv5, type WorkspaceId } from "../core/ids.ts";
import { encodeJson, type JsonObject } from "../core/json.ts";
import type { NanoUsd } from "../core/money.ts";
import type { Database, Transaction } from "../db/Database.ts";
import { insertExecutionAccounts, type AccountLimits } from "../ledger/BudgetStore.ts";
import { refusalError, type Ledger } from "../ledger/Ledger.ts";
import { DocumentShelf, type StoredDocument } from "./DocumentStore.ts";
import type { ExecutionQueue } from "./ExecutionQueue.ts";
import { insertExecutions, type NewExecution } from "./ExecutionStore.ts";

export interface StartRequest {
  readonly executionId: string;
  readonly workspaceId: WorkspaceId;
  readonly agentId: string;
  readonly definition: StoredDocument;
  readonly snapshot: StoredDocument;
  readonly inputs: JsonObject;
  readonly runMode: string;
  readonly totalSteps: number;
  readonly tags: readonly string[];
  /** The execution's own hard limit; null: none. */
  readonly limits: AccountLimits | null;
  /** Worst case of the model steps that can start at once; zero: nothing is asked of anybody yet. */
  readonly firstNeed: { readonly tokens: number; readonly usd: NanoUsd | null };
  readonly forkedFrom?: string;
  /** Runs in the same transaction after the row exists, for forks. */
  readonly afterInsert?: (tx: Transaction) => Promise<void>;
}

export interface StartResult {
  /** False: an execution of this id (idempotency key) was there already; nothing was changed. */
  readonly isNew: boolean;
}

interface Pending {
  readonly request: StartRequest;
  readonly resolve: (result: StartResult) => void;
  readonly reject: (error: AppError) => void;
}

/** Most executions started by one transaction. */
const MAX_BATCH = 200;

export class ExecutionStarter {
  readonly #db: Database;
  readonly #ledger: Ledger;
  readonly #queue: ExecutionQueue;
  readonly #clock: Clock;
  readonly #onStarted: () => void;
  readonly #shelf = new DocumentShelf();
  #pending: Pending[] = [];
  #isFlushing = false;

  /** @param options.onStarted called after a commit that made wake-ups: an in-process worker looks at once */
  constructor({
    db,
    ledger,
    queue,
    clock,
    onStarted,
  }: {
    readonly db: Database;
    readonly ledger: Ledger;
    readonly queue: ExecutionQueue;
    readonly clock: Clock;
    readonly onStarted: () => void;
  }) {
    this.#clock = clock;
    this.#db = db;
    this.#ledger = ledger;
    this.#queue = queue;
    this.#onStarted = onStarted;
  }

  /** @throws AppError `BUDGET_EXCEEDED`, `PRICE_UNKNOWN` when nothing could start under a limit; then nothing was inserted */
  async start(request: StartRequest): Promise<StartResult> {
    // What must ask the ledger or do more in its transaction goes alone: its refusal must not touch its neighbours.
    if (request.limits !== null || request.firstNeed.tokens > 0 || request.afterInsert !== undefined) {
      const result = await this.#db.transaction((tx) => this.#insertAlone(tx, request));
      this.#committed([request]);
      return result;
    }
    const { promise, resolve, reject } = Promise.withResolvers<StartResult>();
    this.#pending.push({ request, resolve, reject });
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      void this.#flushAll();
    }
    return promise;
  }

  async #flushAll(): Promise<void> {
    for (await nextTurn(); this.#pending.length > 0; await nextTurn()) {
      const batch = this.#takeBatch();
      try {
        const made = await this.#db.transaction((tx) =>
          this.#insert(
            tx,
            batch.map(({ request }) => request),
          ),
        );
        this.#committed(batch.map(({ request }) => request));
        for (const { request, resolve } of batch) resolve({ isNew: made.has(request.executionId) });
      } catch (error) {
        for (const { reject } of batch) reject(asAppError(error));
      }
    }
    this.#isFlushing = false;
  }

  /** One statement cannot insert one id twice: a start under the same key waits for the next batch, and finds the row there. */
  #takeBatch(): Pending[] {
    const ids = new Set<string>();
    const batch: Pending[] = [];
    const rest: Pending[] = [];
    for (const pending of this.#pending) {
      const { executionId } = pending.request;
      if (batch.length >= MAX_BATCH || ids.has(executionId)) rest.push(pending);
      else batch.push(pending);
      ids.add(executionId);
    }
    this.#pending = rest;
    return batch;
  }

  async #insertAlone(tx: Transaction, request: StartRequest): Promise<StartResult> {
    const made = await this.#insert(tx, [request]);
    if (!made.has(request.executionId)) return { isNew: false };
    const { workspaceId, executionId, agentId, tags, limits, firstNeed } = request;
    if (limits !== null) await insertExecutionAccounts(tx, [{ workspaceId, executionId, limits }]);
    if (firstNeed.tokens > 0) {
      const refusal = await this.#ledger.grant(tx, { workspaceId, executionId, agentId, tags }, firstNeed);
      if (refusal !== null) throw refusalError(refusal, "(first)");
    }
    await request.afterInsert?.(tx);
    return { isNew: true };
  }

  async #insert(tx: Transaction, requests: readonly StartRequest[]): Promise<Set<string>> {
    const workspaceId = requests[0]?.workspaceId;
    if (workspaceId !== undefined) await this.#shelf.put(tx, workspaceId, documentsOf(requests));
    const rows = requests.map(toRow);
    const nowMs = this.#clock.nowMs();
    const made = await insertExecutions(
      tx,
      rows,
      rows.map((row) => startedAudit(row, nowMs)),
    );
    const fresh = rows.filter((row) => made.has(row.id));
    await this.#queue.enqueue(
      tx,
      fresh.map((row) => ({ wakeId: row.wakeId, executionId: row.id, at: null })),
    );
    return made;
  }

  #committed(requests: readonly StartRequest[]): void {
    const workspaceId = requests[0]?.workspaceId;
    if (workspaceId !== undefined) this.#shelf.noteStored(workspaceId, documentsOf(requests));
    this.#queue.hint();
    this.#onStarted();
  }
}

function documentsOf(requests: readonly StartRequest[]): StoredDocument[] {
  const documents = new Map<string, StoredDocument>();
  for (const { definition, snapshot } of requests) {
    documents.set(definition.hash.toString("latin1"), definition);
    documents.set(snapshot.hash.toString("latin1"), snapshot);
  }
  return [...documents.values()];
}

function toRow(request: StartRequest): NewExecution {
  const inputContent = Buffer.from(encodeJson(request.inputs), "utf8");
  return {
    id: request.executionId,
    workspaceId: request.workspaceId,
    agentId: request.agentId,
    definitionHash: request.definition.hash,
    snapshotHash: request.snapshot.hash,
    inputHash: sha256(inputContent),
    inputContent,
    runMode: request.runMode,
    totalSteps: request.totalSteps,
    wakeId: randomId(),
    forkedFrom: request.forkedFrom ?? null,
  };
}

/** The id follows from the execution's: a start that was there already adds no second row. */
function startedAudit(row: NewExecution, nowMs: number): AuditRow {
  const action = row.forkedFrom === null ? AUDIT_EVENTS.PILOT_EXECUTION_STARTED : AUDIT_EVENTS.PILOT_EXECUTION_FORKED;
  const details = row.forkedFrom === null ? {} : { details: { forkedFrom: row.forkedFrom } };
  return createAuditRow(
    { workspaceId: row.workspaceId, executionId: row.id, action, entityType: "execution", entityId: row.id, ...details },
    nowMs,
    uuidv5(`started/${row.id}`),
  );
}
