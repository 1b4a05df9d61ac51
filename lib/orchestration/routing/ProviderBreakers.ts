// A circuit breaker for each provider and account: after repeated outages nothing is sent there for a while, then one trial. In memory, by a given clock.
import type { Clock } from "../../core/clock.ts";
import type { FailureClass } from "./failureClass.ts";

export interface BreakerState {
  /** When the failures that count happened, oldest first, in monotonic milliseconds. */
  readonly failuresMs: readonly number[];
  /** Nothing is sent before; null: closed. */
  readonly openUntilMs: number | null;
  /** How long it was opened last. */
  readonly openMs: number;
  /** After the time is over one call goes out as a trial; another one may not before this, should the first never report. 0: none is on its way. */
  readonly trialUntilMs: number;
  /** The other side asked not to be called before: a wait, not a failure. */
  readonly waitUntilMs: number;
}

export const CLOSED: BreakerState = { failuresMs: [], openUntilMs: null, openMs: 0, trialUntilMs: 0, waitUntilMs: 0 };

const WINDOW_MS = 60_000;
const MOST_FAILURES = 5;
const FIRST_OPEN_MS = 30_000;
const LONGEST_OPEN_MS = 300_000;
const TRIAL_MS = 120_000;
/** Where the other side does not say how long. */
const UNSTATED_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 3_600_000;

export type BreakerEvent =
  | { readonly kind: "dispatched" }
  | { readonly kind: "succeeded" }
  | { readonly kind: "failed"; readonly failure: FailureClass; readonly afterMs?: number };

/** The state after an event. Only outages count, and an account that is refused opens at once; what the caller did wrong, or ended, changes nothing. */
export function nextState(state: BreakerState, event: BreakerEvent, nowMs: number): BreakerState {
  if (event.kind === "dispatched") return isOver(state, nowMs) ? { ...state, trialUntilMs: nowMs + TRIAL_MS } : state;
  if (event.kind === "succeeded") return { ...CLOSED, waitUntilMs: state.waitUntilMs };
  // A trial that told nothing about the other side leaves room for the next one.
  const released = { ...state, trialUntilMs: 0 };
  if (event.failure === "rate_limit") {
    const waitMs = Math.min(Math.max(event.afterMs ?? UNSTATED_WAIT_MS, 0), LONGEST_WAIT_MS);
    return { ...released, waitUntilMs: Math.max(state.waitUntilMs, nowMs + waitMs) };
  }
  if (event.failure === "account") return open(released, LONGEST_OPEN_MS, nowMs);
  if (event.failure !== "outage") return released;
  if (state.openUntilMs !== null) {
    // Calls that were under way when it opened say nothing new.
    return nowMs < state.openUntilMs ? released : open(released, Math.min(state.openMs * 2, LONGEST_OPEN_MS), nowMs);
  }
  const failuresMs = [...state.failuresMs.filter((atMs) => nowMs - atMs < WINDOW_MS), nowMs];
  return failuresMs.length < MOST_FAILURES ? { ...released, failuresMs } : open(released, FIRST_OPEN_MS, nowMs);
}

function open(state: BreakerState, openMs: number, nowMs: number): BreakerState {
  return { ...state, failuresMs: [], openMs, openUntilMs: nowMs + openMs };
}

function isOver({ openUntilMs }: BreakerState, nowMs: number): boolean {
  return openUntilMs !== null && nowMs >= openUntilMs;
}

/** closed, or its time is over and no trial is on its way */
export function mayCall(state: BreakerState, nowMs: number): boolean {
  return state.openUntilMs === null || (isOver(state, nowMs) && nowMs >= state.trialUntilMs);
}

export interface Account {
  readonly provider: string;
  /** Which key; a provider with one key has one account. @defaultValue "" */
  readonly account?: string;
}

const MOST_ACCOUNTS = 1_000;

export class ProviderBreakers {
  readonly #clock: Clock;
  readonly #onOpen: (account: Account) => void;
  readonly #states = new Map<string, BreakerState>();

  /** @param options.onOpen called each time one opens: somebody should look */
  constructor({ clock, onOpen }: { readonly clock: Clock; readonly onOpen?: (account: Account) => void }) {
    this.#clock = clock;
    this.#onOpen = onOpen ?? (() => {});
  }

  /** Whether a call may be sent: for filters, and once more right before it is. */
  mayCall(account: Account): boolean {
    return mayCall(this.stateOf(account), this.#clock.monotonicMs());
  }

  /** How long the account is asked to wait; 0: not at all. */
  waitMs(account: Account): number {
    return Math.max(this.stateOf(account).waitUntilMs - this.#clock.monotonicMs(), 0);
  }

  note(account: Account, event: BreakerEvent): void {
    const before = this.stateOf(account);
    const after = nextState(before, event, this.#clock.monotonicMs());
    const key = keyOf(account);
    this.#states.delete(key);
    this.#states.set(key, after);
    const oldest = this.#states.size > MOST_ACCOUNTS ? this.#states.keys().next().value : undefined;
    if (oldest !== undefined) this.#states.delete(oldest);
    if (after.openUntilMs !== before.openUntilMs && after.openUntilMs !== null) this.#onOpen(account);
  }

  stateOf(account: Account): BreakerState {
    return this.#states.get(keyOf(account)) ?? CLOSED;
  }
}

function keyOf({ provider, account = "" }: Account): string {
  return `${provider}\0${account}`;
}
