// What all steps share: recorded outcome, executeIf, cache, attempts with backoff, time-out, one unit per attempt. Knows no step type.
import { AppError, asAppError } from "../core/errors.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import { readsOf } from "../workflow/dependencies.ts";
import type { WorkflowStep } from "../workflow/types.ts";
import { evaluateStepCondition } from "./ConditionalEvaluator.ts";
import type { ExecutionState, StepDetail } from "./ExecutionState.ts";
import { checkNotEmpty, emptyWarning } from "./emptyOutput.ts";
import { recordedOutcome } from "./recordedOutcome.ts";
import { haltsForOutage } from "./haltsForOutage.ts";
import { nextAttempt, type RetryDecision } from "./retryPolicy.ts";
import { readStepCache, writeStepCache } from "./StepCache.ts";
import { StepAttempt } from "./StepAttempt.ts";
import type { StepScope } from "./StepScope.ts";
import { canDoWithout, encodeValue, errorDetail, stepUnit, withoutRefused, type AttemptEnd, type EncodedValue } from "./stepUnit.ts";
import type { PilotServices, StepOutcome, Walk } from "./types.ts";

export class StepExecutor {
  readonly #services: PilotServices;
  readonly #walk: Walk;

  constructor({ services, walk }: { readonly services: PilotServices; readonly walk: Walk }) {
    this.#services = services;
    this.#walk = walk;
  }

  /** Performs one step to its end, or to where it must wait. Never rejects: every failure is an outcome. */
  async execute(step: WorkflowStep, scope: StepScope): Promise<StepOutcome> {
    const { state } = scope;
    const path = scope.pathOf(step.id);
    const recorded = recordedOutcome(state, path);
    if (recorded !== null) return recorded;
    if (scope.isHalted) return { status: "halted" };
    state.begun.add(path);
    try {
      return await this.#begin(step, scope, path);
    } catch (error) {
      if (state.haltReason === "lost" || AppError.is(error, "FENCED") || haltsForOutage(error, state)) return { status: "halted" };
      return { status: "failed", error: asAppError(error) };
    } finally {
      state.begun.delete(path);
    }
  }

