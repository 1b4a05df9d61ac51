// One plugin call with its effect guarded: attempt row before the socket, outcome with the step, and what to do when nobody knows.
import { uuidv7 } from "../core/ids.ts";
import { isJsonObject, type JsonValue } from "../core/json.ts";
import { usdToNano } from "../core/money.ts";
import type { AttemptRow } from "../ledger/LedgerStore.ts";
import type { Settlement } from "../ledger/types.ts";
import { idempotencyKey } from "../plugins/idempotencyKey.ts";
import type { ActionCall, ActionOutcome } from "../plugins/types.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import type { ModelCallHost } from "./ModelCallHost.ts";
import { confirmed, isRepeatable, look, uncertain, verified, type GuardedCall } from "./guardedCall.ts";
import { resolveEarlier } from "./resolveEarlier.ts";
import type { ActionCallRequest, StepFacts, StepOutcome } from "./types.ts";

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
  return earlier.kind === "ended" ? earlier.outcome : performEffect(host, guarded, earlier.parts);
}

function plainOutcome({ facts }: GuardedCall, outcome: ActionOutcome): StepOutcome {
  if (!outcome.ok) return { status: "failed", error: outcome.error, facts };
  return { status: "completed", output: outcome.data, facts: { ...facts, ...countOf(outcome.data), ...costOf(outcome.costUsd) } };
}

/**
 * The attempt row is committed before anything leaves the process; its outcome commits with the step's result.
 *
 * @param earlier what becomes of the attempts before
 */
async function performEffect(host: ModelCallHost, guarded: GuardedCall, earlier: readonly UnitPart[]): Promise<StepOutcome> {
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
    parts: [...earlier, { kind: "attempts", rows: [row] }],
    signal: state.signal,
  });
  const dispatchedAt = new Date(services.clock.nowMs());
  const settle = (settled: Settlement["state"], usd: number | null = null): void => {
    const settlement: Settlement = { attemptId: row.id, state: settled, usedTokens: 0, usedUsd: usd === null ? null : usdToNano(usd) };
    host.add([{ kind: "settlements", rows: [settlement] }]);
    // The walk may come here again in this very claim, and must find what was left.
    if (settled !== "settled") state.keepAttempt({ ...row, state: settled, usedTokens: 0, usedUsd: null, dispatchedAt, message: null });
  };
  // The lease is looked at right before the write: a worker that was frozen must not send what its successor may have sent.
  if (begun === "fenced" || state.haltReason === "lost" || !services.hasLease()) {
    state.halt("lost");
    if (begun === "committed") settle("failed");
    return { status: "halted" };
  }
  const outcome = await services.plugins.execute(guarded.call);
  if (outcome.ok) {
    settle("settled", outcome.costUsd);
    return { status: "completed", output: outcome.data, facts: { ...guarded.facts, ...countOf(outcome.data), ...costOf(outcome.costUsd) } };
  }
  if (outcome.effectHappened === "no") {
    settle("failed");
    return { status: "failed", error: outcome.error, facts: guarded.facts };
  }
  return afterMaybe(host, guarded, { outcome, settle });
}

interface Doubt {
  readonly outcome: Extract<ActionOutcome, { ok: false }>;
  readonly settle: (state: Settlement["state"]) => void;
}

async function afterMaybe(host: ModelCallHost, guarded: GuardedCall, { outcome, settle }: Doubt): Promise<StepOutcome> {
  const { state } = host.scope;
  const first = await look(host, guarded);
  const seen = isRepeatable(host, guarded) ? first : await confirmed(host, guarded, first);
  if (seen.happened === true) {
    settle("settled");
    return verified(host, guarded, seen.output);
  }
  // While the execution goes elsewhere, the attempt stays open: its next owner resolves it.
  if (state.haltReason === "lost") return { status: "halted" };
  if (seen.happened === false || isRepeatable(host, guarded)) {
    // Not done, or harmless to do again under the same key: an ordinary failure, which the retry policy may repeat.
    settle("failed");
    return { status: "failed", error: outcome.error, facts: guarded.facts };
  }
  settle("uncertain");
  return uncertain(guarded, outcome.error);
}

function countOf(data: JsonValue): { readonly itemCount?: number } {
  if (Array.isArray(data)) return { itemCount: data.length };
  const items = isJsonObject(data) ? data["items"] : undefined;
  return Array.isArray(items) ? { itemCount: items.length } : {};
}

function costOf(costUsd: number | null): StepFacts {
  return costUsd === null ? {} : { costUsd: usdToNano(costUsd) };
}
