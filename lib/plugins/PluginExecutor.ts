// Runs one action once: params checked, time, size and rate bounded, failures told apart. Retrying is the step executor's (one owner of retries).
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import type { GuardedFetch } from "../core/guardedFetch.ts";
import type { WorkspaceId } from "../core/ids.ts";
import type { JsonValue } from "../core/json.ts";
import type { Logger } from "../core/logger.ts";
import { createActionContext, type WatchedContext } from "./actionContext.ts";
import { effectAfterFailure, isRetryable, toActionError } from "./classifyFailure.ts";
import { coerceParams } from "./coerceParams.ts";
import { defectsToJson, describeDefects } from "./compileSchema.ts";
import type { PluginManager } from "./PluginManager.ts";
import { RateLimiter } from "./RateLimiter.ts";
import { toStorableOutput } from "./storableOutput.ts";
import type {
  Action,
  ActionCall,
  ActionExecutor,
  ActionOutcome,
  CallContext,
  CallProfile,
  ConnectionSource,
  Defect,
  FileServices,
  Verification,
} from "./types.ts";

export interface PluginExecutorOptions {
  readonly manager: PluginManager;
  readonly clock: Clock;
  readonly fetch: GuardedFetch;
  /** The folder that a workspace's actions may use. */
  readonly filesOf: (workspaceId: WorkspaceId) => FileServices;
  readonly connections: ConnectionSource;
  readonly log: Logger;
  /** Longest wait for a rate limit inside a call; a longer one is returned as `RATE_LIMITED` with its time. @defaultValue 60 000 */
  readonly maxRateLimitWaitMs?: number;
}

type UncheckedCall = Pick<ActionCall, "plugin" | "action" | "params">;

/** A call that may run: its action is known and its params fit. */
interface CheckedCall {
  readonly name: string;
  readonly plugin: string;
  readonly action: Action;
  readonly params: unknown;
}

const HOUR_MS = 3_600_000;

export class PluginExecutor implements ActionExecutor {
  readonly #options: PluginExecutorOptions;
  readonly #limiter: RateLimiter;

  constructor(options: PluginExecutorOptions) {
    this.#options = options;
    this.#limiter = new RateLimiter({ clock: options.clock, maxWaitMs: options.maxRateLimitWaitMs ?? 60_000 });
  }

  async execute(call: ActionCall): Promise<ActionOutcome> {
    const startedAtMs = this.#options.clock.monotonicMs();
    const elapsedMs = (): number => this.#options.clock.monotonicMs() - startedAtMs;
    const abort = new LazyAbort();
    let checked: CheckedCall;
    let watched: WatchedContext;
    try {
      checked = this.#check(call);
      await this.#admit(checked, call.context);
      watched = this.#contextFor(call.context, () => abort.signal, checked.name);
    } catch (thrown) {
      // Nothing of the plugin ran yet.
      return { ok: false, error: describeRefusal(thrown, call), effectHappened: "no", durationMs: elapsedMs() };
    }
    const { action, name, params } = checked;
    try {
      const returned = await this.#bounded({ name, timeoutMs: action.timeoutMsFor(params), abort, caller: call.context.signal }, async () =>
        action.run(params, watched.context),
      );
      const data = toStorableOutput(returned, action.maxOutputBytes);
      checkOutput(data, checked);
      return { ok: true, data, durationMs: elapsedMs(), costUsd: costOf(action, params) };
    } catch (thrown) {
      const error = addFacts(toActionError(thrown, name), name);
      const { mayHaveActed } = watched.watch;
      return {
        ok: false,
        error,
        effectHappened: effectAfterFailure(error, { effect: action.effect, mayHaveActed }),
        durationMs: elapsedMs(),
      };
    }
  }

  async verify(call: ActionCall): Promise<Verification> {
    const name = `${call.plugin}.${call.action}`;
    const abort = new LazyAbort();
    try {
      const { action, params } = this.#check(call);
      if (!action.canVerify) return { happened: "unknown" };
      const { context } = this.#contextFor(call.context, () => abort.signal, name);
      const found = await this.#bounded({ name, timeoutMs: action.timeoutMsFor(params), abort, caller: call.context.signal }, async () =>
        action.verify(context, params),
      );
      return found.happened === true ? { happened: true, output: toStorableOutput(found.output, action.maxOutputBytes) } : found;
    } catch (thrown) {
      // Not seeing is not knowing: only a look that succeeded may answer.
      const { executionId, stepPath } = call.context;
      this.#options.log.warn(
        { executionId, stepPath, action: name, error: toActionError(thrown, name).message },
        "an effect could not be verified",
      );
      return { happened: "unknown" };
    }
  }

  profile(call: UncheckedCall): CallProfile {
    const { action, params } = this.#check(call);
    const { effect, canVerify } = action;
    return { effect, canVerify, timeoutMs: action.timeoutMsFor(params), idempotency: action.idempotencyFor(params) };
  }

  mayRetry(call: UncheckedCall, failure: Extract<ActionOutcome, { ok: false }>, firstAttemptAtMs: number): boolean {
    if (!isRetryable(failure.error)) return false;
    if (failure.effectHappened === "no") return true;
    const { idempotency, timeoutMs } = this.profile(call);
    if (idempotency.by === "none") return false;
    // The retry itself may take until its time-out; by then the receiver must still know the key.
    const lastMomentMs = firstAttemptAtMs + idempotency.windowHours * HOUR_MS - timeoutMs;
    return this.#options.clock.nowMs() <= lastMomentMs;
  }

  /** @throws AppError `PLUGIN_UNKNOWN`, `PLUGIN_ACTION_UNKNOWN`, `PARAMS_INVALID` with every defect */
  #check(call: UncheckedCall): CheckedCall {
    const action = this.#options.manager.requireAction(call.plugin, call.action);
    const name = `${call.plugin}.${call.action}`;
    const result = action.params.check(coerceParams(call.params, action.params.json));
    if (result.ok) return { name, plugin: call.plugin, action, params: result.value };
    throw defectsError("PARAMS_INVALID", `${name}: params do not fit`, result.defects);
  }

  async #admit({ action, name, plugin }: CheckedCall, context: CallContext): Promise<void> {
    context.signal?.throwIfAborted();
    const { connections } = this.#options;
    const connection = action.connection === true ? plugin : action.connection;
    if (typeof connection === "string" && (await connections.findSecret(context.workspaceId, connection)) === undefined) {
      throw new AppError("CONNECTION_MISSING", `${name} needs the connection "${connection}", which is not stored`, {
        details: { field: "connection", expected: connection },
        hint: `run \`neuronforge connections set ${connection} --from-env VAR\``,
      });
    }
    if (action.rateLimit !== undefined) await this.#limiter.acquire(`${name} of ${context.workspaceId}`, action.rateLimit, context.signal);
  }

  #contextFor(call: CallContext, signalOf: () => AbortSignal, name: string): WatchedContext {
    const { clock, fetch, filesOf, connections, log } = this.#options;
    return createActionContext(call, signalOf, {
      clock,
      fetch,
      connections,
      files: filesOf(call.workspaceId),
      createLog: () => log.child({ executionId: call.executionId, stepPath: call.stepPath, action: name }),
    });
  }

  /** Ends at the time-out or the caller's abort even if the plugin does not; what it yields later goes nowhere. */
  async #bounded<T>({ name, timeoutMs, abort, caller }: Bounds, work: () => Promise<T>): Promise<T> {
    const ended = Promise.withResolvers<T>();
    const stop = (error: AppError): void => {
      ended.reject(error);
      abort.abort(error);
    };
    const onCallerAbort = (): void => stop(cancelledError(name, caller?.reason));
    const onTimeout = (): void =>
      stop(
        new AppError("STEP_TIMEOUT", `${name} did not end within ${timeoutMs} ms and was abandoned`, {
          details: { expected: `at most ${timeoutMs} ms` },
        }),
      );
    // It keeps the process alive: a plugin may hang with nothing open.
    const cancelTimeout = this.#options.clock.schedule(timeoutMs, onTimeout, true);
    caller?.addEventListener("abort", onCallerAbort, { once: true });
    try {
      if (caller?.aborted === true) onCallerAbort();
      else work().then(ended.resolve, ended.reject);
      return await ended.promise;
    } finally {
      cancelTimeout();
      caller?.removeEventListener("abort", onCallerAbort);
    }
  }
}

