// What one claimed execution knows in memory: its rows by path, values as they are needed, signals, open attempts. Writes nothing.
import { AppError, fromErrorRecord, type ErrorRecord } from "../core/errors.ts";
import type { WorkspaceId } from "../core/ids.ts";
import { decodeJson, type JsonObject, type JsonValue } from "../core/json.ts";
import type { Queryable } from "../db/Database.ts";
import { loadValues, type StoredStep } from "../journal/JournalStore.ts";
import type { StepStatus, ValueRef } from "../journal/types.ts";
import type { StoredAttempt } from "../ledger/BudgetStore.ts";
import type { ChargeScope } from "../ledger/LedgerStore.ts";
import type { HandlerFacts } from "../orchestration/types.ts";
import type { MemoryBlock, MemoryMode } from "../memory/types.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";
import { BudgetGate } from "./BudgetGate.ts";
import type { ClaimedExecution, Signal } from "./ExecutionStore.ts";
import { FirstTokens } from "./governance/FirstTokens.ts";
import type { GovernanceFacts } from "./governance/facts.ts";
import type { GovernanceSnapshot } from "./governance/snapshot.ts";

/** Fixed when the execution was created; may be overruled only in the safe direction. */
export interface ConfigSnapshot {
  readonly flags: JsonObject;
  readonly defaultModel: string | null;
  readonly tags: readonly string[];
  /** Effects are shown, not performed: dry executions, forks without leave. */
  readonly previewEffects: boolean;
  readonly timeoutMs: number | null;
  /** Hashes (hex) of the stored workflows that sub_workflow steps name, as they were at the start. */
  readonly subWorkflows: Readonly<Record<string, string>>;
  /** Model whose prices the offline model's calls are booked at; null: they cost nothing. */
  readonly pricedAs: string | null;
  /** Absent: nothing of orchestration is on or observing. */
  readonly governance?: GovernanceSnapshot;
  /** Absent: the agent's memory is off. What the execution is told is a row of its own, so that it can be forgotten. */
  readonly memory?: { readonly mode: Exclude<MemoryMode, "off"> };
}

/** `detail` of a step row. */
export interface StepDetail {
  readonly error?: ErrorRecord;
  /** A failed attempt that is tried again: not before this time (ms since the epoch). */
  readonly retryAtMs?: number;
  /** A waiting step: what for, until when (ms since the epoch), what to tell. */
  readonly waitFor?: string;
  readonly wakeAtMs?: number;
  readonly message?: string;
  readonly needUsd?: number;
  readonly needTokens?: number;
  readonly reason?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly costUsd?: number | null;
  readonly warnings?: readonly string[];
  readonly more?: JsonObject;
  readonly governance?: GovernanceFacts;
  readonly handler?: HandlerFacts;
  /** Input tokens by which memory made the attempt's calls longer. */
  readonly memoryTokens?: number;
  /** The step failed, and `continueOnError` let the execution go on. */
  readonly tolerated?: boolean;
}

export interface KnownStep {
  readonly status: StepStatus;
  readonly attempt: number;
  readonly detail: StepDetail;
  readonly output: ValueRef | null;
  /** Order of completion, for rollback. */
  readonly order: number;
}

/** Begins the id of a part of a step that its handler performs, for example `send.~batch[0]`. No step of a workflow has such an id. */
export const PART_MARK = "~";

/** Decoded outputs above this many bytes are dropped after journaling and read again when needed. */
const KEEP_IN_MEMORY_BYTES = 256 * 1024;

export interface ExecutionStateParts {
  readonly claim: ClaimedExecution;
  readonly definition: WorkflowDefinition;
  readonly snapshot: ConfigSnapshot;
  readonly inputs: JsonObject;
  readonly rows: readonly StoredStep[];
  readonly attempts: readonly StoredAttempt[];
  readonly signals: readonly Signal[];
  /** @defaultValue null: nothing is remembered */
  readonly memory?: MemoryBlock | null;
}

