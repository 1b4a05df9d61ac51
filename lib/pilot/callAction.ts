// One plugin call with its effect guarded: attempt row before the socket, outcome with the step, and what to do when nobody knows.
import type { AppError } from "../core/errors.ts";
import { uuidv7 } from "../core/ids.ts";
import { isJsonObject, type JsonValue } from "../core/json.ts";
import { usdToNano } from "../core/money.ts";
import type { StoredAttempt } from "../ledger/BudgetStore.ts";
import type { AttemptRow } from "../ledger/LedgerStore.ts";
import type { Settlement } from "../ledger/types.ts";
import { idempotencyKey } from "../plugins/idempotencyKey.ts";
import type { ActionCall, ActionOutcome, CallProfile, Verification } from "../plugins/types.ts";
import { auditPart } from "./auditPart.ts";
import type { ModelCallHost } from "./callModel.ts";
import type { ActionCallRequest, StepFacts, StepOutcome } from "./types.ts";

const HOUR_MS = 3_600_000;

interface GuardedCall {
  readonly call: ActionCall;
  readonly profile: CallProfile;
  readonly path: string;
  readonly facts: StepFacts;
}

export async function callAction(host: ModelCallHost, request: ActionCallRequest): Promise<StepOutcome> {
  const { services, scope } = host;
  const { state } = scope;
  const path = request.path ?? host.path;
  const facts: StepFacts = { plugin: request.plugin, action: request.action };
  const profile = services.plugins.profile(request);
  const changesSomething = profile.effect === "write" || profile.effect === "destructive";
  if (changesSomething && state.snapshot.previewEffects) {
    const output = { previewed: true, plugin: request.plugin, action: request.action, params: request.params };
    return { status: "completed", output, facts: { ...facts, more: { previewed: true } } };
  }
  const call: ActionCall = {
    plugin: request.plugin,
    action: request.action,
    params: request.params,
    context: {
      executionId: state.id,
      stepPath: path,
      workspaceId: state.workspaceId,
      idempotencyKey: idempotencyKey({ executionId: state.id, stepPath: path }),
      signal: host.signal,
    },
  };
  const guarded: GuardedCall = { call, profile, path, facts };
  if (!changesSomething) return plainOutcome(guarded, await services.plugins.execute(call));
  const earlier = await resolveEarlier(host, guarded);
  if (earlier !== null) return earlier;
  return performEffect(host, guarded);
}

function plainOutcome({ facts }: GuardedCall, outcome: ActionOutcome): StepOutcome {
  if (!outcome.ok) return { status: "failed", error: outcome.error, facts };
  return { status: "completed", output: outcome.data, facts: { ...facts, ...countOf(outcome.data), ...costOf(outcome.costUsd) } };
}

/** The attempt row is committed before anything leaves the process; its outcome commits with the step's result. */
async function performEffect(host: ModelCallHost, guarded: GuardedCall): Promise<StepOutcome> {
  const { services, scope } = host;
  const { state } = scope;
  const row: AttemptRow = {
    id: uuidv7(),
    executionId: state.id,
    epoch: state.epoch,
    stepPath: guarded.path,
    attempt: host.attempt,
    call: host.nextCall(),
    kind: "effect",
    provider: null,
    model: null,
    reservedTokens: 0,
    reservedUsd: null,
    outputCapTokens: null,
    idempotencyKey: guarded.call.context.idempotencyKey,
    viewHash: null,
  };
  const begun = await services.journal.append({
    executionId: state.id,
    epoch: state.epoch,
    parts: [{ kind: "attempts", rows: [row] }],
    signal: state.signal,
  });
  // The lease is looked at right before the write: a worker that was frozen must not send what its successor may have sent.
  if (begun === "fenced" || state.haltReason === "lost") {
    state.halt("lost");
    return { status: "halted" };
  }
  const dispatchedAtMs = services.clock.nowMs();
  const outcome = await services.plugins.execute(guarded.call);
  const settle = (settled: Settlement["state"], usd: number | null = null): void => {
    const settlement: Settlement = { attemptId: row.id, state: settled, usedTokens: 0, usedUsd: usd === null ? null : usdToNano(usd) };
    host.add([{ kind: "settlements", rows: [settlement] }]);
  };
  if (outcome.ok) {
    settle("settled", outcome.costUsd);
    return { status: "completed", output: outcome.data, facts: { ...guarded.facts, ...countOf(outcome.data), ...costOf(outcome.costUsd) } };
  }
  if (outcome.effectHappened === "no") {
    settle("failed");
    return { status: "failed", error: outcome.error, facts: guarded.facts };
  }
  return afterMaybe(host, guarded, { outcome, dispatchedAtMs, settle });
}

