// Makes the memory of one ended execution, with one budgeted model call at most. It runs off every execution's path and fails none.
import type { Clock } from "../core/clock.ts";
import { AppError, asAppError } from "../core/errors.ts";
import { sha256, uuidv5 } from "../core/ids.ts";
import type { NanoUsd } from "../core/money.ts";
import type { Database } from "../db/Database.ts";
import { loadAttempts } from "../ledger/BudgetStore.ts";
import { refusalError, type Ledger } from "../ledger/Ledger.ts";
import type { Reservation, Settlement } from "../ledger/types.ts";
import type { ProviderRegistry, ResolvedModel } from "../models/ProviderRegistry.ts";
import type { ModelErrorFacts, ModelRequest, ModelResult } from "../models/types.ts";
import type { PriceBook } from "../tokens/pricing.ts";
import { plausibleUsage } from "../tokens/plausibleUsage.ts";
import type { TokenCounter } from "../tokens/TokenCounter.ts";
import type { ModelUsage } from "../tokens/types.ts";
import type { EndedExecution, MemoryTask } from "./EndedExecution.ts";
import { extractSummary } from "./extractSummary.ts";
import { endTask, loadEnded, MEMORY_PATH, type Booked, type TaskEnd } from "./MemoryTaskStore.ts";
import { answerOf, readFacts, readSummary, summaryQuestion, type JudgedFact } from "./summaryPrompt.ts";
import type { Summary } from "./types.ts";

export interface MemorySummarizerOptions {
  readonly db: Database;
  readonly ledger: Ledger;
  readonly providers: Pick<ProviderRegistry, "resolve">;
  readonly counter: TokenCounter;
  readonly prices: Pick<PriceBook, "priceCall" | "worstCaseUsd">;
  readonly clock: Clock;
  /** Asked in place of the agent's own; null: the agent's own. */
  readonly model: string | null;
}

const MAX_OUTPUT_TOKENS = 500;
export const CALL_TIMEOUT_MS = 20_000;
/** Calls whose owners died; after so many nothing is asked any more. */
const MAX_CALLS = 3;
/** Claims that could not end the task, whatever the reason. */
const MAX_CLAIMS = 10;
const TEMPERATURE = 0.3;

/** A prepared call and everything that is reserved for it. */
interface Prepared {
  readonly resolved: ResolvedModel;
  readonly request: ModelRequest;
  readonly inputTokens: number;
  readonly reservedTokens: number;
  readonly reservedUsd: NanoUsd | null;
}

/** `summary` null: there is no use in the answer. */
interface Answered {
  readonly booked: Booked;
  readonly summary: Summary | null;
  readonly facts: readonly JudgedFact[];
  readonly why: string | null;
}

export class MemorySummarizer {
  readonly #options: MemorySummarizerOptions;

  constructor(options: MemorySummarizerOptions) {
    this.#options = options;
  }

  /** Ends the task: one memory, or the record of why there is none. Throws only what the database throws: then the task is claimed again. */
  async summarize(task: MemoryTask): Promise<void> {
    const { db, clock } = this.#options;
    const lost = await this.#lostCalls(task);
    const end = (end: TaskEnd | null, booked: readonly Booked[] = []): Promise<void> =>
      endTask(db, task, { booked: [...lost, ...booked], end, nowMs: clock.nowMs() });
    if (task.tries > MAX_CLAIMS) return end({ state: "skipped", why: `${MAX_CLAIMS} tries came to nothing` });
    const ended = await loadEnded(db, task);
    if (ended === undefined) return end({ state: "skipped", why: "the execution is gone" });
    if (ended.mode === "off") return end({ state: "skipped", why: "memory was switched off" });
    const asksFacts = ended.mode === "user" && task.userId !== null;
    const prepared = task.tries > MAX_CALLS ? "its calls were lost" : this.#prepare(task, ended, asksFacts);
    if (typeof prepared === "string") return end(extracted(ended, prepared));
    // Earlier calls are booked before another one is asked for: what they may have cost counts against the same limits.
    if (lost.length > 0) await endTask(db, task, { booked: lost, end: null, nowMs: clock.nowMs() });
    const outcome = await this.#reserve(task, ended, prepared);
    if (outcome.kind === "fenced") return end(extracted(ended, "the execution changed hands"));
    if (outcome.kind === "refused") return end({ state: "refused", why: refusalError(outcome.refusal, MEMORY_PATH).message });
    const { booked, summary, facts, why } = await this.#ask(task, ended, { ...prepared, reservation: outcome.reservation, asksFacts });
    if (summary === null) return end(extracted(ended, why), [booked]);
    const model = `${prepared.resolved.provider.name}/${prepared.resolved.model}`;
    return end({ state: "done", memory: { summary, ended, facts, model }, why: null }, [booked]);
  }

