// The savings of one execution: what its calls paid against the same calls with nothing compressed. Reads rows; the arithmetic is orchestration/savings.
import type { Queryable } from "../../db/Database.ts";
import type { StoredStep } from "../../journal/JournalStore.ts";
import type { StoredAttempt } from "../../ledger/BudgetStore.ts";
import { computeSavings } from "../../orchestration/savings/computeSavings.ts";
import type { CallBaseline, CallPricer, SavingsCall, SavingsReport, ServedCall } from "../../orchestration/savings/types.ts";
import { MEMORY_PATH } from "../../memory/MemoryTaskStore.ts";
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
    steps,
    attempts,
    pricedAs,
  }: {
    readonly executionId: string;
    readonly steps: readonly StoredStep[];
    readonly attempts: readonly StoredAttempt[];
    readonly pricedAs: string | null;
  },
): Promise<ExecutionSavings | null> {
  const facts = new Map<string, CallFacts>();
  const views = new Map<string, number>();
  let wouldSaveTokens = 0;
  let isGoverned = false;
  let stepsWithoutModel = 0;
  for (const { stepPath, attempt, detail, stepType, status } of steps) {
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
    const told = toCalls(attempt, {
      usage,
      facts: facts.get(keyOf(attempt.stepPath, attempt.attempt, attempt.call)),
      views: views.get(at) ?? 0,
      pricedAs,
      prices,
    });
    // Each view is told of once, with the first call that shows it.
    views.delete(at);
    return told;
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
  readonly prices: CallPricer;
}

function toCalls({ stepPath, provider, model, state, usedUsd }: StoredAttempt, about: CallAbout): SavingsCall[] {
  const { usage, facts, views, pricedAs, prices } = about;
  const isNamed = pricedAs !== null && provider === "offline";
  const slash = pricedAs?.indexOf("/") ?? 0;
  const priced = isNamed
    ? { provider: pricedAs.slice(0, slash), model: pricedAs.slice(slash + 1) }
    : { provider: provider ?? "", model: model ?? "" };
  const common = { ...priced, usage, paidUsd: usedUsd, isAssumed: state === "assumed" };
  if (stepPath === MEMORY_PATH) return [{ kind: "own", purpose: "memory", ...common }];
  if (facts?.ownCost !== undefined) return [{ kind: "own", purpose: facts.ownCost, ...common, views }];
  if (facts === undefined) return [{ kind: "served", ...common, baseline: null }];
  const { rawInputTokens, sentInputTokens, memoryTokens = 0 } = facts;
  const baseline = { ...priced, rawInputTokens, sentInputTokens, views };
  if (memoryTokens === 0) return [{ kind: "served", ...common, baseline }];
  return withoutMemory({ kind: "served", ...common, baseline }, memoryTokens, prices);
}

/** The call as it would be without memory, and memory as a cost of ours: together what was paid. */
function withoutMemory(call: ServedCall & { readonly baseline: CallBaseline }, memoryTokens: number, prices: CallPricer): SavingsCall[] {
  const { usage, baseline, paidUsd, provider, model } = call;
  const { cacheReadTokens = 0, cacheWriteTokens = 0 } = usage;
  // What is in the provider's cache is the shared beginning: memory stands after it.
  const tokens = Math.min(memoryTokens, Math.max(usage.inputTokens - cacheReadTokens - cacheWriteTokens, 0));
  const priced = prices.priceCall(provider, model, { inputTokens: tokens, outputTokens: 0 });
  const usd = paidUsd === null || priced === null ? null : priced < paidUsd ? priced : paidUsd;
  return [
    {
      ...call,
      usage: { ...usage, inputTokens: usage.inputTokens - tokens },
      paidUsd: paidUsd === null || usd === null ? null : paidUsd - usd,
      baseline: {
        ...baseline,
        rawInputTokens: baseline.rawInputTokens - tokens,
        sentInputTokens: baseline.sentInputTokens - tokens,
      },
    },
    {
      kind: "own",
      isPart: true,
      purpose: "memory",
      provider,
      model,
      usage: { inputTokens: tokens, outputTokens: 0 },
      paidUsd: usd,
      // Told with the call it is a part of.
      isAssumed: false,
    },
  ];
}