async function afterMaybe(
  host: ModelCallHost,
  guarded: GuardedCall,
  {
    outcome,
    dispatchedAtMs,
    settle,
  }: {
    readonly outcome: Extract<ActionOutcome, { ok: false }>;
    readonly dispatchedAtMs: number;
    readonly settle: (state: Settlement["state"]) => void;
  },
): Promise<StepOutcome> {
  const { state } = host.scope;
  const seen = await verify(host, guarded);
  if (seen.happened === true) {
    settle("settled");
    return verified(host, guarded, seen.output);
  }
  if (seen.happened === false || isRepeatable(guarded.profile, dispatchedAtMs, host.services.clock.nowMs())) {
    // Not done, or harmless to do again under the same key: an ordinary failure, which the retry policy may repeat.
    settle("failed");
    return { status: "failed", error: outcome.error, facts: guarded.facts };
  }
  // While the execution is being stopped, the attempt stays open: its next owner resolves it.
  if (state.haltReason !== null && state.haltReason !== "failed" && state.haltReason !== "yield") return { status: "halted" };
  settle("uncertain");
  return uncertain(guarded, outcome.error);
}

/** What an earlier attempt of this very call left: nothing, a fact, or a doubt. */
async function resolveEarlier(host: ModelCallHost, guarded: GuardedCall): Promise<StepOutcome | null> {
  const { state } = host.scope;
  const open = state.attemptsOf(guarded.path).filter((row) => row.kind === "effect" && (row.state === "open" || row.state === "uncertain"));
  const last = open.at(-1);
  if (last === undefined) return null;
  const answer = state.signals.get(`resolve:${guarded.path}:${last.id}`);
  if (answer !== undefined) return answeredByPerson(host, { guarded, last, payload: answer.payload });
  const seen = await verify(host, guarded);
  if (seen.happened === true) {
    host.add([settlementOf(last, "settled")]);
    return verified(host, guarded, seen.output);
  }
  if (seen.happened === false || isRepeatable(guarded.profile, last.dispatchedAt.getTime(), host.services.clock.nowMs())) {
    host.add([settlementOf(last, "failed")]);
    return null;
  }
  // A paused worker may still be inside the call: until the action's own time-out has passed, nobody can answer for it.
  const answerableAtMs = last.dispatchedAt.getTime() + guarded.profile.timeoutMs;
  const until = last.epoch !== state.epoch && answerableAtMs > host.services.clock.nowMs() ? new Date(answerableAtMs) : null;
  if (last.state === "open") host.add([settlementOf(last, "uncertain")]);
  return until === null
    ? uncertain(guarded, null, last.id)
    : {
        status: "waiting",
        waits: [
          {
            path: guarded.path,
            for: "delay",
            until,
            message: `an attempt of another worker may still be under way`,
            needUsd: null,
            needTokens: null,
          },
        ],
      };
}

function answeredByPerson(
  host: ModelCallHost,
  { guarded, last, payload }: { readonly guarded: GuardedCall; readonly last: StoredAttempt; readonly payload: string },
): StepOutcome | null {
  const answer = JSON.parse(payload) as { readonly resolve: "done" | "retry"; readonly output?: JsonValue };
  const { state } = host.scope;
  host.add([
    settlementOf(last, answer.resolve === "done" ? "settled" : "failed"),
    auditPart(state, "EFFECT_RESOLVED", { entityType: "step", entityId: guarded.path, details: { resolve: answer.resolve } }),
  ]);
  if (answer.resolve === "retry") return null;
  return {
    status: "completed",
    output: answer.output ?? null,
    facts: { ...guarded.facts, warnings: ["a person said that the effect happened"] },
  };
}

async function verify(host: ModelCallHost, { call, profile }: GuardedCall): Promise<Verification> {
  return profile.canVerify ? host.services.plugins.verify(call) : { happened: "unknown" };
}

function isRepeatable({ idempotency }: CallProfile, firstAtMs: number, nowMs: number): boolean {
  return idempotency.by !== "none" && nowMs - firstAtMs < idempotency.windowHours * HOUR_MS;
}

function verified(host: ModelCallHost, { path, facts }: GuardedCall, output: JsonValue): StepOutcome {
  host.add([auditPart(host.scope.state, "EFFECT_VERIFIED", { entityType: "step", entityId: path })]);
  return { status: "completed", output, facts: { ...facts, warnings: ["the reply was lost; the effect was verified"] } };
}

function uncertain({ path, call }: GuardedCall, cause: AppError | null, attemptId?: string): StepOutcome {
  const because = cause === null ? "the worker died during the call" : cause.message;
  const message = `${call.plugin}.${call.action} may or may not have happened: ${because}`;
  const wait = { path, for: "uncertain" as const, until: null, message, needUsd: null, needTokens: null };
  return { status: "waiting", waits: [attemptId === undefined ? wait : { ...wait, message: `${message} (attempt ${attemptId})` }] };
}

function settlementOf(row: StoredAttempt, state: Settlement["state"]): { readonly kind: string; readonly rows: readonly Settlement[] } {
  return { kind: "settlements", rows: [{ attemptId: row.id, state, usedTokens: 0, usedUsd: null }] };
}

function countOf(data: JsonValue): { readonly itemCount?: number } {
  if (Array.isArray(data)) return { itemCount: data.length };
  const items = isJsonObject(data) ? data["items"] : undefined;
  return Array.isArray(items) ? { itemCount: items.length } : {};
}

function costOf(costUsd: number | null): StepFacts {
  return costUsd === null ? {} : { costUsd: usdToNano(costUsd) };
}
