// What callAction and resolveEarlier share: looking whether an effect happened, whether it may be repeated, and the outcomes of both. Sends nothing.
import type { AppError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import type { StoredAttempt } from "../ledger/BudgetStore.ts";
import type { Settlement } from "../ledger/types.ts";
import type { ActionCall, CallProfile, Verification } from "../plugins/types.ts";
import { auditPart } from "./auditPart.ts";
import type { ModelCallHost } from "./ModelCallHost.ts";
import type { StepFacts, StepOutcome } from "./types.ts";

const HOUR_MS = 3_600_000;

export interface GuardedCall {
  readonly call: ActionCall;
  readonly profile: CallProfile;
  readonly path: string;
  readonly facts: StepFacts;
}

/** Asks once: `happened: true` is a fact, `false` only what the receiver knows so far. */
export async function look(host: ModelCallHost, { call, profile }: GuardedCall): Promise<Verification> {
  return profile.canVerify ? host.services.plugins.verify(call) : { happened: "unknown" };
}

/** Whoever answers again has worked off within this what had reached it before. */
const ASK_AGAIN_AFTER_MS = 2_000;

/** A receiver that stood still answers what it is asked before it does what it was sent: "not done" counts when it is said twice. */
export async function confirmed(host: ModelCallHost, guarded: GuardedCall, first: Verification): Promise<Verification> {
  if (first.happened !== false) return first;
  const { signal } = host;
  await host.services.clock.sleep(ASK_AGAIN_AFTER_MS, signal).catch(() => undefined);
  return signal.aborted ? { happened: "unknown" } : look(host, guarded);
}

/** The receiver's window began with the first try under the key, whichever claim made it. */
export function isRepeatable(host: ModelCallHost, { path, profile }: GuardedCall): boolean {
  const { by, windowHours } = profile.idempotency;
  if (by === "none") return false;
  const nowMs = host.services.clock.nowMs();
  const tries = effectAttempts(host, path).map(({ dispatchedAt }) => dispatchedAt.getTime());
  return nowMs - Math.min(nowMs, ...tries) < windowHours * HOUR_MS;
}

export function effectAttempts({ scope }: ModelCallHost, path: string): StoredAttempt[] {
  return scope.state.attemptsOf(path).filter(({ kind }) => kind === "effect");
}

export function verified(host: ModelCallHost, { path, facts }: GuardedCall, output: JsonValue): StepOutcome {
  host.add([auditPart(host.scope.state, "EFFECT_VERIFIED", { entityType: "step", entityId: path })]);
  return { status: "completed", output, facts: { ...facts, warnings: ["the reply was lost; the effect was verified"] } };
}

export function uncertain({ path, call }: GuardedCall, cause: AppError | null, attemptId?: string): StepOutcome {
  const because = cause === null ? "the worker died during the call" : cause.message;
  const message = `${call.plugin}.${call.action} may or may not have happened: ${because}`;
  const wait = { path, for: "uncertain" as const, until: null, message, needUsd: null, needTokens: null };
  return { status: "waiting", waits: [attemptId === undefined ? wait : { ...wait, message: `${message} (attempt ${attemptId})` }] };
}

export function settlementsOf(rows: readonly StoredAttempt[], state: Settlement["state"]): UnitPart<Settlement> {
  return { kind: "settlements", rows: rows.map(({ id }) => ({ attemptId: id, state, usedTokens: 0, usedUsd: null })) };
}
