// A ledger in a system's database: limits last beyond the process and are shared by all that use it. It keeps a session open and books nothing itself.
import { AppError } from "../core/errors.ts";
import type { ModelSession, SessionCounting, SessionRequest, SessionReserveOutcome } from "../sessionApi.ts";
import type { System } from "../systemApi.ts";
import { checkLimits } from "./checkLimits.ts";
import type { CallEnd, CallFacts, CallLedger, CallRefusal, CallReservation, LedgerBalance } from "./types.ts";

interface Held {
  readonly session: ModelSession;
  readonly attemptId: string;
  readonly worst: CallReservation;
}

/** Several models on one session: `govern(one, { ledger }); govern(other, { ledger })`. */
export class SystemLedger implements CallLedger {
  /** A limit may be set while a call is under way, so every call brings a cap. */
  readonly isLimited = true;
  readonly remark = "limits last beyond this process; the agent's other calls count too";
  readonly #system: System;
  readonly #request: SessionRequest;
  readonly #held = new Map<string, Held>();
  #opening: Promise<ModelSession> | null = null;
  #session: ModelSession | null = null;
  #isClosed = false;
  #spentTokens = 0;
  #spentUsd = 0n;
  #openTokens = 0;
  #openUsd = 0n;
  #withoutPrice = 0;

  /** @throws AppError `INPUT_INVALID` without an agent's name, or for a limit that is negative or not a number */
  constructor(system: System, request: SessionRequest) {
    if (typeof request.agent !== "string" || request.agent.trim() === "") {
      throw new AppError("INPUT_INVALID", "with a system, govern needs the agent's name: its budget and history are found by it", {
        details: { field: "agent" },
      });
    }
    checkLimits(request.limits ?? {});
    this.#system = system;
    this.#request = request;
  }

  /** The execution that the calls now belong to; null: none was made yet. */
  get executionId(): string | null {
    return this.#session?.executionId ?? null;
  }

  async hasLimits(): Promise<boolean> {
    return (await this.#open()).hasLimits();
  }

  async allowsViews(): Promise<boolean> {
    return (await this.#open()).orchestration !== "off";
  }

  async counting(): Promise<SessionCounting> {
    return (await this.#open()).counting;
  }

  async reserve(callId: string, worst: CallReservation, _isForced: boolean, facts?: CallFacts): Promise<CallRefusal | null> {
    if (facts === undefined) throw new AppError("INTERNAL", "a durable reservation needs the call's provider, model and cap");
    const { session, outcome } = await this.#reserve({ ...worst, ...facts });
    if (outcome.kind === "refused") {
      const { reason, needTokens, needUsd, leftTokens, leftUsd, ...limit } = outcome.refusal;
      return { reason, needTokens, needUsd, leftTokens, leftUsd, limit };
    }
    this.#held.set(callId, { session, attemptId: outcome.attemptId, worst });
    this.#openTokens += worst.tokens;
    this.#openUsd += worst.usd ?? 0n;
    return null;
  }

  async settle(callId: string, used: CallReservation, end?: CallEnd): Promise<void> {
    const held = this.#held.get(callId);
    if (held === undefined || !this.#held.delete(callId)) return;
    const { session, attemptId, worst } = held;
    this.#openTokens -= worst.tokens;
    this.#openUsd -= worst.usd ?? 0n;
    this.#spentTokens += used.tokens;
    this.#spentUsd += used.usd ?? 0n;
    if (used.usd === null) this.#withoutPrice += 1;
    const { state, usage, errorCode, views } = end ?? ASSUMED;
    await session.settle(attemptId, {
      state,
      usage: usage ?? { inputTokens: used.tokens, outputTokens: 0 },
      usd: used.usd,
      errorCode,
      ...(views === undefined ? {} : { views }),
    });
  }

  /** This program's calls; limits as they were when its session was opened. What others spend on the same limits is in `listBudgets`. */
  balance(): LedgerBalance {
    const { tokens = null, usd = null } = this.#session?.limits ?? {};
    return {
      limitTokens: tokens,
      limitUsd: usd,
      spentTokens: this.#spentTokens,
      spentUsd: this.#spentUsd,
      openTokens: this.#openTokens,
      openUsd: this.#openUsd,
      callsWithoutPrice: this.#withoutPrice,
    };
  }

  /** Ends the session once calls under way have ended; later calls are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const session = await this.#opening?.catch(() => null);
    await session?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A session that was ended because this process had been silent for too long, for example frozen, or because it was full, is followed by a new one. */
  async #reserve(
    call: CallReservation & CallFacts,
  ): Promise<{ readonly session: ModelSession; readonly outcome: Exclude<SessionReserveOutcome, { readonly kind: "ended" }> }> {
    for (let tries = 0; ; tries += 1) {
      const opening = this.#open();
      const session = await opening;
      const outcome = await session.reserve(call);
      if (outcome.kind !== "ended") return { session, outcome };
      if (tries > 0) throw new AppError("CONFLICT", "the session was ended again as soon as it was opened");
      // A parallel call may have begun to open the next one: there is one session for all of them.
      if (this.#opening === opening) this.#opening = null;
    }
  }

  #open(): Promise<ModelSession> {
    if (this.#isClosed) return Promise.reject(new AppError("CONFLICT", "this governed model is closed: it takes no more calls"));
    this.#opening ??= this.#openOnce();
    return this.#opening;
  }

  async #openOnce(): Promise<ModelSession> {
    try {
      this.#session = await this.#system.openSession(this.#request);
      return this.#session;
    } catch (error) {
      this.#opening = null;
      throw error;
    }
  }
}

const ASSUMED: CallEnd = { state: "assumed", usage: null, errorCode: null };