  /** Calls of earlier claims that nobody settled may have been answered and billed: booked at their worst case, as `assumed`. */
  async #lostCalls(task: MemoryTask): Promise<Booked[]> {
    if (task.tries === 1) return [];
    const attempts = await loadAttempts(this.#options.db, task.executionId);
    return attempts
      .filter(({ stepPath, state }) => stepPath === MEMORY_PATH && state === "open")
      .map((attempt) => ({
        settlement: { attemptId: attempt.id, state: "assumed", usedTokens: attempt.reservedTokens, usedUsd: attempt.reservedUsd },
        usage: this.#usageRow(task, {
          resolved: { provider: attempt.provider ?? "", model: attempt.model ?? "" },
          attemptId: attempt.id,
          usage: { inputTokens: attempt.reservedTokens - MAX_OUTPUT_TOKENS, outputTokens: MAX_OUTPUT_TOKENS },
          costUsd: attempt.reservedUsd,
          isReported: false,
          latencyMs: null,
          errorCode: "FENCED",
        }),
      }));
  }

  /** @returns why no model is asked */
  #prepare(task: MemoryTask, ended: EndedExecution, asksFacts: boolean): Prepared | string {
    const { providers, counter, prices, model } = this.#options;
    let resolved: ResolvedModel;
    try {
      resolved = providers.resolve(model ?? task.model);
    } catch (error) {
      if (AppError.is(error, "MODEL_UNKNOWN")) return error.message;
      throw error;
    }
    if (resolved.provider.isOffline) return "the offline model is no language model";
    const { system, text, outputSchema } = summaryQuestion(ended, asksFacts);
    const request: ModelRequest = {
      provider: resolved.provider.name,
      model: resolved.model,
      system,
      messages: [{ role: "user", content: text }],
      outputSchema,
      maxOutputTokens: MAX_OUTPUT_TOKENS,
      temperature: TEMPERATURE,
    };
    const { tokens, upperTokens } = counter.countRequest(request);
    return {
      resolved,
      request,
      inputTokens: tokens,
      reservedTokens: upperTokens + MAX_OUTPUT_TOKENS,
      reservedUsd: prices.worstCaseUsd(resolved.provider.name, resolved.model, {
        upperInputTokens: upperTokens,
        outputCapTokens: MAX_OUTPUT_TOKENS,
      }),
    };
  }

  #reserve(task: MemoryTask, { epoch }: EndedExecution, { resolved, request, reservedTokens, reservedUsd }: Prepared) {
    const { executionId, workspaceId, agentId, tags, tries } = task;
    return this.#options.ledger.reserve({
      scope: { workspaceId, executionId, agentId, tags },
      epoch,
      stepPath: MEMORY_PATH,
      attempt: tries,
      call: 1,
      kind: "model",
      provider: resolved.provider.name,
      model: resolved.model,
      tokens: reservedTokens,
      usd: reservedUsd,
      outputCapTokens: MAX_OUTPUT_TOKENS,
      idempotencyKey: null,
      viewHash: sha256(JSON.stringify([request.system ?? null, request.messages])),
    });
  }

  async #ask(
    task: MemoryTask,
    ended: EndedExecution,
    call: Prepared & { readonly reservation: Reservation; readonly asksFacts: boolean },
  ): Promise<Answered> {
    const { prices, counter, clock } = this.#options;
    const { resolved, request, reservation, inputTokens, asksFacts, reservedUsd } = call;
    const { provider, model } = resolved;
    const timeout = new AbortController();
    const cancel = clock.schedule(CALL_TIMEOUT_MS, () =>
      timeout.abort(new AppError("STEP_TIMEOUT", `a memory summary took longer than ${CALL_TIMEOUT_MS} ms`)),
    );
    try {
      const result = await provider.call({ ...request, signal: timeout.signal }, reservation);
      const reported = plausibleUsage(result.usage);
      const usage = reported ?? { inputTokens, outputTokens: counter.count(result.text, { provider: provider.name, model }) };
      const costUsd = prices.priceCall(provider.name, model, usage);
      const latencyMs = result.latencyMs;
      const booked = this.#book(task, { resolved, reservation, usage, costUsd, isReported: reported !== null, latencyMs, errorCode: null });
      return { booked, ...read(result, ended, asksFacts) };
    } catch (thrown) {
      const error = asAppError(thrown, "MODEL_FAILED");
      const facts = error.details as unknown as Partial<ModelErrorFacts>;
      const reported = plausibleUsage(facts.usage);
      const mayHaveSpent = facts.mayHaveSpent ?? true;
      const usage = reported ?? (mayHaveSpent ? { inputTokens, outputTokens: MAX_OUTPUT_TOKENS } : { inputTokens: 0, outputTokens: 0 });
      const costUsd = reported === null && mayHaveSpent ? reservedUsd : prices.priceCall(provider.name, model, usage);
      const isReported = reported !== null || !mayHaveSpent;
      const booked = this.#book(task, { resolved, reservation, usage, costUsd, isReported, latencyMs: null, errorCode: error.code });
      return { booked, summary: null, facts: [], why: `${error.code}: the model gave no answer` };
    } finally {
      cancel();
    }
  }

  #book(
    task: MemoryTask,
    call: {
      readonly resolved: ResolvedModel;
      readonly reservation: Reservation;
      readonly usage: ModelUsage;
      readonly costUsd: NanoUsd | null;
      readonly isReported: boolean;
      readonly latencyMs: number | null;
      readonly errorCode: string | null;
    },
  ): Booked {
    const { reservation, usage, costUsd, isReported, errorCode, resolved } = call;
    const { attemptId } = reservation;
    const usedTokens = usage.inputTokens + usage.outputTokens;
    const settled: Settlement["state"] = errorCode === null || usedTokens > 0 ? "settled" : "failed";
    const settlement: Settlement = { attemptId, state: isReported ? settled : "assumed", usedTokens, usedUsd: costUsd };
    const named = { provider: resolved.provider.name, model: resolved.model };
    return { settlement, usage: this.#usageRow(task, { ...call, resolved: named, attemptId }) };
  }

  #usageRow(
    { workspaceId, executionId, agentId, userId }: MemoryTask,
    call: {
      readonly resolved: { readonly provider: string; readonly model: string };
      readonly attemptId: string;
      readonly usage: ModelUsage;
      readonly costUsd: NanoUsd | null;
      readonly isReported: boolean;
      readonly latencyMs: number | null;
      readonly errorCode: string | null;
    },
  ): Booked["usage"] {
    const nowMs = this.#options.clock.nowMs();
    const { resolved, attemptId, usage, costUsd, isReported, latencyMs, errorCode } = call;
    return {
      // One row per call, whoever books it.
      id: uuidv5(`usage/${attemptId}`),
      workspaceId,
      executionId,
      attemptId,
      agentId,
      userId,
      // No step of the workflow: what steps need is predicted from rows that name one.
      stepPath: null,
      ...resolved,
      usage,
      costUsd,
      usageState: isReported ? "reported" : "assumed",
      activityType: "memory_summarization",
      latencyMs,
      isSuccess: errorCode === null,
      errorCode,
      createdAtMs: nowMs,
    };
  }
}

function extracted(ended: EndedExecution, why: string | null): TaskEnd {
  const summary = extractSummary(ended);
  return { state: "done", memory: { summary, ended, facts: [], model: null }, why };
}

function read(result: ModelResult, ended: EndedExecution, asksFacts: boolean): Omit<Answered, "booked"> {
  const answer = answerOf(result);
  const summary = readSummary(answer);
  if (summary === null) return { summary, facts: [], why: `the answer was no use (${result.finishReason})` };
  return { summary, facts: asksFacts ? readFacts(answer, ended.inputs) : [], why: null };
}
