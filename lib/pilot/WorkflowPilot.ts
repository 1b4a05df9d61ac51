// Runs one claimed execution to its end, to where it must wait, or to where it is lost. Orders the parts; the parts do the work.
import type { Clock } from "../core/clock.ts";
import { AppError, asAppError, toErrorRecord } from "../core/errors.ts";
import { encodeJson, type JsonValue } from "../core/json.ts";
import { sha256 } from "../core/ids.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import { resolveTemplates, templateReferences } from "../operations/templates.ts";
import { auditPart } from "./auditPart.ts";
import { isDatabaseOutage } from "../db/databaseErrors.ts";
import type { ExecutionState } from "./ExecutionState.ts";
import { loadSignals, type ClaimedExecution, type EndRow } from "./ExecutionStore.ts";
import { settlementsOf } from "./guardedCall.ts";
import { loadState } from "./loadState.ts";
import { ParallelExecutor } from "./ParallelExecutor.ts";
import { rollBack } from "./rollback.ts";
import { StepExecutor } from "./StepExecutor.ts";
import { StepScope } from "./StepScope.ts";
import type { Suspender } from "./Suspender.ts";
import type { PilotServices, Wait, WalkOutcome } from "./types.ts";

/** Claims in a row that may end without one journal row before the step is blamed. */
const MAX_FRUITLESS_EPOCHS = 5;

/** An execution this close to its time limit is not suspended any more. */
const WAITS_UP_TO_MS = 1_000;

/** What the worker sees of an execution that is being run: for touches, cancels and lost leases. */
export interface HeldExecution {
  readonly claim: ClaimedExecution;
  readonly state: ExecutionState;
  readonly heldSinceMs: number;
  /** Signals known when they were last looked at; more means that somebody answered. */
  knownSignals: number;
}

export class WorkflowPilot {
  readonly #services: PilotServices;
  readonly #suspender: Suspender;
  readonly #executor: ParallelExecutor;

