// Reserves worst cases before they are spent (README.md). Settling is a part of the step's unit: LedgerStore.settlementWriter.
import { AppError } from "../core/errors.ts";
import { uuidv7 } from "../core/ids.ts";
import { nanoToUsd, type NanoUsd } from "../core/money.ts";
import type { Database, Transaction } from "../db/Database.ts";
import { retryConflicts } from "../db/retryConflicts.ts";
import {
  changeGrants,
  insertAttempt,
  loadLimitedAccounts,
  lockBalances,
  lockGrants,
  lockOwned,
  type Amount,
  type AttemptRow,
  type ChargeScope,
  type Grant,
  type LimitedAccount,
} from "./LedgerStore.ts";
import { fitAccounts, fitGrants, grantOf, type Available } from "./reservationRule.ts";
import type { OnLimit, Reservation } from "./types.ts";

export interface ReserveRequest {
  readonly scope: ChargeScope;
  readonly epoch: number;
  readonly stepPath: string;
  readonly attempt: number;
  /** Number of this call within the attempt, from 1: a repair, an escalation, a fallback are calls of their own. */
  readonly call: number;
  readonly kind: "model" | "effect";
  readonly provider: string | null;
  readonly model: string | null;
  /** Upper count of the input plus the output cap; 0 for an effect. */
  readonly tokens: number;
  /** null: unknown. Refused where a money limit applies. */
  readonly usd: NanoUsd | null;
  readonly outputCapTokens: number;
  readonly idempotencyKey: string | null;
  readonly viewHash: Buffer | null;
}

/** Why a reservation was refused, with what a person needs to know to act. */
export interface Refusal {
  readonly reason: "limit" | "price_unknown";
  readonly account: { readonly kind: string; readonly subject: string; readonly window: string; readonly onLimit: OnLimit };
  readonly limit: { readonly tokens: number | null; readonly usd: number | null };
  readonly need: { readonly tokens: number; readonly usd: number | null };
  /** What the account could still give. */
  readonly available: { readonly tokens: number | null; readonly usd: number | null };
}

export type ReserveOutcome =
  | { readonly kind: "reserved"; readonly reservation: Reservation }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "fenced" };

const ZERO: Amount = { tokens: 0n, usd: 0n };

export class Ledger {
  readonly #db: Database;

  constructor({ db }: { readonly db: Database }) {
    this.#db = db;
  }

  /**
   * Books a call's worst case on every limited account, or on none. When this resolves with `reserved`, the booking is
   * durable. Holds no lock while the call runs.
   */
  reserve(request: ReserveRequest): Promise<ReserveOutcome> {
    return retryConflicts(() => this.#reserveOnce(request));
  }

  async #reserveOnce(request: ReserveRequest): Promise<ReserveOutcome> {
    const fast = await this.#db.transaction(async (tx) => this.#reserveOnGrants(tx, request));
    if (fast !== "grant_too_small") return fast;
    const refused = new RefusedReservation();
    try {
      return await this.#db.transaction(async (tx) => {
        const outcome = await this.#reserveOnAccounts(tx, request);
        if (outcome.kind === "refused") {
          refused.outcome = outcome;
          throw refused;
        }
        return outcome;
      });
    } catch (error) {
      if (error === refused && refused.outcome !== null) return refused.outcome;
      throw error;
    }
  }

  async #reserveOnGrants(tx: Transaction, request: ReserveRequest): Promise<ReserveOutcome | "grant_too_small"> {
    if (!(await lockOwned(tx, request.scope.executionId, request.epoch))) return { kind: "fenced" };
    const accounts = await loadLimitedAccounts(tx, request.scope, false);
    if (accounts.length > 0) {
      const unknown = unknownPrice(accounts, request);
      if (unknown !== undefined) return unknown;
      const changes = fitGrants(accounts, await lockGrants(tx, request.scope.executionId), amountOf(request));
      if (changes === null) return "grant_too_small";
      await changeGrants(tx, request.scope.executionId, changes);
    }
    return this.#book(tx, request, accounts);
  }

  async #reserveOnAccounts(tx: Transaction, request: ReserveRequest): Promise<ReserveOutcome> {
    if (!(await lockOwned(tx, request.scope.executionId, request.epoch))) return { kind: "fenced" };
    const accounts = await loadLimitedAccounts(tx, request.scope, true);
    const unknown = unknownPrice(accounts, request);
    if (unknown !== undefined) return unknown;
    const balances = await lockBalances(tx, accounts);
    const grants = await lockGrants(tx, request.scope.executionId);
    const need = amountOf(request);
    const ruling = fitAccounts(accounts, balances, grants, { need, open: need });
    if (ruling.kind === "too_little") {
      const { account, available } = ruling;
      return { kind: "refused", refusal: refusalOf("limit", account, request, availableWithGrant(available, grantOf(grants, account))) };
    }
    await changeGrants(tx, request.scope.executionId, ruling.changes);
    return this.#book(tx, request, accounts);
  }

  async #book(tx: Transaction, request: ReserveRequest, accounts: readonly LimitedAccount[]): Promise<ReserveOutcome> {
    const row: AttemptRow = {
      id: uuidv7(),
      executionId: request.scope.executionId,
      epoch: request.epoch,
      stepPath: request.stepPath,
      attempt: request.attempt,
      call: request.call,
      kind: request.kind,
      provider: request.provider,
      model: request.model,
      reservedTokens: request.tokens,
      reservedUsd: request.usd,
      outputCapTokens: request.outputCapTokens,
      idempotencyKey: request.idempotencyKey,
      viewHash: request.viewHash,
    };
    await insertAttempt(tx, row, accounts);
    const facts = {
      attemptId: row.id,
      executionId: row.executionId,
      reservedTokens: row.reservedTokens,
      reservedUsd: row.reservedUsd,
      outputCapTokens: request.outputCapTokens,
    };
    // The one place where a reservation comes into being: after its rows, inside their transaction.
    return { kind: "reserved", reservation: facts as Reservation };
  }

  /**
   * At the start of an execution: takes what its first steps may need from every limited account, in the transaction
   * that inserts its row. Nothing is taken when something is missing.
   */
  async grant(
    tx: Transaction,
    scope: ChargeScope,
    need: { readonly tokens: number; readonly usd: NanoUsd | null },
  ): Promise<Refusal | null> {
    const accounts = await loadLimitedAccounts(tx, scope, true);
    if (accounts.length === 0) return null;
    const unknown = accounts.find((account) => account.limitUsd !== null && need.usd === null);
    if (unknown !== undefined) return refusalOf("price_unknown", unknown, need, { tokens: null, usd: null });
    const balances = await lockBalances(tx, accounts);
    const amount: Amount = { tokens: BigInt(need.tokens), usd: need.usd ?? 0n };
    const ruling = fitAccounts(accounts, balances, [], { need: amount, open: ZERO });
    if (ruling.kind === "too_little") return refusalOf("limit", ruling.account, need, ruling.available);
    await changeGrants(tx, scope.executionId, ruling.changes);
    return null;
  }
}