/** An AbortController that is made when somebody asks for its signal: most actions end without ever looking at one. */
class LazyAbort {
  #controller: AbortController | undefined;
  #reason: AppError | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** The first reason stays, as with an AbortController. */
  abort(reason: AppError): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
  }
}

interface Bounds {
  readonly name: string;
  readonly timeoutMs: number;
  /** What the action's own signal hangs on. */
  readonly abort: LazyAbort;
  readonly caller: AbortSignal | undefined;
}

function cancelledError(name: string, reason: unknown): AppError {
  if (AppError.is(reason))
    return new AppError(reason.code, `${name}: ${reason.message}`, {
      retry: reason.retry,
      details: reason.details,
      hint: reason.hint,
      cause: reason,
    });
  return new AppError("EXECUTION_CANCELLED", `${name} was aborted by its caller`, { cause: reason });
}

function describeRefusal(thrown: unknown, call: ActionCall): AppError {
  const name = `${call.plugin}.${call.action}`;
  return call.context.signal?.aborted === true && !AppError.is(thrown) ? cancelledError(name, thrown) : toActionError(thrown, name);
}

function checkOutput(data: JsonValue, { action, name }: CheckedCall): void {
  const result = action.output?.check(data);
  if (result?.ok === false) throw defectsError("OUTPUT_INVALID", `${name}: the output does not fit its schema`, result.defects);
}

function defectsError(code: "PARAMS_INVALID" | "OUTPUT_INVALID", what: string, defects: readonly Defect[]): AppError {
  const [first] = defects;
  return new AppError(code, `${what}: ${describeDefects(defects)}`, {
    details: {
      ...(first !== undefined && { field: first.path }),
      ...(first?.expected !== undefined && { expected: first.expected }),
      ...(first?.got !== undefined && { got: first.got }),
      defects: defectsToJson(defects),
    },
  });
}

/** Errors of services (files, fetch) do not know whose call they are. */
function addFacts(error: AppError, name: string): AppError {
  if (error.message.startsWith(name)) return error;
  return new AppError(error.code, `${name}: ${error.message}`, {
    retry: error.retry,
    details: error.details,
    hint: error.hint,
    cause: error,
  });
}

/** A price that cannot be worked out is unknown, which is not zero. */
function costOf(action: Action, params: unknown): number | null {
  try {
    const costUsd = action.costUsd(params);
    return costUsd !== null && Number.isFinite(costUsd) && costUsd >= 0 ? costUsd : null;
  } catch {
    return null;
  }
}