export class ExecutionState {
  readonly claim: ClaimedExecution;
  readonly definition: WorkflowDefinition;
  readonly snapshot: ConfigSnapshot;
  readonly inputs: JsonObject;
  readonly gate = new BudgetGate();
  readonly firstTokens = new FirstTokens();
  /** What model calls are told of earlier executions; the same in every claim, until it is forgotten. */
  memory: MemoryBlock | null;
  /** Paths begun and not ended. */
  readonly begun = new Set<string>();
  /** True once any call was reserved on a limited account: grants must then be given back. */
  hasGrants = false;
  readonly #steps = new Map<string, KnownStep>();
  readonly #values = new Map<string, JsonValue>();
  readonly #attempts: StoredAttempt[];
  /** Highest number of a call by path and attempt, for steps that have no outcome yet: attempt rows are unique by it. */
  readonly #callNumbers = new Map<string, number>();
  /** Ids of parts that handlers began, by the step's path. */
  readonly #parts = new Map<string, Set<string>>();
  readonly #stop = new AbortController();
  #signals: ReadonlyMap<string, Signal>;
  #order = 0;
  #halt: "failed" | "cancelled" | "lost" | "yield" | "timeout" | null = null;

  constructor({ claim, definition, snapshot, inputs, rows, attempts, signals, memory = null }: ExecutionStateParts) {
    this.claim = claim;
    this.memory = memory;
    this.definition = definition;
    this.snapshot = snapshot;
    this.inputs = inputs;
    this.#attempts = [...attempts];
    this.#signals = new Map(signals.map((signal) => [signal.key, signal]));
    for (const { stepPath } of attempts) this.#notePart(stepPath);
    for (const row of rows) {
      this.record(row.stepPath, {
        status: row.status,
        attempt: row.attempt,
        detail: row.detail === null ? {} : (decodeJson(row.detail) as StepDetail),
        output: this.#outputOf(row),
      });
    }
  }