/** Rolls the slow path's transaction back without being a failure. */
class RefusedReservation extends Error {
  outcome: ReserveOutcome | null = null;
}

function amountOf(request: ReserveRequest): Amount {
  return { tokens: BigInt(request.tokens), usd: request.usd ?? 0n };
}

/** What a person is told is left: the account's rest and the idle part of this execution's own grant. */
function availableWithGrant(available: Available, grant: Grant | undefined): Available {
  if (grant === undefined) return available;
  const idleTokens = grant.grantedTokens - grant.spentTokens - grant.openTokens;
  const idleUsd = grant.grantedUsd - grant.spentUsd - grant.openUsd;
  return {
    tokens: available.tokens === null ? null : available.tokens + idleTokens,
    usd: available.usd === null ? null : available.usd + idleUsd,
  };
}

function unknownPrice(accounts: readonly LimitedAccount[], request: ReserveRequest): ReserveOutcome | undefined {
  if (request.usd !== null) return undefined;
  const account = accounts.find(({ limitUsd }) => limitUsd !== null);
  if (account === undefined) return undefined;
  return { kind: "refused", refusal: refusalOf("price_unknown", account, request, { tokens: null, usd: null }) };
}

function refusalOf(
  reason: Refusal["reason"],
  account: LimitedAccount,
  need: { readonly tokens: number; readonly usd: NanoUsd | null },
  available: Available,
): Refusal {
  return {
    reason,
    account: { kind: account.kind, subject: account.subject, window: account.windowKind, onLimit: account.onLimit },
    limit: {
      tokens: account.limitTokens === null ? null : Number(account.limitTokens),
      usd: account.limitUsd === null ? null : nanoToUsd(account.limitUsd),
    },
    need: { tokens: need.tokens, usd: need.usd === null ? null : nanoToUsd(need.usd) },
    available: {
      tokens: available.tokens === null ? null : Number(available.tokens),
      usd: available.usd === null ? null : nanoToUsd(available.usd),
    },
  };
}

/** The error of a refusal, for those who must stop. */
export function refusalError(refusal: Refusal, stepPath: string): AppError {
  const { account, need, available } = refusal;
  const scope = account.kind === "execution" ? "this execution" : `${account.kind} ${account.subject}`;
  if (refusal.reason === "price_unknown") {
    return new AppError("PRICE_UNKNOWN", `step ${stepPath}: ${scope} has a money limit, but this model's price is unknown`, {
      details: { step: stepPath },
    });
  }
  const isMoney = available.usd !== null && (need.usd ?? 0) > available.usd;
  const figure = isMoney ? `${need.usd} USD, ${available.usd} USD left` : `${need.tokens} tokens, ${available.tokens} left`;
  return new AppError(
    "BUDGET_EXCEEDED",
    `step ${stepPath}: its next call may need ${figure} of the limit on ${scope} (${account.window})`,
    {
      details: {
        step: stepPath,
        scope: `${account.kind}:${account.subject}`,
        needTokens: need.tokens,
        needUsd: need.usd,
        availableTokens: available.tokens,
        availableUsd: available.usd,
        limitTokens: refusal.limit.tokens,
        limitUsd: refusal.limit.usd,
      },
    },
  );
}
