// What earlier attempts of this very effect left: nothing, a fact, or a doubt; and what follows from it. Sends nothing itself.
import type { JsonValue } from "../core/json.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import type { StoredAttempt } from "../ledger/BudgetStore.ts";
import { auditPart } from "./auditPart.ts";
import type { ModelCallHost } from "./ModelCallHost.ts";
import { confirmed, effectAttempts, isRepeatable, look, settlementsOf, uncertain, verified, type GuardedCall } from "./guardedCall.ts";
import type { StepOutcome } from "./types.ts";

/** `send`: it may be sent (again); `parts` must commit together with the new attempt's row, so that no doubt is forgotten in between. */
export type Resolution =
  | { readonly kind: "send"; readonly parts: readonly UnitPart[] }
  | { readonly kind: "ended"; readonly outcome: StepOutcome };

const SEND: Resolution = { kind: "send", parts: [] };

export async function resolveEarlier(host: ModelCallHost, guarded: GuardedCall): Promise<Resolution> {
  const earlier = effectAttempts(host, guarded.path);
  const doubtful = earlier.filter(({ state }) => state === "open" || state === "uncertain");
  const last = doubtful.at(-1);
  if (earlier.some(({ state }) => state === "settled")) return resultLost(host, guarded, doubtful);
  if (last === undefined) return SEND;
  const answer = host.scope.state.signals.get(`resolve:${guarded.path}:${last.id}`);
  if (answer !== undefined) return answeredByPerson(host, { guarded, doubtful, payload: answer.payload });
  const first = await look(host, guarded);
  if (first.happened === true) return happened(host, { guarded, doubtful, output: first.output });
  if (isRepeatable(host, guarded)) return { kind: "send", parts: [settlementsOf(doubtful, "failed")] };
  // Another worker may still be inside the call, or its request on the way: until the action's own time-out has passed, "not done" means nothing.
  const answerableAtMs = last.dispatchedAt.getTime() + guarded.profile.timeoutMs;
  if (last.epoch !== host.scope.state.epoch && answerableAtMs > host.services.clock.nowMs())
    return { kind: "ended", outcome: stillUnderWay(guarded, answerableAtMs) };
  const seen = await confirmed(host, guarded, first);
  if (seen.happened === true) return happened(host, { guarded, doubtful, output: seen.output });
  if (seen.happened === false) return { kind: "send", parts: [settlementsOf(doubtful, "failed")] };
  host.add([
    settlementsOf(
      doubtful.filter(({ state }) => state === "open"),
      "uncertain",
    ),
  ]);
  return { kind: "ended", outcome: uncertain(guarded, null, last.id) };
}

function happened(
  host: ModelCallHost,
  { guarded, doubtful, output }: { readonly guarded: GuardedCall; readonly doubtful: readonly StoredAttempt[]; readonly output: JsonValue },
): Resolution {
  host.add([settlementsOf(doubtful, "settled")]);
  return { kind: "ended", outcome: verified(host, guarded, output) };
}

/** It happened, says its attempt, but the result was never stored: its owner had lost the execution by then. */
async function resultLost(host: ModelCallHost, guarded: GuardedCall, doubtful: readonly StoredAttempt[]): Promise<Resolution> {
  if (isRepeatable(host, guarded)) return { kind: "send", parts: [settlementsOf(doubtful, "failed")] };
  host.add([settlementsOf(doubtful, "settled")]);
  const seen = await look(host, guarded);
  if (seen.happened === true) return { kind: "ended", outcome: verified(host, guarded, seen.output) };
  const facts = { ...guarded.facts, warnings: ["the effect happened; its reply was lost with the worker that got it"] };
  return { kind: "ended", outcome: { status: "completed", output: null, facts } };
}

function stillUnderWay({ path }: GuardedCall, untilMs: number): StepOutcome {
  const message = "an attempt of another worker may still be under way";
  return { status: "waiting", waits: [{ path, for: "delay", until: new Date(untilMs), message, needUsd: null, needTokens: null }] };
}

function answeredByPerson(
  host: ModelCallHost,
  { guarded, doubtful, payload }: { readonly guarded: GuardedCall; readonly doubtful: readonly StoredAttempt[]; readonly payload: string },
): Resolution {
  const answer = JSON.parse(payload) as { readonly resolve: "done" | "retry"; readonly output?: JsonValue };
  const { state } = host.scope;
  const audit = auditPart(state, "EFFECT_RESOLVED", { entityType: "step", entityId: guarded.path, details: { resolve: answer.resolve } });
  if (answer.resolve === "retry") return { kind: "send", parts: [settlementsOf(doubtful, "failed"), audit] };
  host.add([settlementsOf(doubtful, "settled"), audit]);
  const facts = { ...guarded.facts, warnings: ["a person said that the effect happened"] };
  return { kind: "ended", outcome: { status: "completed", output: answer.output ?? null, facts } };
}
