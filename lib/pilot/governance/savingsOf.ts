// The savings of one execution: what its calls paid against the same calls with nothing compressed. Reads rows; the arithmetic is orchestration/savings.
import type { Queryable } from "../../db/Database.ts";
import { loadSteps } from "../../journal/JournalStore.ts";
import type { StoredAttempt } from "../../ledger/BudgetStore.ts";
import { computeSavings } from "../../orchestration/savings/computeSavings.ts";
import type { CallPricer, SavingsCall, SavingsReport } from "../../orchestration/savings/types.ts";
import { loadUsageByAttempt } from "../../tokens/TokenUsageStore.ts";
import type { ModelUsage } from "../../tokens/types.ts";
import type { StepDetail } from "../ExecutionState.ts";
import type { CallFacts, GovernanceFacts } from "./facts.ts";

const MODEL_STEPS = new Set(["ai_processing", "llm_decision"]);

export interface ExecutionSavings {
  readonly report: SavingsReport;
  /** Tokens that views would have kept from being sent where governance only observed. */
  readonly wouldSaveTokens: number;
}

/** @returns null when nothing of the execution was governed or observed */
export async function savingsOf(
  db: Queryable,
  prices: CallPricer,
  {
    executionId,
    attempts,
    pricedAs,
  }: { readonly executionId: string; readonly attempts: readonly StoredAttempt[]; readonly pricedAs: string | null },
): Promise<ExecutionSavings | null> {
  const facts = new Map<string, CallFacts>();
  const views = new Map<string, number>();
  let wouldSaveTokens = 0;
  let isGoverned = false;
  let stepsWithoutModel = 0;
  for (const { stepPath, attempt, detail, stepType, status } of await loadSteps(db, executionId)) {
    if (!MODEL_STEPS.has(stepType) && status === "completed") stepsWithoutModel += 1;
    const governance = detail === null ? undefined : (JSON.parse(detail) as StepDetail).governance;
    if (governance === undefined) continue;
    isGoverned = true;
    for (const call of governance.calls) facts.set(keyOf(stepPath, attempt, call.call), call);
    views.set(`${stepPath}#${attempt}`, shownViews(governance));
    if (governance.mode === "observe") wouldSaveTokens += governance.views.reduce((sum, view) => sum + view.tokensIn - view.tokensOut, 0);
  }
  if (!isGoverned) return null;
  const usages = await loadUsageByAttempt(db, executionId);
  const calls = attempts.flatMap((attempt) => {
    if (attempt.kind !== "model" || (attempt.state !== "settled" && attempt.state !== "assumed")) return [];
    // A call whose owner died left no usage, only what it is booked at: as much is in the baseline.
    const usage = usages.get(attempt.id) ?? { inputTokens: attempt.usedTokens ?? 0, outputTokens: 0 };
    const at = `${attempt.stepPath}#${attempt.attempt}`;
    const call = toCall(attempt, {
      usage,
      facts: facts.get(keyOf(attempt.stepPath, attempt.attempt, attempt.call)),
      views: views.get(at) ?? 0,
      pricedAs,
    });
    // Each view is told of once, with the first call that shows it.
    views.delete(at);
    return [call];
  });
  return { report: computeSavings({ calls, stepsWithoutModel }, prices), wouldSaveTokens };
}

function keyOf(path: string, attempt: number, call: number): string {
  return `${path}#${attempt}#${call}`;
}

function shownViews({ mode, views }: GovernanceFacts): number {
  return mode === "on" ? views.length : 0;
}

interface CallAbout {
  readonly usage: ModelUsage;
  readonly facts: CallFacts | undefined;
  readonly views: number;
  readonly pricedAs: string | null;
}

function toCall({ provider, model, state, usedUsd }: StoredAttempt, { usage, facts, views, pricedAs }: CallAbout): SavingsCall {
  const isNamed = pricedAs !== null && provider === "offline";
  const slash = pricedAs?.indexOf("/") ?? 0;
  const priced = isNamed
    ? { provider: pricedAs.slice(0, slash), model: pricedAs.slice(slash + 1) }
    : { provider: provider ?? "", model: model ?? "" };
  const common = { ...priced, usage, paidUsd: usedUsd, isAssumed: state === "assumed" };
  if (facts?.ownCost !== undefined) return { kind: "own", purpose: facts.ownCost, ...common, views };
  if (facts === undefined) return { kind: "served", ...common, baseline: null };
  const { rawInputTokens, sentInputTokens } = facts;
  return { kind: "served", ...common, baseline: { ...priced, rawInputTokens, sentInputTokens, views } };
}
