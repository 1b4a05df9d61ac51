// A ledger in memory: limits last as long as the process. Check and booking are one synchronous step, so parallel calls cannot pass a limit together.
import type { NanoUsd } from "../core/money.ts";
import { checkLimits } from "./checkLimits.ts";
import type { CallLedger, CallRefusal, CallReservation, GovernLimits, LedgerBalance } from "./types.ts";

export class ProcessLedger implements CallLedger {
  readonly remark = "limits hold in this process only and end with it";
  readonly #limitTokens: number | null;
  readonly #limitUsd: NanoUsd | null;
  readonly #open = new Map<string, CallReservation>();
  #openTokens = 0;
  #openUsd = 0n;
  #spentTokens = 0;
  #spentUsd = 0n;
  #withoutPrice = 0;

  /** @throws AppError `INPUT_INVALID` for a limit that is negative or not a number */
  constructor(limits: GovernLimits = {}) {
    const { tokens, usd } = checkLimits(limits);
    this.#limitTokens = tokens;
    this.#limitUsd = usd;
  }

  get isLimited(): boolean {
    return this.#limitTokens !== null || this.#limitUsd !== null;
  }

  reserve(callId: string, worst: CallReservation, isForced: boolean): Promise<CallRefusal | null> {
    const refusal = this.#refusalOf(worst);
    if (refusal === null || isForced) {
      this.#open.set(callId, worst);
      this.#openTokens += worst.tokens;
      this.#openUsd += worst.usd ?? 0n;
    }
    return Promise.resolve(refusal);
  }

  settle(callId: string, used: CallReservation): Promise<void> {
    const worst = this.#open.get(callId);
    // A call that was settled already, for example ended and then aborted, is not booked twice.
    if (worst === undefined || !this.#open.delete(callId)) return Promise.resolve();
    this.#openTokens -= worst.tokens;
    this.#openUsd -= worst.usd ?? 0n;
    this.#spentTokens += used.tokens;
    this.#spentUsd += used.usd ?? 0n;
    if (used.usd === null) this.#withoutPrice += 1;
    return Promise.resolve();
  }

  balance(): LedgerBalance {
    return {
      limitTokens: this.#limitTokens,
      limitUsd: this.#limitUsd,
      spentTokens: this.#spentTokens,
      spentUsd: this.#spentUsd,
      openTokens: this.#openTokens,
      openUsd: this.#openUsd,
      callsWithoutPrice: this.#withoutPrice,
    };
  }

  #refusalOf({ tokens, usd }: CallReservation): CallRefusal | null {
    const leftTokens = this.#limitTokens === null ? null : this.#limitTokens - this.#spentTokens - this.#openTokens;
    const leftUsd = this.#limitUsd === null ? null : this.#limitUsd - this.#spentUsd - this.#openUsd;
    const refusal = { needTokens: tokens, needUsd: usd, leftTokens, leftUsd };
    if (leftUsd !== null && usd === null) return { reason: "price_unknown", ...refusal };
    const isTooMuch = (leftTokens !== null && tokens > leftTokens) || (leftUsd !== null && usd !== null && usd > leftUsd);
    return isTooMuch ? { reason: "limit", ...refusal } : null;
  }
}
