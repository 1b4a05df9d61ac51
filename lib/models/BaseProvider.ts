// The one way to a model: `call(request, reservation)`. It checks, times, aborts and classifies; it neither books nor retries.
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import type { Reservation } from "../ledger/types.ts";
import type { TokenCounter } from "../tokens/TokenCounter.ts";
import { classifyModelError, type CallProgress } from "./modelErrors.ts";
import type { ModelRequest, ModelResult } from "./types.ts";

/** What a provider answers; the base adds who, how long, and whether offline. */
export type ProviderAnswer = Omit<ModelResult, "provider" | "model" | "latencyMs" | "isOffline">;

export interface BaseProviderOptions {
  /** The operator's name for it, as in `name/model`. */
  readonly name: string;
  readonly clock: Clock;
  /** Learns from reported usage when given. */
  readonly counter?: TokenCounter;
}

/** A reservation pays for one physical call; a retry, a fallback, a repair reserve anew. */
const usedReservations = new WeakSet<Reservation>();

export abstract class BaseProvider {
  readonly name: string;
  protected readonly clock: Clock;
  readonly #counter: TokenCounter | undefined;

  constructor(options: BaseProviderOptions) {
    this.name = options.name;
    this.clock = options.clock;
    this.#counter = options.counter;
  }

  /** True when no model is asked and nothing is ever billed. */
  get isOffline(): boolean {
    return false;
  }

  /**
   * One physical call. On failure the error's `details` hold {@link ModelErrorFacts}, so that the ledger can settle.
   *
   * @throws AppError `INTERNAL` when the reservation does not cover the request or was used before, `RATE_LIMITED`,
   * `UPSTREAM_UNAVAILABLE`, `UPSTREAM_REJECTED`, `CONNECTION_MISSING`, `MODEL_UNKNOWN`, `CONTEXT_OVERFLOW`,
   * `MODEL_REFUSED`, `MODEL_FAILED`; the signal's own AppError, `STEP_TIMEOUT` or `EXECUTION_CANCELLED` when aborted
   */
  async call(request: ModelRequest, reservation: Reservation): Promise<ModelResult> {
    const progress: CallProgress = { outputTextReceived: 0, usage: null, isDispatched: false };
    const startedMs = this.clock.monotonicMs();
    try {
      checkReservation(request, reservation);
      request.signal?.throwIfAborted();
      usedReservations.add(reservation);
      progress.isDispatched = true;
      const answer = await raceAbort(this.perform(request, progress), request.signal);
      this.#learn(request, answer);
      const latencyMs = Math.round(this.clock.monotonicMs() - startedMs);
      return { ...answer, provider: this.name, model: request.model, latencyMs, isOffline: this.isOffline };
    } catch (thrown) {
      throw classifyModelError(thrown, {
        provider: this.name,
        model: request.model,
        progress,
        signal: request.signal,
        nowMs: this.clock.nowMs(),
      });
    }
  }

  /** Asks the model once: no retries. Keeps `progress` up to date, so that an abort knows what had arrived. */
  protected abstract perform(request: ModelRequest, progress: CallProgress): Promise<ProviderAnswer>;

  #learn(request: ModelRequest, answer: ProviderAnswer): void {
    if (this.#counter === undefined || answer.usage === null || this.isOffline) return;
    this.#counter.observeRequest({ ...request, provider: this.name }, answer.usage.inputTokens);
  }
}

function checkReservation(request: ModelRequest, reservation: Reservation): void {
  const { maxOutputTokens } = request;
  const { outputCapTokens, attemptId } = reservation;
  const details = { attemptId, mayHaveSpent: false };
  if (!Number.isSafeInteger(maxOutputTokens) || maxOutputTokens < 1) {
    throw new AppError("INTERNAL", `maxOutputTokens must be a positive whole number, got ${maxOutputTokens}`, { details });
  }
  if (maxOutputTokens > outputCapTokens) {
    throw new AppError(
      "INTERNAL",
      `attempt ${attemptId} reserved ${outputCapTokens} output tokens, but the request asks for up to ${maxOutputTokens}`,
      { details },
    );
  }
  if (usedReservations.has(reservation)) {
    throw new AppError("INTERNAL", `the reservation of attempt ${attemptId} was used before; each call needs its own`, { details });
  }
}

/** Returns at once when aborted, even from a provider that ignores the signal. */
async function raceAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Whoever loses the race must not become an unhandled rejection.
    work.catch(() => undefined);
    aborted.catch(() => undefined);
  }
}
