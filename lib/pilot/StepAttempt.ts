// One attempt of one step: the context its performer gets, the time-out, and the parts (settlements, usage) that must travel in its unit.
import { AppError, asAppError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import { resolveTemplates } from "../operations/templates.ts";
import type { WorkflowStep } from "../workflow/types.ts";
import { callAction } from "./callAction.ts";
import { callModel } from "./callModel.ts";
import type { ModelCallHost } from "./ModelCallHost.ts";
import { governedOutcome } from "./governance/governedOutcome.ts";
import type { StepGovernance } from "./governance/StepGovernance.ts";
import { performHandled } from "./handlers/performHandled.ts";
import type { StepScope } from "./StepScope.ts";
import type { Decision, PilotServices, StepContext, StepOutcome, StepPerformer, Walk } from "./types.ts";

/** For steps that call a model and do not say otherwise. Plugins have time-outs of their own; composite and waiting steps have none. */
const DEFAULT_TIMEOUT_MS = 300_000;
const LIMITED = new Set(["ai_processing", "llm_decision"]);
/** How long an aborted performer may take to say what became of its call. */
const ABORT_GRACE_MS = 2_000;

export interface StepAttemptParts {
  readonly services: PilotServices;
  readonly walk: Walk;
  readonly step: WorkflowStep;
  readonly scope: StepScope;
  readonly path: string;
  readonly attempt: number;
}

export class StepAttempt implements ModelCallHost {
  readonly services: PilotServices;
  readonly path: string;
  readonly attempt: number;
  readonly scope: StepScope;
  readonly signal: AbortSignal;
  readonly #step: WorkflowStep;
  readonly #walk: Walk;
  /** null: the step has no time-out. */
  readonly #timeout: AbortController | null;
  readonly #cancelTimeout: () => void;
  #parts: UnitPart[] = [];
  #openCalls = 0;
  #memoryTokens = 0;
  #decision: Decision | null = null;
  /** The unit is being written: what comes now is late. */
  #isClosed = false;

  constructor({ services, walk, step, scope, path, attempt }: StepAttemptParts) {
    this.services = services;
    this.#walk = walk;
    this.#step = step;
    this.scope = scope;
    this.path = path;
    this.attempt = attempt;
    const timeoutMs = step.timeoutMs ?? (LIMITED.has(step.type) ? DEFAULT_TIMEOUT_MS : null);
    const timeout = timeoutMs === null ? null : new AbortController();
    this.#timeout = timeout;
    this.signal = timeout === null ? scope.signal : AbortSignal.any([scope.signal, timeout.signal]);
    this.#cancelTimeout =
      timeout === null || timeoutMs === null
        ? () => undefined
        : services.clock.schedule(timeoutMs, () => {
            timeout.abort(
              new AppError("STEP_TIMEOUT", `step ${path} took longer than ${timeoutMs} ms`, {
                details: { step: path, expected: `at most ${timeoutMs} ms` },
              }),
            );
          });
  }

  async perform(): Promise<StepOutcome> {
    const performer = this.services.performers[this.#step.type] as StepPerformer;
    const decided = this.services.decide(this.#step, this.scope.state, this.path, this.scope);
    // No turn of the event loop for the direct path: most steps take it.
    this.#decision = decided instanceof Promise ? await decided : decided;
    const { route } = this.#decision;
    const context = this.#context(this.#decision);
    const work = route === undefined ? performer(context) : performHandled(context, performer, route);
    // Without a time-out of its own the step ends by itself: plugins answer an abort, composite steps once their children halt.
    if (this.#timeout === null) return work;
    const { promise: abandoned, reject } = Promise.withResolvers<never>();
    const grace: { cancel?: () => void } = {};
    // Providers and plugins answer an abort at once, with what they know of it (spent or not, happened or not): wait for that.
    const onAbort = (): void => {
      grace.cancel = this.services.clock.schedule(ABORT_GRACE_MS, () => reject(asAppError(this.signal.reason)));
    };
    if (this.signal.aborted) onAbort();
    else this.signal.addEventListener("abort", onAbort, { once: true });
    try {
      return this.#timedOut(await Promise.race([work, abandoned]));
    } finally {
      grace.cancel?.();
      this.signal.removeEventListener("abort", onAbort);
    }
  }

  /** A step that was aborted by its time-out failed for that reason, whatever its performer made of the abort. */
  #timedOut(outcome: StepOutcome): StepOutcome {
    if (outcome.status !== "failed" || this.#timeout?.signal.aborted !== true || AppError.is(outcome.error, "STEP_TIMEOUT")) return outcome;
    return { ...outcome, error: asAppError(this.#timeout.signal.reason) };
  }

  /** Adds what the attempt's calls left to its outcome, so that one unit holds both. */
  withParts(outcome: StepOutcome): StepOutcome {
    this.#isClosed = true;
    if (outcome.status === "skipped" || outcome.status === "halted") return outcome;
    const governed = this.#remembered(governedOutcome(this, this.#decision, outcome));
    if (this.#parts.length === 0) return governed;
    return { ...governed, parts: [...(governed.parts ?? []), ...this.#parts] };
  }

  #remembered<Ended extends StepOutcome>(outcome: Ended): Ended {
    if (this.#memoryTokens === 0 || (outcome.status !== "completed" && outcome.status !== "failed")) return outcome;
    return { ...outcome, facts: { ...outcome.facts, memoryTokens: this.#memoryTokens } };
  }

  noteMemory(tokens: number): void {
    this.#memoryTokens += tokens;
  }

  get governance(): StepGovernance | undefined {
    return this.#decision?.governance;
  }

  /** The step is as if it had not begun, but what its calls came to are facts: they are stored whoever owns the execution now. */
  async halted(): Promise<StepOutcome> {
    const parts = this.#parts;
    this.#isClosed = true;
    if (parts.length === 0) return { status: "halted" };
    this.#parts = [];
    const { state } = this.scope;
    try {
      await this.services.journal.append({ executionId: state.id, epoch: state.epoch, parts, signal: state.signal });
    } catch (error) {
      this.services.logger.error(
        { executionId: state.id, path: this.path, error: String(error) },
        "what a stopped step left could not be stored",
      );
    }
    return { status: "halted" };
  }

  /** To be called after the attempt's unit is committed: waiting calls of the execution may try again. */
  close(): void {
    this.#cancelTimeout();
    this.#releaseCalls();
  }

  nextCall(): number {
    return this.scope.state.nextCall(this.path, this.attempt);
  }

  opened(): void {
    this.#openCalls += 1;
  }

  add(parts: readonly UnitPart[]): void {
    if (!this.#isClosed) {
      this.#parts.push(...parts);
      return;
    }
    // What an abandoned call came to is a fact, however late: it corrects what was assumed.
    const { state } = this.scope;
    this.services.journal.append({ executionId: state.id, epoch: state.epoch, parts }).catch((error: unknown) => {
      this.services.logger.error({ executionId: state.id, path: this.path, error: String(error) }, "a late settlement could not be stored");
    });
  }

  /** Commits what earlier calls of this attempt left, before the next one reserves. */
  async flush(): Promise<void> {
    const parts = this.#parts;
    if (parts.length === 0) return;
    this.#parts = [];
    const { state } = this.scope;
    const outcome = await this.services.journal.append({ executionId: state.id, epoch: state.epoch, parts, signal: state.signal });
    this.#releaseCalls();
    if (outcome === "fenced") {
      state.halt("lost");
      throw new AppError("FENCED", `execution ${state.id} belongs to another worker now`);
    }
  }

  #releaseCalls(): void {
    for (; this.#openCalls > 0; this.#openCalls -= 1) this.scope.state.gate.settled();
  }

  #context(decision: Decision): StepContext {
    const { services, scope, path, attempt, signal } = this;
    const step = this.#step;
    return {
      step,
      path,
      attempt,
      scope,
      state: scope.state,
      services,
      signal,
      decision,
      resolve: (value, field) => resolveField(scope, { value, field, path }),
      walk: (steps, childScope, options) => this.#walk(steps, childScope, options),
      callModel: (request) => callModel(this, request),
      callAction: (call) => callAction(this, call),
      flushCalls: () => this.flush(),
    };
  }
}

function resolveField(
  scope: StepScope,
  { value, field, path }: { readonly value: JsonValue; readonly field: string; readonly path: string },
): JsonValue {
  try {
    return resolveTemplates(value, scope);
  } catch (error) {
    const cause = asAppError(error, "TEMPLATE_INVALID");
    throw new AppError(cause.code, `step ${path}, ${field}: ${cause.message}`, {
      details: { ...cause.details, step: path, field },
      hint: cause.hint,
      cause,
    });
  }
}
