// One open session: reserves each call durably before it is made and books what it came to. It sends nothing and knows no model.
import { AppError } from "../../core/errors.ts";
import type { WorkspaceId } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import { nanoToUsd, usdToNano } from "../../core/money.ts";
import { retryConflicts } from "../../db/retryConflicts.ts";
import type { UnitPart } from "../../db/UnitPart.ts";
import type { StepRow } from "../../journal/types.ts";
import type { Ledger, Refusal } from "../../ledger/Ledger.ts";
import { loadLimitedAccounts, returnGrants } from "../../ledger/LedgerStore.ts";
import type { Settlement } from "../../ledger/types.ts";
import type { ModelSession, SessionCall, SessionRefusal, SessionReserveOutcome, SessionSettlement } from "../../sessionApi.ts";
import type { TokenUsageRow } from "../../tokens/types.ts";
import { auditPart } from "../auditPart.ts";
import type { StepDetail } from "../ExecutionState.ts";
import { endSession, usageIdOf, type EndServices } from "./endSession.ts";
import { loadSessionStatus } from "./SessionStore.ts";
import { viewFacts } from "./viewFacts.ts";

/** An answer that was paid for, or a refusal, does not wait longer than this for a database that is away. */
const SETTLE_WAIT_MS = 10_000;
/** Calls under way may end within this when the session is closed. */
const CLOSE_WAIT_MS = 10_000;

/** Receipts, reports and `prune` go by executions: one that never ends would grow without bound. */
const BOUNDS: SessionBounds = { calls: 10_000, ms: 24 * 60 * 60 * 1_000 };

export interface SessionBounds {
  readonly calls: number;
  readonly ms: number;
}

export interface SessionServices extends EndServices {
  readonly ledger: Ledger;
  readonly logger: Logger;
  /** Called once, when the session is over for its owner. */
  readonly onEnd: (session: CallSession) => void;
  /** After that many calls, or so long after it was opened, a session takes no more. @defaultValue 10 000 calls, 24 h */
  readonly bounds?: SessionBounds;
}

export interface SessionFacts {
  readonly executionId: string;
  readonly workspaceId: WorkspaceId;
  readonly agentId: string;
  readonly tags: readonly string[];
  readonly limits: ModelSession["limits"];
  readonly orchestration: ModelSession["orchestration"];
  readonly counting: ModelSession["counting"];
}

interface OpenCall {
  readonly path: string;
  readonly call: SessionCall;
  readonly startedMs: number;
}

export class CallSession implements ModelSession {
  readonly executionId: string;
  readonly agentId: string;
  readonly limits: ModelSession["limits"];
  readonly orchestration: ModelSession["orchestration"];
  readonly counting: ModelSession["counting"];
  /** A session is claimed once, by who opens it. */
  readonly epoch = 1;
  readonly #facts: SessionFacts;
  readonly #services: SessionServices;
  readonly #open = new Map<string, OpenCall>();
  readonly #settling = new Set<Promise<void>>();
  readonly #openedMs: number;
  #calls = 0;
  /** Its bounds are reached: it ends once the calls under way have ended, however long they take. */
  #isOver = false;
  #isClosed = false;
  #whenIdle: (() => void) | null = null;
  #closing: Promise<void> | null = null;

  constructor(services: SessionServices, facts: SessionFacts) {
    this.#services = services;
    this.#facts = facts;
    this.#openedMs = services.clock.monotonicMs();
    this.executionId = facts.executionId;
    this.agentId = facts.agentId;
    this.limits = facts.limits;
    this.orchestration = facts.orchestration;
    this.counting = facts.counting;
  }

