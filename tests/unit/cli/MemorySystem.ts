// A System that keeps executions in memory: a peer of the interface for the command line's tests, not a model of the engine.
import { AppError } from "../../../lib/core/errors.ts";
import { uuidv7 } from "../../../lib/core/ids.ts";
import type { ExecutionEvent, ExecutionReport, RunRequest, System } from "../../../lib/systemApi.ts";
import { apiOver } from "../../../lib/cli/socket/SharedSystem.ts";
import type { ApiMethod } from "../../../lib/cli/socket/socketProtocol.ts";

type Listener = (event: ExecutionEvent) => void;

/** What outlives a process: two MemorySystems over one store are two owners, one after the other. */
export class MemoryStore {
  readonly reports = new Map<string, ExecutionReport>();
  readonly keys = new Map<string, string>();
}

export class MemorySystem {
  readonly calls: { readonly method: ApiMethod; readonly params: readonly unknown[] }[] = [];
  readonly store: MemoryStore;
  worked = 0;
  closed = 0;
  /** Replaces a method's answer. */
  readonly answers = new Map<ApiMethod, (...params: readonly unknown[]) => unknown>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #waiters: {
    readonly executionId: string;
    readonly resolve: (report: ExecutionReport) => void;
    readonly reject: (error: Error) => void;
  }[] = [];

  constructor(store = new MemoryStore()) {
    this.store = store;
  }

  asSystem(): System {
    return {
      ...apiOver(async (method, params) => {
        this.calls.push({ method, params });
        return this.#answer(method, params);
      }),
      subscribe: (executionId, listener) => {
        const listeners = this.#listeners.get(executionId) ?? new Set();
        this.#listeners.set(executionId, listeners.add(listener));
        return () => void listeners.delete(listener);
      },
      openSession: async () => {
        throw new AppError("DATABASE_UNAVAILABLE", "this system has no database to book calls in");
      },
      work: async () => {
        this.worked += 1;
      },
      close: async () => {
        this.closed += 1;
        for (const { reject } of this.#waiters.splice(0)) reject(new AppError("DATABASE_UNAVAILABLE", "the system is closed"));
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  listenerCount(executionId: string): number {
    return this.#listeners.get(executionId)?.size ?? 0;
  }

  get waiterCount(): number {
    return this.#waiters.length;
  }

  emit(event: ExecutionEvent): void {
    for (const listener of this.#listeners.get(event.executionId) ?? []) listener(event);
  }

  finish(executionId: string, changes: Partial<ExecutionReport> = {}): void {
    const report = { ...this.require(executionId), status: "completed", ...changes } as ExecutionReport;
    this.store.reports.set(executionId, report);
    const done = this.#waiters.filter((waiter) => waiter.executionId === executionId);
    for (const waiter of done) {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.resolve(report);
    }
  }

  require(executionId: string): ExecutionReport {
    const report = this.store.reports.get(executionId);
    if (report === undefined) throw new AppError("NOT_FOUND", `there is no execution ${executionId}`);
    return report;
  }

  async #answer(method: ApiMethod, params: readonly unknown[]): Promise<unknown> {
    const given = this.answers.get(method);
    if (given !== undefined) return given(...params);
    if (method === "start") return this.#start(params[0] as RunRequest);
    if (method === "report") return this.require(params[0] as string);
    if (method === "wait") return this.#wait(params[0] as string);
    if (method === "listExecutions") return [...this.store.reports.values()].map((report) => ({ ...report, createdAt: report.startedAt }));
    throw new AppError("INTERNAL", `the memory system has no answer to ${method}`);
  }

  #start({ idempotencyKey }: RunRequest): { readonly executionId: string; readonly isNew: boolean } {
    const known = idempotencyKey === undefined ? undefined : this.store.keys.get(idempotencyKey);
    if (known !== undefined) return { executionId: known, isNew: false };
    const executionId = uuidv7();
    if (idempotencyKey !== undefined) this.store.keys.set(idempotencyKey, executionId);
    this.store.reports.set(executionId, { ...EMPTY_REPORT, executionId });
    return { executionId, isNew: true };
  }

  #wait(executionId: string): Promise<ExecutionReport> {
    const report = this.require(executionId);
    if (report.status !== "queued" && report.status !== "running") return Promise.resolve(report);
    return new Promise((resolve, reject) => void this.#waiters.push({ executionId, resolve, reject }));
  }
}

export const EMPTY_REPORT: ExecutionReport = {
  executionId: "0192f3a4-b5c6-7d8e-9f01-23456789abcd",
  workflow: "digest",
  status: "running",
  waitingFor: null,
  output: null,
  error: null,
  tokens: { baseline: null, used: 1200, saved: null, savedPercent: null },
  costUsd: 0.0031,
  limitUsd: 0.05,
  limitTokens: null,
  startedAt: "2026-01-01T00:00:00.000Z",
  finishedAt: "2026-01-01T00:00:01.200Z",
  waiting: [],
  steps: [],
};