  constructor({ services, suspender }: { readonly services: PilotServices; readonly suspender: Suspender }) {
    this.#services = services;
    this.#suspender = suspender;
    const steps = new StepExecutor({ services, walk: (list, scope, options) => this.#executor.walk(list, scope, options) });
    this.#executor = new ParallelExecutor((step, scope) => steps.execute(step, scope));
  }

  /** @param onHeld called once the execution's state is loaded, so that the worker can watch over it */
  async run(claim: ClaimedExecution, onHeld: (held: HeldExecution) => void): Promise<void> {
    const services = this.#services;
    let state: ExecutionState;
    try {
      state = await loadState(services, claim);
    } catch (error) {
      await this.#suspender.endUnloadable(claim, asAppError(error));
      return;
    }
    const held: HeldExecution = { claim, state, heldSinceMs: services.clock.monotonicMs(), knownSignals: state.signals.size };
    onHeld(held);
    services.emit({ executionId: state.id, type: "started" });
    if (claim.isCancelRequested) state.halt("cancelled");
    const stopTimer = watchTimeLimit(state, services.clock);
    try {
      await this.#toTheEnd(held);
    } finally {
      stopTimer();
    }
  }

  /** Walks until there is an end, or a suspension that no answer overtook. */
  async #toTheEnd(held: HeldExecution): Promise<void> {
    const { state } = held;
    if (state.claim.fruitlessEpochs >= MAX_FRUITLESS_EPOCHS) {
      await this.#end(state, "failed", killsWorker(state.claim));
      return;
    }
    for (;;) {
      const { definition } = state;
      const scope = new StepScope({
        state,
        prefix: "",
        steps: definition.steps,
        variables: {},
        parent: null,
        seesParent: false,
        inputs: state.inputs,
      });
      const outcome = await this.#executor.walk(definition.steps, scope, { maxConcurrency: definition.maxConcurrency });
      if (await this.#settle(state, scope, outcome)) return;
      state.replaceSignals(await loadSignals(this.#services.db, state.id));
      held.knownSignals = state.signals.size;
    }
  }

  /** @returns false when an answer came in while suspending: walk again */
  async #settle(state: ExecutionState, scope: StepScope, outcome: WalkOutcome): Promise<boolean> {
    if (state.haltReason === "lost") return true;
    if (state.haltReason === "cancelled" || state.haltReason === "timeout") return this.#endStopped(state, scope);
    if (outcome.status === "failed") {
      state.halt("failed");
      await rollBack(this.#services, this.#executor, scope);
      await this.#end(state, "failed", outcome.error);
      return true;
    }
    if (outcome.status === "waiting") return this.#suspend(state, outcome.waits);
    if (outcome.status === "halted") return this.#suspender.yieldNow(state);
    return this.#complete(state, scope);
  }

  async #complete(state: ExecutionState, scope: StepScope): Promise<boolean> {
    try {
      await this.#end(state, "completed", null, await this.#finalOutput(state, scope));
    } catch (error) {
      // A database that is away is no end: whoever claims the execution next reads its rows again.
      if (isDatabaseOutage(error)) throw error;
      await this.#end(state, "failed", asAppError(error));
    }
    return true;
  }

  async #endStopped(state: ExecutionState, scope: StepScope): Promise<boolean> {
    const wasCancelled = state.haltReason === "cancelled";
    const error = asAppError(state.signal.reason);
    await rollBack(this.#services, this.#executor, scope);
    await this.#end(state, wasCancelled ? "cancelled" : "failed", error);
    return true;
  }

  async #suspend(state: ExecutionState, waits: readonly Wait[]): Promise<boolean> {
    const uncertain = waits.filter((wait) => wait.for === "uncertain");
    const others = waits.length > uncertain.length;
    if (uncertain.length === 0 || others) {
      if (await this.#reachesTimeLimit(state)) return false;
      return this.#suspender.suspend(state, waits);
    }
    const error = new AppError("EFFECT_UNCERTAIN", uncertain.map(({ message }) => message).join("; "), {
      details: { step: uncertain[0]?.path ?? "" },
    });
    return this.#suspender.restUncertain(state, endParts(state, { status: "uncertain", error, outputHash: null }));
  }

  /**
   * Waits here for a time limit that is as good as reached. Suspended until then, it would be claimed again and again where the
   * database's clock is ahead of ours.
   */
  async #reachesTimeLimit(state: ExecutionState): Promise<boolean> {
    const { clock } = this.#services;
    if (state.deadlineMs === null || state.deadlineMs - clock.nowMs() > WAITS_UP_TO_MS) return false;
    // Rejects when it is halted meanwhile, by the limit's own timer too.
    await clock.sleep(Math.max(state.deadlineMs - clock.nowMs(), 0), state.signal).catch(() => undefined);
    if (state.haltReason === null) state.halt("timeout");
    return true;
  }

  async #finalOutput(state: ExecutionState, scope: StepScope): Promise<JsonValue> {
    const { definition } = state;
    if (definition.output !== undefined) {
      const roots = templateReferences(definition.output).map(({ root }) => root);
      await state.load(this.#services.db, scope.recordedPaths(roots));
      return resolveTemplates(definition.output, scope);
    }
    const last = definition.steps.at(-1);
    if (last === undefined) return null;
    await state.load(this.#services.db, [last.id]);
    return state.output(last.id);
  }

  async #end(state: ExecutionState, status: EndRow["status"], error: AppError | null, output?: JsonValue): Promise<void> {
    const { journal, emit } = this.#services;
    const parts: UnitPart[] = [];
    let outputHash: Buffer | null = null;
    if (output !== undefined) {
      const content = Buffer.from(encodeJson(output), "utf8");
      outputHash = sha256(content);
      parts.push({ kind: "values", rows: [{ executionId: state.id, hash: outputHash, content }] });
    }
    parts.push(...endParts(state, { status, error, outputHash }));
    const outcome = await journal.append({
      executionId: state.id,
      epoch: state.epoch,
      parts,
      finish: {
        jobId: state.claim.jobId,
        retryCount: state.claim.retryCount,
        hasGrants: state.hasGrants,
        ...(state.snapshot.governance === undefined || state.snapshot.governance.tokens === "off" ? {} : { hasBudget: true }),
      },
      // Not the execution's own signal: that one is aborted by a cancel, whose end must still be written.
      signal: this.#suspender.leaseSignal,
    });
    if (outcome === "committed") emit({ executionId: state.id, type: "finished", status });
  }
}

const AUDIT_OF = {
  completed: "PILOT_EXECUTION_COMPLETED",
  failed: "PILOT_EXECUTION_FAILED",
  cancelled: "PILOT_EXECUTION_CANCELLED",
  uncertain: "PILOT_EXECUTION_SUSPENDED",
} as const;

interface End {
  readonly status: EndRow["status"];
  readonly error: AppError | null;
  readonly outputHash: Buffer | null;
}

function endParts(state: ExecutionState, end: End): UnitPart[] {
  const { status, error } = end;
  const details = error === null ? {} : { details: { code: error.code } };
  // Ended before anybody resolved them: whether they happened stays unknown, and must not look as if they were still under way.
  const unresolved = settlementsOf(state.openEffects(), "uncertain");
  return [
    ...(unresolved.rows.length === 0 ? [] : [unresolved]),
    { kind: "ends", rows: [endRow(state, end)] },
    auditPart(state, AUDIT_OF[status], { entityType: "execution", entityId: state.id, ...details }),
  ];
}

function endRow(state: ExecutionState, { status, error, outputHash }: End): EndRow {
  const counts = { completed: 0, failed: 0, skipped: 0 };
  for (const [, step] of state.steps()) if (step.status in counts) counts[step.status as keyof typeof counts] += 1;
  return {
    executionId: state.id,
    status,
    outputHash,
    error: error === null ? null : JSON.stringify(toErrorRecord(error)),
    completedSteps: counts.completed,
    failedSteps: counts.failed,
    skippedSteps: counts.skipped,
  };
}

function watchTimeLimit(state: ExecutionState, clock: Clock): () => void {
  const { deadlineMs } = state;
  if (deadlineMs === null) return () => undefined;
  const leftMs = deadlineMs - clock.nowMs();
  if (leftMs <= 0) {
    state.halt("timeout");
    return () => undefined;
  }
  return clock.schedule(leftMs, () => state.halt("timeout"));
}

function killsWorker({ id, begunSteps, fruitlessEpochs }: ClaimedExecution): AppError {
  const blamed = begunSteps.length === 0 ? "a step" : `step ${begunSteps.join(", ")}`;
  return new AppError("STEP_KILLS_WORKER", `execution ${id}: ${blamed} ended its worker ${fruitlessEpochs} times in a row`, {
    details: { step: begunSteps.join(", ") },
  });
}