  async hasLimits(): Promise<boolean> {
    return (await loadLimitedAccounts(this.#services.db, this.#facts, false)).length > 0;
  }

  async reserve(call: SessionCall): Promise<SessionReserveOutcome> {
    if (this.#isFull()) return { kind: "ended" };
    if (this.#isClosed) {
      throw new AppError("CONFLICT", `session ${this.executionId} is closed: it takes no more calls`, {
        details: { execution: this.executionId },
      });
    }
    this.#calls += 1;
    const path = `call[${this.#calls}]`;
    const outcome = await this.#services.ledger.reserve({
      scope: this.#facts,
      epoch: this.epoch,
      stepPath: path,
      attempt: 1,
      call: 1,
      kind: "model",
      provider: call.provider,
      model: call.model,
      tokens: call.tokens,
      usd: call.usd,
      outputCapTokens: call.outputCapTokens,
      idempotencyKey: null,
      viewHash: null,
    });
    if (outcome.kind === "fenced") return this.#ended();
    if (outcome.kind === "refused") return this.#refused(path, outcome.refusal, call);
    const { attemptId } = outcome.reservation;
    this.#open.set(attemptId, { path, call, startedMs: this.#services.clock.monotonicMs() });
    return { kind: "reserved", attemptId };
  }

  async settle(attemptId: string, settlement: SessionSettlement): Promise<void> {
    const open = this.#open.get(attemptId);
    // A call that was settled already, for example ended and then aborted, is not booked twice.
    if (open === undefined || !this.#open.delete(attemptId)) return;
    // Where it fails its reservation stays: it is counted at its worst case, and the sweep books it as assumed.
    await this.#store(this.#book(attemptId, open, settlement), { attemptId });
  }

  /** Never rejects, and does not keep the caller longer than `SETTLE_WAIT_MS`: it is then stored when there is a database. */
  async #store(storing: Promise<void>, about: { readonly attemptId: string } | { readonly path: string }): Promise<void> {
    const { logger } = this.#services;
    const facts = { executionId: this.executionId, ...about };
    const work: Promise<void> = storing
      .catch((error: unknown) => {
        logger.error({ ...facts, error: String(error) }, "what a call came to could not be stored");
      })
      .finally(() => {
        this.#settling.delete(work);
        if (this.#isIdle) this.#whenIdle?.();
        this.#endIfOver();
      });
    this.#settling.add(work);
    await this.#within(SETTLE_WAIT_MS, work);
    if (this.#settling.has(work)) logger.warn(facts, "what a call came to waits for the database");
  }

  async close(): Promise<void> {
    // What failed may be tried again: the session goes on until it is ended.
    this.#closing ??= this.#close().catch((error: unknown) => {
      this.#closing = null;
      throw error;
    });
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Another has ended it: a sweep, or a person. */
  noteLost(): void {
    this.#services.onEnd(this);
  }

  #isFull(): boolean {
    const { calls, ms } = this.#services.bounds ?? BOUNDS;
    if (!this.#isOver && !this.#isClosed && (this.#calls >= calls || this.#services.clock.monotonicMs() - this.#openedMs >= ms)) {
      this.#isOver = true;
      this.#endIfOver();
    }
    return this.#isOver;
  }

  /** In the background: who asked for a call goes on in another session. */
  #endIfOver(): void {
    if (!this.#isOver || !this.#isIdle || this.#closing !== null) return;
    this.close().catch((error: unknown) => {
      this.#services.logger.warn({ executionId: this.executionId, error: String(error) }, "a full session is left to the sweep");
      // Nobody renews it any more, so it counts as silent before long.
      this.noteLost();
    });
  }

  get #isIdle(): boolean {
    return this.#open.size === 0 && this.#settling.size === 0;
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    if (!this.#isIdle) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#whenIdle = resolve;
      await this.#within(CLOSE_WAIT_MS, promise);
    }
    await endSession(this.#services, this.executionId, { condition: { by: "owner", epoch: this.epoch } });
    this.#services.onEnd(this);
  }

  /** @throws AppError `EXECUTION_CANCELLED` */
  async #ended(): Promise<SessionReserveOutcome> {
    this.noteLost();
    if ((await loadSessionStatus(this.#services.db, this.executionId)) === "cancelled") {
      throw new AppError("EXECUTION_CANCELLED", `session ${this.executionId} was cancelled: it takes no more calls`, {
        details: { execution: this.executionId },
      });
    }
    return { kind: "ended" };
  }

  async #refused(path: string, refused: Refusal, call: SessionCall): Promise<SessionReserveOutcome> {
    const refusal = toRefusal(refused, call);
    const { needTokens, leftTokens } = refusal;
    const details = {
      reason: refusal.reason,
      scope: refusal.scope,
      window: refusal.window,
      needTokens,
      leftTokens,
      needUsd: refused.need.usd,
      leftUsd: refused.available.usd,
    };
    const audit = auditPart(
      this.#execution,
      "BUDGET_EXCEEDED",
      { entityType: "step", entityId: path, details },
      this.#services.clock.nowMs(),
    );
    const told = this.#services.journal.append({ executionId: this.executionId, epoch: this.epoch, parts: [audit] });
    await this.#store(
      told.then(() => undefined),
      { path },
    );
    return { kind: "refused", refusal };
  }

