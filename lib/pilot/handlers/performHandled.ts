// One attempt of a step through its handler: bounded, measured, recorded. Where the handler fails before it did anything, the direct path.
import { asAppError, type AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { UnitPart } from "../../db/UnitPart.ts";
import type { HandlerFacts } from "../../orchestration/types.ts";
import type { StepOutput } from "../../workflow/types.ts";
import { auditPart } from "../auditPart.ts";
import type { StepContext, StepOutcome, StepPerformer } from "../types.ts";
import type { HandlerRoute } from "./HandlerRoute.ts";
import { IdleWatch } from "./IdleWatch.ts";
import { PilotHandlerContext } from "./PilotHandlerContext.ts";

/** Longest that a handler may compute or wait by itself, without anything of its step under way. */
export const HANDLER_IDLE_MS = 30_000;
/** How long it may go on after an abort. */
const ABORT_GRACE_MS = 2_000;

const ORCHESTRATION_FAULTS: ReadonlySet<string> = new Set(["HANDLER_INVALID", "HANDLER_UNAVAILABLE", "INTERNAL"]);

export async function performHandled(context: StepContext, performer: StepPerformer, route: HandlerRoute): Promise<StepOutcome> {
  if (route.mode === "observe") return withFacts(await performer(context), { name: route.name, intent: route.intent, mode: "observe" });
  const { clock } = context.services;
  const startedMs = clock.monotonicMs();
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  // It may come while nobody waits for it yet.
  givenUp.catch(() => undefined);
  const giveUp = (error: AppError): void => {
    handled.close(error);
    reject(error);
  };
  const watch = new IdleWatch({ clock, signal: context.signal, idleMs: HANDLER_IDLE_MS, graceMs: ABORT_GRACE_MS, giveUp });
  const handled = new PilotHandlerContext({ context, performer, route, onIdle: (isIdle) => watch.set(isIdle) });
  let outcome: StepOutcome;
  try {
    const made = await route.registry.execute(context.step, handled, givenUp);
    outcome = handled.ended ?? completed(handled, made);
  } catch (thrown) {
    if (handled.ended === null && !handled.hasBegun && !context.signal.aborted) {
      handled.close();
      watch.end();
      return degrade(context, performer, { route, error: asAppError(thrown) });
    }
    outcome = handled.ended ?? { status: "failed", error: asAppError(thrown) };
  } finally {
    handled.close();
    watch.end();
  }
  return record(context, outcome, { handled, route, ms: clock.monotonicMs() - startedMs });
}

function completed({ facts }: PilotHandlerContext, { data }: StepOutput): StepOutcome {
  const { itemCount: _itemCount, ...rest } = facts;
  return { status: "completed", output: data, facts: Array.isArray(data) ? { ...rest, itemCount: data.length } : facts };
}

/** The step takes the direct path, and its row and the audit trail say why. */
async function degrade(
  context: StepContext,
  performer: StepPerformer,
  { route, error }: { readonly route: HandlerRoute; readonly error: AppError },
): Promise<StepOutcome> {
  const { state, path, services } = context;
  // What a workflow's own templates and settings bring about says nothing about orchestration.
  if (ORCHESTRATION_FAULTS.has(error.code)) route.noteFailure();
  services.logger.error({ executionId: state.id, path, error: error.message }, "a handler failed: the step takes the direct path");
  const reason = error.message.slice(0, 300);
  const details: JsonObject = { reason, handler: route.name };
  const part = auditPart(state, "ORCHESTRATION_BYPASSED", { entityType: "step", entityId: path, details });
  const facts: HandlerFacts = { name: route.name, intent: route.intent, mode: "on", degraded: reason };
  return withFacts(await performer(context), facts, [part]);
}

interface Handled {
  readonly handled: PilotHandlerContext;
  readonly route: HandlerRoute;
  readonly ms: number;
}

/** What it came to, in the row and in the trail; a step that waits or is stopped has come to nothing yet. */
function record({ state, path }: StepContext, outcome: StepOutcome, { handled, route, ms }: Handled): StepOutcome {
  const { savedTokens, metrics, parts } = handled;
  if (outcome.status === "waiting") return parts.length === 0 ? outcome : { ...outcome, parts: [...(outcome.parts ?? []), ...parts] };
  if (outcome.status !== "completed" && outcome.status !== "failed") return outcome;
  const base = outcome.facts === undefined ? { ...outcome, facts: handled.facts } : outcome;
  const facts: HandlerFacts = {
    name: route.name,
    intent: route.intent,
    mode: "on",
    succeeded: outcome.status === "completed",
    ms: Math.round(ms * 1_000) / 1_000,
    tokens: base.facts?.tokensUsed ?? 0,
    savedTokens,
    ...(Object.keys(metrics).length === 0 ? {} : { metrics }),
  };
  const { name: handler, ...rest } = facts;
  const details = { handler, ...rest } as JsonObject;
  const part = auditPart(state, "ORCHESTRATION_HANDLER_EXECUTED", { entityType: "step", entityId: path, details });
  return withFacts(base, facts, [...parts, part]);
}

function withFacts(outcome: StepOutcome, handler: HandlerFacts, parts: readonly UnitPart[] = []): StepOutcome {
  if (outcome.status === "skipped" || outcome.status === "halted") return outcome;
  const more = parts.length === 0 ? {} : { parts: [...(outcome.parts ?? []), ...parts] };
  if (outcome.status === "waiting") return { ...outcome, ...more };
  return { ...outcome, ...more, facts: { ...outcome.facts, handler } };
}
