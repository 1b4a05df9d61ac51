// Holds the handler of each intent: registered in code, enabled and tuned by rows, made ready once. It performs a step through its handler and nothing itself.
import { systemClock, type Clock } from "../core/clock.ts";
import { AppError, asAppError } from "../core/errors.ts";
import type { StepOutput, WorkflowStep } from "../workflow/types.ts";
import { checkHandler, checkOutput, nameOf } from "./handlers/checkHandler.ts";
import { checkRows, type HandlerCheck, type HandlerRow } from "./handlers/handlerRows.ts";
import type { HandlerContext, HandlerInterface, IntentType, OptimizationLevel, RoutingContext } from "./types.ts";

export interface HandlerRegistryOptions {
  readonly clock?: Clock;
  /** How long `init`, `validate`, `rollback` and `cleanup` may take, each, in milliseconds. @defaultValue 5 000 */
  readonly lifecycleLimitMs?: number;
}

/** Where a handler stands. Only a ready one performs steps. */
interface Standing {
  readonly handler: HandlerInterface;
  /** undefined: not begun. */
  init: Promise<void> | undefined;
  isReady: boolean;
  /** Why it is not to be used; null: nothing speaks against it. */
  fault: string | null;
}

export interface FoundHandler {
  /** Class; null: none serves the step. */
  readonly handler: string | null;
  readonly reason: string;
  /** There should be one and is not: the direct path is a degradation, not the decision. */
  readonly isMissing: boolean;
}

const STANDARD: OptimizationLevel = "standard";

export class HandlerRegistry {
  readonly #standings = new Map<IntentType, Standing>();
  readonly #clock: Clock;
  readonly #lifecycleLimitMs: number;
  /** By workspace. */
  readonly #rows = new Map<string, ReadonlyMap<IntentType, HandlerRow>>();

  constructor({ clock = systemClock, lifecycleLimitMs = 5_000 }: HandlerRegistryOptions = {}) {
    this.#clock = clock;
    this.#lifecycleLimitMs = lifecycleLimitMs;
  }

  /**
   * At any time; a handler that comes later is made ready when it is first asked for.
   *
   * @param options.replaces true: takes the place of the intent's handler, which is cleaned up. @defaultValue false
   * @throws AppError `HANDLER_INVALID` naming every member that is missing, another intent, or the handler that is there already
   */
  register(intent: IntentType, handler: HandlerInterface, { replaces = false }: { readonly replaces?: boolean } = {}): void {
    checkHandler(intent, handler);
    const earlier = this.#standings.get(intent);
    if (earlier !== undefined && !replaces) {
      throw new AppError(
        "HANDLER_INVALID",
        `${nameOf(handler)}: the intent ${intent} already has ${nameOf(earlier.handler)}, register with { replaces: true } to take its place`,
        { details: { field: "intent", got: nameOf(handler), expected: `an intent other than ${intent}` } },
      );
    }
    this.#standings.set(intent, { handler, init: undefined, isReady: false, fault: null });
    if (earlier !== undefined) void this.#cleanUp(earlier);
  }

  /** Null when nothing is registered for the intent, or a row of the workspace disables it, or it could not be made ready. */
  get(intent: IntentType, workspaceId = ""): HandlerInterface | null {
    const standing = this.#standings.get(intent);
    return standing === undefined || this.#faultOf(intent, standing, workspaceId) !== null ? null : standing.handler;
  }