  async #begin(step: WorkflowStep, scope: StepScope, path: string): Promise<StepOutcome> {
    const { state } = scope;
    const { clock, db } = this.#services;
    await state.load(db, scope.recordedPaths(rootsOf(step)));
    const startedMs = clock.monotonicMs();
    const known = state.step(path);
    if (known === undefined && step.executeIf !== undefined) {
      try {
        if (!evaluateStepCondition(step.executeIf, scope, clock.nowMs(), { step: path, field: "executeIf" })) {
          return await this.#record(state, {
            step,
            path,
            attempt: 1,
            status: "skipped",
            value: null,
            facts: {},
            detail: { reason: "executeIf" },
            ms: 0,
            parts: [],
          });
        }
      } catch (error) {
        return await this.#fail(state, { step, path, attempt: 1, error: asAppError(error), ms: 0 });
      }
    }
    this.#services.emit({ executionId: state.id, type: "step_started", path, stepType: step.type });
    const outcome = await this.#attempts(step, scope, path);
    const costUsd = state.step(path)?.detail.costUsd;
    this.#services.emit({
      executionId: state.id,
      type: "step_finished",
      path,
      stepType: step.type,
      status: outcome.status,
      ms: clock.monotonicMs() - startedMs,
      ...(costUsd === undefined ? {} : { costUsd }),
    });
    return outcome;
  }

  async #attempts(step: WorkflowStep, scope: StepScope, path: string): Promise<StepOutcome> {
    const { state } = scope;
    const { clock } = this.#services;
    const known = state.step(path);
    // A failed row that is not final belongs to an attempt before this claim: go on with the next one, at its time.
    let attempt = known === undefined ? 1 : known.status === "failed" ? known.attempt + 1 : known.attempt;
    if (known?.detail.retryAtMs !== undefined) await pause(clock, known.detail.retryAtMs - clock.nowMs(), state);
    for (;;) {
      if (scope.isHalted) return { status: "halted" };
      const run = new StepAttempt({ services: this.#services, walk: this.#walk, step, scope, path, attempt });
      try {
        const { outcome, retryAfterMs } = await this.#attempt(run, step, scope);
        if (retryAfterMs === null || outcome.status === "halted") return outcome;
        await pause(clock, retryAfterMs, state);
      } finally {
        // Only now: whoever waits for room must find this attempt's settlement committed.
        run.close();
      }
      attempt += 1;
    }
  }

  /** One attempt and its unit. */
  async #attempt(
    run: StepAttempt,
    step: WorkflowStep,
    scope: StepScope,
  ): Promise<{ readonly outcome: StepOutcome; readonly retryAfterMs: number | null }> {
    const { state } = scope;
    const { clock } = this.#services;
    const { path, attempt } = run;
    const startedMs = clock.monotonicMs();
    const outcome = await this.#perform(run, step, scope);
    const ms = clock.monotonicMs() - startedMs;
    if (outcome.status !== "failed") return { outcome: await this.#end(step, state, { path, attempt, outcome, ms }), retryAfterMs: null };
    const retry: RetryDecision =
      state.haltReason === null ? nextAttempt({ step, error: outcome.error, attempt, random: state.id + path }) : { again: false };
    if (!retry.again) {
      const failed = await this.#fail(state, { step, path, attempt, error: outcome.error, ms, facts: outcome.facts, parts: outcome.parts });
      return { outcome: failed, retryAfterMs: null };
    }
    const detail = { ...errorDetail(outcome.error), retryAtMs: Math.round(clock.nowMs() + retry.afterMs) };
    const end: AttemptEnd = {
      step,
      path,
      attempt,
      status: "failed",
      value: null,
      facts: outcome.facts ?? {},
      detail,
      ms,
      parts: outcome.parts ?? [],
    };
    return { outcome: await this.#record(state, end), retryAfterMs: retry.afterMs };
  }

  async #perform(run: StepAttempt, step: WorkflowStep, scope: StepScope): Promise<StepOutcome> {
    try {
      const cached = await readStepCache(this.#services, step, scope);
      if (cached !== null) return { status: "completed", output: cached.value, facts: { more: { cached: true } } };
      const outcome = await run.perform();
      if (outcome.status === "halted") return await run.halted();
      if (outcome.status === "completed") await writeStepCache(this.#services, step, scope, outcome.output);
      return run.withParts(outcome);
    } catch (error) {
      if (scope.state.haltReason === "lost" || haltsForOutage(error, scope.state)) return run.halted();
      return run.withParts({ status: "failed", error: asAppError(error) });
    }
  }

  async #end(
    step: WorkflowStep,
    state: ExecutionState,
    {
      path,
      attempt,
      outcome,
      ms,
    }: {
      readonly path: string;
      readonly attempt: number;
      readonly outcome: Exclude<StepOutcome, { status: "failed" }>;
      readonly ms: number;
    },
  ): Promise<StepOutcome> {
    if (outcome.status === "halted") return outcome;
    if (outcome.status === "skipped") {
      return this.#record(state, {
        step,
        path,
        attempt,
        status: "skipped",
        value: null,
        facts: {},
        detail: { reason: outcome.reason },
        ms,
        parts: [],
      });
    }
    if (outcome.status === "waiting") return this.#wait(step, state, { path, attempt, outcome });
    let value: EncodedValue;
    try {
      checkNotEmpty(step, path, outcome.output);
      value = encodeValue(state.id, path, outcome.output, this.#services.maxOutputBytes);
    } catch (error) {
      return this.#fail(state, { step, path, attempt, error: asAppError(error), ms, facts: outcome.facts, parts: outcome.parts });
    }
    state.keep(value.ref, outcome.output, value.byteCount);
    return this.#record(
      state,
      {
        step,
        path,
        attempt,
        status: "completed",
        value,
        facts: outcome.facts ?? {},
        detail: emptyWarning(step, outcome.output),
        ms,
        parts: outcome.parts ?? [],
      },
      outcome.output,
    );
  }

  /** A leaf that waits leaves a row, so that its due time and message survive; a composite step's children have theirs. */
  async #wait(
    step: WorkflowStep,
    state: ExecutionState,
    {
      path,
      attempt,
      outcome,
    }: { readonly path: string; readonly attempt: number; readonly outcome: Extract<StepOutcome, { status: "waiting" }> },
  ): Promise<StepOutcome> {
    const own = outcome.waits.find((wait) => wait.path === path);
    if (own === undefined) return this.#keepParts(state, outcome);
    const known = state.step(path);
    const detail: StepDetail = {
      waitFor: own.for,
      message: own.message,
      ...(own.until === null ? {} : { wakeAtMs: own.until.getTime() }),
      ...(own.needUsd === null ? {} : { needUsd: own.needUsd }),
      ...(own.needTokens === null ? {} : { needTokens: own.needTokens }),
      ...(own.more === undefined ? {} : { more: own.more }),
    };
    const isNews = known === undefined || JSON.stringify(known.detail) !== JSON.stringify(detail);
    if (!isNews && outcome.parts === undefined) return outcome;
    const status = own.for === "uncertain" ? "uncertain" : "waiting";
    const parts = outcome.parts ?? [];
    const recorded = await this.#record(state, { step, path, attempt, status, value: null, facts: {}, detail, ms: null, parts });
    return recorded.status === "halted" ? recorded : outcome;
  }

  /** What waits is inside the step, and has a row; what the step itself came to so far is kept beside it. */
  async #keepParts(state: ExecutionState, outcome: Extract<StepOutcome, { status: "waiting" }>): Promise<StepOutcome> {
    if (outcome.parts === undefined || outcome.parts.length === 0) return outcome;
    if ((await this.#append(state, outcome.parts)) === "committed") return outcome;
    state.halt("lost");
    return { status: "halted" };
  }

  async #fail(
    state: ExecutionState,
    failure: {
      readonly step: WorkflowStep;
      readonly path: string;
      readonly attempt: number;
      readonly error: AppError;
      readonly ms: number;
      readonly facts?: AttemptEnd["facts"] | undefined;
      readonly parts?: readonly UnitPart[] | undefined;
    },
  ): Promise<StepOutcome> {
    const { step, path, attempt, error, ms } = failure;
    // An abort is not the step's own failure: its row stays open, so that rollback or the next owner decides.
    if (state.haltReason === "cancelled" || state.haltReason === "lost" || state.haltReason === "timeout") {
      if (failure.parts !== undefined && failure.parts.length > 0) await this.#append(state, failure.parts);
      return { status: "halted" };
    }
    const detail: StepDetail = { ...errorDetail(error), ...(step.continueOnError === true ? { tolerated: true } : {}) };
    return this.#record(
      state,
      { step, path, attempt, status: "failed", value: null, facts: failure.facts ?? {}, detail, ms, parts: failure.parts ?? [] },
      null,
      error,
    );
  }

  /** Commits an attempt's end, and only then lets anybody act on it. */
  async #record(
    state: ExecutionState,
    end: AttemptEnd,
    output: Parameters<typeof encodeValue>[2] = null,
    error?: AppError,
  ): Promise<StepOutcome> {
    const unit = stepUnit(state, end);
    const outcome = await this.#append(state, unit.parts).catch((refused: unknown) => {
      // The database refused a value of this step: the step fails without it. Anything else is the caller's.
      if (AppError.is(refused, "VALUE_REFUSED") && canDoWithout(end)) return refused;
      throw refused;
    });
    if (outcome instanceof AppError) return this.#record(state, withoutRefused(end, outcome), null, outcome);
    if (outcome === "fenced") {
      state.halt("lost");
      return { status: "halted" };
    }
    state.record(end.path, unit.known);
    if (end.status === "failed") return { status: "failed", error: error ?? new AppError("STEP_FAILED", `step ${end.path} failed`) };
    if (end.status === "skipped") return { status: "skipped", reason: end.detail.reason ?? "skipped" };
    return { status: "completed", output };
  }

  #append(state: ExecutionState, parts: readonly UnitPart[]): Promise<"committed" | "fenced"> {
    return this.#services.journal.append({ executionId: state.id, epoch: state.epoch, parts, signal: state.signal });
  }
}

const rootsOfSteps = new WeakMap<WorkflowStep, ReadonlySet<string>>();

function rootsOf(step: WorkflowStep): ReadonlySet<string> {
  let roots = rootsOfSteps.get(step);
  if (roots === undefined) {
    roots = new Set(readsOf(step).map(({ root }) => root));
    rootsOfSteps.set(step, roots);
  }
  return roots;
}

async function pause(clock: PilotServices["clock"], ms: number, state: ExecutionState): Promise<void> {
  if (ms <= 0) return;
  // An abort ends the pause; what follows sees that the execution is halting.
  await clock.sleep(ms, state.signal).catch(() => undefined);
}