  get #execution(): { readonly id: string; readonly workspaceId: WorkspaceId } {
    return { id: this.executionId, workspaceId: this.#facts.workspaceId };
  }

  async #book(attemptId: string, open: OpenCall, settlement: SessionSettlement): Promise<void> {
    const { db, journal } = this.#services;
    const usage = this.#usageRow(attemptId, open, settlement);
    const usedTokens = settlement.usage.inputTokens + settlement.usage.outputTokens;
    const settled: Settlement = { attemptId, state: settlement.state, usedTokens, usedUsd: settlement.usd };
    const parts: UnitPart[] = [
      { kind: "settlements", rows: [settled] },
      { kind: "usage", rows: [usage] },
      { kind: "steps", rows: [this.#stepRow(open, settlement, usage.latencyMs)] },
      ...this.#overrun(open, settled),
    ];
    const outcome = await journal.append({ executionId: this.executionId, epoch: this.epoch, parts });
    if (outcome === "fenced") this.noteLost();
    // What a call did not need goes back at once: other sessions and executions wait for nobody to end.
    await retryConflicts(() => returnGrants(db, [this.executionId]));
  }

  #usageRow(attemptId: string, { path, call, startedMs }: OpenCall, { state, usage, usd, errorCode }: SessionSettlement): TokenUsageRow {
    const { clock } = this.#services;
    return {
      id: usageIdOf(attemptId),
      workspaceId: this.#facts.workspaceId,
      executionId: this.executionId,
      attemptId,
      agentId: this.agentId,
      userId: null,
      stepPath: path,
      provider: call.provider,
      model: call.model,
      usage,
      costUsd: usd,
      usageState: state === "assumed" ? "assumed" : "reported",
      activityType: "session_call",
      latencyMs: Math.round(clock.monotonicMs() - startedMs),
      isSuccess: errorCode === null,
      errorCode,
      createdAtMs: clock.nowMs(),
    };
  }

  #stepRow({ path, call }: OpenCall, settlement: SessionSettlement, executionTimeMs: number | null): StepRow {
    const { usage, errorCode } = settlement;
    const governance = viewFacts(call, settlement);
    const costUsd = settlement.usd === null ? null : nanoToUsd(settlement.usd);
    const detail: StepDetail = {
      provider: call.provider,
      model: call.model,
      costUsd,
      ...(governance === null ? {} : { governance }),
      ...(errorCode === null ? {} : { reason: errorCode }),
    };
    return {
      executionId: this.executionId,
      epoch: this.epoch,
      stepPath: path,
      attempt: 1,
      replaces: false,
      stepType: "ai_processing",
      status: errorCode === null ? "completed" : "failed",
      plugin: null,
      action: null,
      tokensUsed: usage.inputTokens + usage.outputTokens,
      executionTimeMs,
      itemCount: null,
      inline: null,
      output: null,
      detail: JSON.stringify(detail),
    };
  }

  #overrun({ path, call }: OpenCall, { usedTokens, usedUsd }: Settlement): readonly UnitPart[] {
    const isOverUsd = call.usd !== null && usedUsd !== null && usedUsd > call.usd;
    if (!isOverUsd && usedTokens <= call.tokens) return [];
    const details = {
      reservedUsd: call.usd === null ? null : nanoToUsd(call.usd),
      usedUsd: usedUsd === null ? null : nanoToUsd(usedUsd),
      usedTokens,
      reservedTokens: call.tokens,
    };
    return [auditPart(this.#execution, "BUDGET_OVERRUN", { entityType: "step", entityId: path, details }, this.#services.clock.nowMs())];
  }

  async #within(ms: number, work: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#services.clock.schedule(ms, resolve, true);
    await Promise.race([work, promise]).finally(cancel);
  }
}

function toRefusal({ reason, account, limit, need, available }: Refusal, call: SessionCall): SessionRefusal {
  return {
    reason,
    scope: account.kind === "workspace" ? "workspace" : `${account.kind}:${account.subject}`,
    window: account.window as SessionRefusal["window"],
    needTokens: need.tokens,
    needUsd: call.usd,
    leftTokens: available.tokens,
    leftUsd: available.usd === null ? null : usdToNano(available.usd),
    limitTokens: limit.tokens,
    limitUsd: limit.usd === null ? null : usdToNano(limit.usd),
  };
}