  #outputOf(row: StoredStep): ValueRef | null {
    if (row.outputInline !== null) {
      const ref = { executionId: this.claim.id, hash: Buffer.from(row.stepPath, "utf8") };
      this.keep(ref, decodeJson(row.outputInline), row.outputInline.length);
      return ref;
    }
    return row.outputHash === null ? null : { executionId: row.outputExecutionId ?? this.claim.id, hash: row.outputHash };
  }

  get id(): string {
    return this.claim.id;
  }

  get workspaceId(): WorkspaceId {
    return this.claim.workspaceId;
  }

  get epoch(): number {
    return this.claim.epoch;
  }

  get chargeScope(): ChargeScope {
    return { workspaceId: this.workspaceId, executionId: this.id, agentId: this.claim.agentId, tags: this.snapshot.tags };
  }

  /** When its own time limit is over, suspended or not; null without one. */
  get deadlineMs(): number | null {
    return this.snapshot.timeoutMs === null ? null : this.claim.startedAt.getTime() + this.snapshot.timeoutMs;
  }

  /** Aborted when what runs must stop at once: cancel, time limit, lost lease. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Why nothing new may start; null while all is well. */
  get haltReason(): "failed" | "cancelled" | "lost" | "yield" | "timeout" | null {
    return this.#halt;
  }

  /** Nothing new starts. `cancelled`, `lost` and `timeout` also abort what runs; `yield` and `failed` let it end. The first reason stays, but `lost` overrules. */
  halt(reason: "failed" | "cancelled" | "lost" | "yield" | "timeout"): void {
    if (this.#halt === null || reason === "lost" || (this.#halt === "yield" && reason !== "yield")) this.#halt = reason;
    if (reason === "cancelled") this.#stop.abort(new AppError("EXECUTION_CANCELLED", `execution ${this.id} was cancelled`));
    if (reason === "timeout")
      this.#stop.abort(new AppError("EXECUTION_TIMEOUT", `execution ${this.id} took longer than ${this.snapshot.timeoutMs} ms`));
    if (reason === "lost") this.#stop.abort(new AppError("FENCED", `execution ${this.id} belongs to another worker now`));
  }

  /** The same execution, as known here, for work that follows a halt: compensation. Nothing of it is halted or aborted. */
  unhalted(): ExecutionState {
    const { claim, definition, snapshot, inputs, memory } = this;
    const other = new ExecutionState({
      claim,
      definition,
      snapshot,
      inputs,
      rows: [],
      attempts: this.#attempts,
      signals: [...this.#signals.values()],
      memory,
    });
    for (const [path, step] of this.steps()) other.record(path, step);
    for (const [key, value] of this.#values) other.#values.set(key, value);
    other.hasGrants = this.hasGrants;
    return other;
  }

  step(path: string): KnownStep | undefined {
    return this.#steps.get(path);
  }

  record(path: string, step: Omit<KnownStep, "order">): void {
    this.#order += 1;
    this.#steps.set(path, { ...step, order: this.#order });
    this.#notePart(path);
    if (step.status === "completed" || step.status === "skipped") this.#callNumbers.delete(`${path}#${step.attempt}`);
  }

  /** Ids, without their mark, of parts of a step that were begun by a handler, now or in an earlier claim. */
  partsOf(path: string): readonly string[] {
    return [...(this.#parts.get(path) ?? [])];
  }

  #notePart(path: string): void {
    const at = path.lastIndexOf(`.${PART_MARK}`);
    if (at === -1) return;
    const parent = path.slice(0, at);
    const known = this.#parts.get(parent) ?? new Set();
    known.add(path.slice(at + 1 + PART_MARK.length));
    this.#parts.set(parent, known);
  }

  /** Step rows in order of completion. */
  steps(): [string, KnownStep][] {
    return [...this.#steps].sort(([, left], [, right]) => left.order - right.order);
  }

  /** Keeps a value at hand; large ones are read back from the database when they are needed. */
  keep(ref: ValueRef, value: JsonValue, bytes: number): void {
    if (bytes <= KEEP_IN_MEMORY_BYTES) this.#values.set(ref.hash.toString("latin1"), value);
  }

  /** The recorded output, when it is in memory. */
  peek(path: string): { readonly isKnown: boolean; readonly value: JsonValue } {
    const step = this.#steps.get(path);
    if (step === undefined || step.output === null) return { isKnown: true, value: null };
    const key = step.output.hash.toString("latin1");
    return this.#values.has(key) ? { isKnown: true, value: this.#values.get(key) ?? null } : { isKnown: false, value: null };
  }

  /** Brings the outputs of these paths into memory. */
  async load(db: Queryable, paths: readonly string[]): Promise<void> {
    const missing = new Map<string, Buffer[]>();
    for (const path of paths) {
      const ref = this.#steps.get(path)?.output ?? null;
      if (ref === null || this.#values.has(ref.hash.toString("latin1"))) continue;
      const hashes = missing.get(ref.executionId) ?? [];
      hashes.push(ref.hash);
      missing.set(ref.executionId, hashes);
    }
    for (const [executionId, hashes] of missing) {
      const found = await loadValues(db, executionId, hashes);
      for (const hash of hashes) {
        const content = found.get(hash.toString("hex"));
        if (content === undefined)
          throw new AppError("INTERNAL", `execution ${this.id}: the value ${hash.toString("hex")} of a recorded step is gone`);
        this.#values.set(hash.toString("latin1"), decodeJson(content));
      }
    }
  }

  /** @throws AppError `INTERNAL` when the value was not loaded first */
  output(path: string): JsonValue {
    const { isKnown, value } = this.peek(path);
    if (!isKnown) throw new AppError("INTERNAL", `execution ${this.id}: the output of ${path} was not loaded`);
    return value;
  }

  /** The final failure of a step, as recorded. */
  errorOf(path: string): AppError {
    const record = this.#steps.get(path)?.detail.error;
    return record === undefined ? new AppError("STEP_FAILED", `step ${path} failed`, { details: { step: path } }) : fromErrorRecord(record);
  }

  get signals(): ReadonlyMap<string, Signal> {
    return this.#signals;
  }

  replaceSignals(signals: readonly Signal[]): void {
    this.#signals = new Map(signals.map((signal) => [signal.key, signal]));
  }

  /** Attempts left by earlier claims of this execution, and answers of this one that were stored, for one path. */
  attemptsOf(path: string): StoredAttempt[] {
    return this.#attempts.filter((attempt) => attempt.stepPath === path);
  }

  /** Effects of which nothing was stored but that they were begun. */
  openEffects(): StoredAttempt[] {
    return this.#attempts.filter(({ kind, state }) => kind === "effect" && state === "open");
  }

  /** Numbers a call of a step's attempt: on from those of earlier claims, and of earlier walks of this one. */
  nextCall(path: string, attempt: number): number {
    const key = `${path}#${attempt}`;
    const stored = this.attemptsOf(path).filter((row) => row.attempt === attempt);
    const last = this.#callNumbers.get(key) ?? Math.max(0, ...stored.map(({ call }) => call));
    this.#callNumbers.set(key, last + 1);
    return last + 1;
  }

  /** A model's answer or an effect's doubt that is about to be stored with its settlement: a later attempt of the step finds it here. */
  keepAttempt(attempt: StoredAttempt): void {
    this.#notePart(attempt.stepPath);
    this.#attempts.push(attempt);
  }
}
