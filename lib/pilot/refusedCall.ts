// How a step ends whose call is not made: at a limit of the ledger, or beyond what is planned. It waits for a person, fails, or is left out.
import { AppError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { nanoToUsd, usdToNano } from "../core/money.ts";
import { refusalError, type Refusal } from "../ledger/Ledger.ts";
import { auditPart } from "./auditPart.ts";
import { FINISH_CHEAP } from "./ExecutionControl.ts";
import type { Dispatch } from "./governance/StepGovernance.ts";
import type { ModelCallHost } from "./ModelCallHost.ts";
import type { StepOutcome } from "./types.ts";

/** The policy stops a call that passes the execution's planned tokens: it waits for a person, is left out, or fails. */
export function overBudget(
  host: ModelCallHost,
  { action, needTokens, missingTokens }: Extract<Dispatch, { readonly kind: "stopped" }>,
): StepOutcome {
  const { state } = host.scope;
  if (state.signals.has(FINISH_CHEAP)) return LEFT_OUT;
  const message = `step ${host.path}: the call needs ${needTokens} tokens, ${missingTokens} more than are left of the execution's budget`;
  const details = { step: host.path, needTokens, missingTokens };
  if (action === "fail") {
    const error = new AppError("BUDGET_EXCEEDED", message, { details, hint: "plan more tokens for the workflow (limits.plannedTokens)" });
    return { status: "failed", error, parts: [auditPart(state, "BUDGET_EXCEEDED", { entityType: "step", entityId: host.path, details })] };
  }
  const limit = { scope: `execution:${state.id}`, window: "total", missingUsd: null, missingTokens };
  const wait = { path: host.path, for: "budget" as const, until: null, message, needUsd: null, needTokens, more: { limit } };
  return {
    status: "waiting",
    waits: [wait],
    parts: [auditPart(state, "BUDGET_PAUSED", { entityType: "step", entityId: host.path, details })],
  };
}

/** How a step ends that a person told to be left out. */
const LEFT_OUT: StepOutcome = {
  status: "skipped",
  reason: "its call does not fit the budget, and the execution finishes without more",
};

/** At a limit: wait for a person, or fail, as whoever set the limit said. */
export function refusedOutcome(host: ModelCallHost, refusal: Refusal): StepOutcome {
  if (refusal.reason === "limit" && host.scope.state.signals.has(FINISH_CHEAP)) return LEFT_OUT;
  const error = refusalError(refusal, host.path);
  const { state } = host.scope;
  const details = error.details as JsonObject;
  if (refusal.account.onLimit === "fail" || refusal.reason === "price_unknown") {
    return { status: "failed", error, parts: [auditPart(state, "BUDGET_EXCEEDED", { entityType: "step", entityId: host.path, details })] };
  }
  const wait = {
    path: host.path,
    for: "budget" as const,
    until: null,
    message: error.message,
    needUsd: refusal.need.usd,
    needTokens: refusal.need.tokens,
    more: { limit: reachedLimit(refusal) },
  };
  return {
    status: "waiting",
    waits: [wait],
    parts: [auditPart(state, "BUDGET_PAUSED", { entityType: "step", entityId: host.path, details })],
  };
}

/** What a top-up must name and bring. Amounts are taken apart in nano-dollars, where differences are exact. */
function reachedLimit({ account, need, available }: Refusal): JsonObject {
  const usd = available.usd === null || need.usd === null ? null : nanoToUsd(usdToNano(need.usd) - usdToNano(available.usd));
  const tokens = available.tokens === null ? null : need.tokens - available.tokens;
  return {
    scope: account.kind === "workspace" ? "workspace" : `${account.kind}:${account.subject}`,
    window: account.window,
    missingUsd: usd === null ? null : Math.max(usd, 0),
    missingTokens: tokens === null ? null : Math.max(tokens, 0),
  };
}