  /** For a decision: which handler performs steps of the intent, or why none does. Makes it ready where that has not happened yet. */
  async standingOf(intent: IntentType, workspaceId = ""): Promise<Pick<RoutingContext, "handler" | "reason">> {
    const standing = this.#standings.get(intent);
    if (standing === undefined) return { handler: null, reason: `no handler is registered for ${intent}` };
    if (!standing.isReady && this.#faultOf(intent, standing, workspaceId) === null) await this.#prepare(standing);
    const fault = this.#faultOf(intent, standing, workspaceId);
    const name = nameOf(standing.handler);
    return fault === null ? { handler: name, reason: `${intent} steps go to ${name}` } : { handler: null, reason: fault };
  }

  /** Which handler serves this very step. One that cannot say so, or takes too long, is missing: other handlers are not concerned. */
  async serves(step: WorkflowStep, intent: IntentType, workspaceId = ""): Promise<FoundHandler> {
    const { handler: name, reason } = await this.standingOf(intent, workspaceId);
    const handler = this.get(intent, workspaceId);
    if (name === null || handler === null) return { handler: null, reason, isMissing: true };
    try {
      if (await this.#bounded("validate", handler, () => handler.validate(step))) return { handler: name, reason, isMissing: false };
    } catch (thrown) {
      return { handler: null, reason: asAppError(thrown).message, isMissing: true };
    }
    return { handler: null, reason: `${name} does not serve this ${step.type} step`, isMissing: false };
  }

  levelOf(intent: IntentType, workspaceId = ""): OptimizationLevel {
    return this.#rows.get(workspaceId)?.get(intent)?.optimizationLevel === "minimal" ? "minimal" : STANDARD;
  }

  /** What rows say from now on in a workspace; in place of earlier ones. @returns both sides' loose ends */
  applyRows(rows: readonly HandlerRow[], workspaceId = ""): HandlerCheck {
    const names = new Map([...this.#standings].map(([intent, { handler }]) => [intent, nameOf(handler)]));
    const check = checkRows(rows, names);
    this.#rows.set(workspaceId, check.rows);
    return check;
  }

  /**
   * Performs the step through the handler of the context's intent; a failed one is rolled back before its error goes on.
   *
   * @param givenUp rejects once nobody waits for the handler any more
   * @throws AppError `HANDLER_UNAVAILABLE` when there is none that serves the step, `HANDLER_INVALID` for what is no output; else the handler's own
   */
  async execute(step: WorkflowStep, context: HandlerContext, givenUp?: Promise<never>): Promise<StepOutput> {
    const { intent, workspaceId } = context;
    const { handler, reason } = await this.serves(step, intent, workspaceId);
    const found = handler === null ? null : this.get(intent, workspaceId);
    if (found === null) throw unavailable(step, reason);
    try {
      const made = found.execute(step, context);
      return checkOutput(found, await (givenUp === undefined ? made : Promise.race([made, givenUp])));
    } catch (thrown) {
      await this.#rollBack(found, step, context);
      throw thrown;
    }
  }

  /** Ends all handlers; none is used afterwards. */
  async cleanup(): Promise<void> {
    const standings = [...this.#standings.values()];
    this.#standings.clear();
    await Promise.all(standings.map((standing) => this.#cleanUp(standing)));
  }

  #faultOf(intent: IntentType, { fault, handler }: Standing, workspaceId: string): string | null {
    const row = this.#rows.get(workspaceId)?.get(intent);
    return row !== undefined && !row.isEnabled ? `${nameOf(handler)} is disabled by its row` : fault;
  }

  #prepare(standing: Standing): Promise<void> {
    standing.init ??= this.#bounded("init", standing.handler, () => standing.handler.init()).then(
      () => {
        standing.isReady = true;
      },
      (thrown: unknown) => {
        standing.fault = `${nameOf(standing.handler)} is disabled: ${asAppError(thrown).message}`;
      },
    );
    return standing.init;
  }

  async #rollBack(handler: HandlerInterface, step: WorkflowStep, context: HandlerContext): Promise<void> {
    try {
      await this.#bounded("rollback", handler, () => handler.rollback(step, context));
    } catch (thrown) {
      // The step's own error is what is to be told; this one is told beside it.
      context.warn(asAppError(thrown).message);
    }
  }

  async #cleanUp({ handler, init }: Standing): Promise<void> {
    if (init === undefined) return;
    await init;
    // Nobody waits for the outcome of a handler that is gone.
    await this.#bounded("cleanup", handler, () => handler.cleanup()).catch(() => undefined);
  }

  async #bounded<T>(what: "init" | "validate" | "rollback" | "cleanup", handler: HandlerInterface, work: () => Promise<T>): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const limitMs = this.#lifecycleLimitMs;
    const cancel = this.#clock.schedule(limitMs, () => reject(new AppError("HANDLER_INVALID", `${what} took longer than ${limitMs} ms`)));
    try {
      return await Promise.race([Promise.resolve().then(work), late]);
    } catch (thrown) {
      throw new AppError("HANDLER_INVALID", `${what} of ${nameOf(handler)} failed: ${asAppError(thrown).message}`, { cause: thrown });
    } finally {
      cancel();
    }
  }
}

function unavailable(step: WorkflowStep, reason: string): AppError {
  return new AppError("HANDLER_UNAVAILABLE", `step ${step.id}: ${reason}`, { details: { step: step.id } });
}
