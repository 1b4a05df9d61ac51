// The ledger's words: what a call reserves, what it settles at. Shapes only.
import type { NanoUsd } from "../core/money.ts";

export type AccountKind = "workspace" | "agent" | "execution" | "tag" | "key";
export type WindowKind = "total" | "day" | "month";
export type OnLimit = "pause" | "fail";

declare const reservationBrand: unique symbol;
/**
 * Proof that a call's worst case was booked and that this booking is durable. Only the ledger makes one (tests: testing/).
 * `BaseProvider.call(request, reservation)` does not type-check without it.
 */
export interface Reservation {
  readonly [reservationBrand]: true;
  readonly attemptId: string;
  readonly executionId: string;
  /** Upper count of the input plus the output cap. */
  readonly reservedTokens: number;
  /** null: the price is unknown (allowed only where no money limit applies). */
  readonly reservedUsd: NanoUsd | null;
  /** The provider is never asked for more output tokens than this, reasoning included. */
  readonly outputCapTokens: number;
}

/** How a model call ended, in the ledger's eyes. `assumed`: nothing was reported, so it is booked at what it may have cost. */
export interface Settlement {
  readonly attemptId: string;
  readonly state: "settled" | "assumed" | "failed" | "uncertain";
  readonly usedTokens: number;
  readonly usedUsd: NanoUsd | null;
  /** For a tool loop: JSON text of the assistant message or tool result that this call yielded. */
  readonly message?: string;
}
