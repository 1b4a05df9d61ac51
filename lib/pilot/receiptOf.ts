// An execution's receipt: what was paid, call by call, against what limit. Savings are null until there is something that saves.
import { OFFLINE_MODEL } from "../models/ProviderRegistry.ts";
import type { WorkspaceId } from "../core/ids.ts";
import { nanoToUsd, type NanoUsd } from "../core/money.ts";
import type { Queryable } from "../db/Database.ts";
import { loadSteps, type StoredStep } from "../journal/JournalStore.ts";
import { MEMORY_PATH } from "../memory/MemoryTaskStore.ts";
import { loadAccountStates, loadAttempts } from "../ledger/BudgetStore.ts";
import { renderReceipt } from "../orchestration/savings/renderReceipt.ts";
import type { CallPricer, SavingsTotal } from "../orchestration/savings/types.ts";
import type { Receipt, SavingsAmount, SavingsDocument } from "../receiptApi.ts";
import { savingsOf, type ExecutionSavings } from "./governance/savingsOf.ts";
import { DocumentCache } from "./DocumentStore.ts";
import type { ConfigSnapshot, StepDetail } from "./ExecutionState.ts";
import { reportedStatus, requireExecution } from "./reportExecution.ts";

const documents = new DocumentCache();

export async function receiptOf(db: Queryable, prices: CallPricer, workspaceId: WorkspaceId, id: string): Promise<Receipt> {
  const record = await requireExecution(db, workspaceId, id);
  const snapshot = (await documents.load(db, workspaceId, record.snapshotHash)) as unknown as ConfigSnapshot;
  const attempts = await loadAttempts(db, id);
  const [account] = await loadAccountStates(db, workspaceId, { kind: "execution", subject: id });
  const models = attempts.filter(({ kind }) => kind === "model");
  const effects = attempts.filter(({ kind, usedUsd }) => kind === "effect" && usedUsd !== null && usedUsd > 0n);
  const settled = models.filter(({ state }) => state === "settled" || state === "assumed");
  const unpriced = settled.filter(({ usedUsd }) => usedUsd === null).length;
  const modelUsd = sum(settled.map(({ usedUsd }) => usedUsd));
  const effectUsd = sum(effects.map(({ usedUsd }) => usedUsd));
  const overrun = settled.reduce((total, { usedUsd, reservedUsd }) => {
    const excess = usedUsd === null || reservedUsd === null ? 0n : usedUsd - reservedUsd;
    return excess > 0n ? total + excess : total;
  }, 0n);
  const tokens = settled.reduce((total, { usedTokens }) => total + (usedTokens ?? 0), 0);
  const summaries = settled.filter(({ stepPath }) => stepPath === MEMORY_PATH);
  const served = settled.length - summaries.length;
  const summaryTokens = summaries.reduce((total, { usedTokens }) => total + (usedTokens ?? 0), 0);
  const summaryUsd = summaries.some(({ usedUsd }) => usedUsd === null) ? null : sum(summaries.map(({ usedUsd }) => usedUsd));
  const servedUsd = modelUsd - sum(summaries.map(({ usedUsd }) => usedUsd));
  const isUnpriced = settled.some(({ stepPath, usedUsd }) => stepPath !== MEMORY_PATH && usedUsd === null);
  const steps = await loadSteps(db, id);
  const savings = await savingsOf(db, prices, { executionId: id, steps, attempts, pricedAs: snapshot.pricedAs });
  const booked = bookedAs(snapshot.pricedAs, settled.filter(({ provider }) => provider === OFFLINE_MODEL).length, settled.length);
  return {
    executionId: id,
    status: reportedStatus(record.status),
    paidUsd: unpriced > 0 ? null : nanoToUsd(modelUsd + effectUsd),
    limitUsd: account?.limitUsd === undefined || account.limitUsd === null ? null : nanoToUsd(account.limitUsd),
    baselineUsd: usdOrNull(savings?.report.baseline.usd ?? null),
    pricedAs: snapshot.pricedAs,
    lines: [
      {
        cause: "model calls",
        usd: isUnpriced ? null : nanoToUsd(servedUsd),
        tokens: tokens - summaryTokens,
        note: `${served} calls, ${booked}`,
      },
      ...(summaries.length === 0
        ? []
        : [{ cause: "memory", usd: usdOrNull(summaryUsd), tokens: summaryTokens, note: `${summaries.length} summaries, after the end` }]),
      ...(effects.length === 0
        ? []
        : [{ cause: "paid actions", usd: nanoToUsd(effectUsd), tokens: null, note: `${effects.length} calls` }]),
    ],
    calls: models.map((attempt) => ({
      attemptId: attempt.id,
      path: attempt.stepPath,
      dispatchedAt: attempt.dispatchedAt.toISOString(),
      provider: attempt.provider ?? "",
      model: attempt.model ?? "",
      state: attempt.state,
      reservedTokens: attempt.reservedTokens,
      usedTokens: attempt.usedTokens,
      reservedUsd: attempt.reservedUsd === null ? null : nanoToUsd(attempt.reservedUsd),
      usedUsd: attempt.usedUsd === null ? null : nanoToUsd(attempt.usedUsd),
    })),
    unknown: { callsWithoutPrice: unpriced, callsAssumed: models.filter(({ state }) => state === "assumed").length },
    overrunUsd: nanoToUsd(overrun),
    memory:
      snapshot.memory === undefined ? null : { injectedTokens: injectedTokens(steps), summaryTokens, summaryUsd: usdOrNull(summaryUsd) },
    savings: savings === null ? null : reportSavings(savings),
  };
}

/** Only the offline model is booked at another one's prices: what others answered was paid. */
function bookedAs(pricedAs: string | null, offlineCalls: number, calls: number): string {
  if (pricedAs === null || (offlineCalls === 0 && calls > 0)) return "as reported by the provider";
  if (offlineCalls === calls) return `as if on ${pricedAs}; the offline model answered, and nothing was paid`;
  return `${offlineCalls} by the offline model as if on ${pricedAs}, and not paid; the others as reported by the provider`;
}

function injectedTokens(steps: readonly StoredStep[]): number {
  return steps.reduce((total, { detail }) => total + (detail === null ? 0 : ((JSON.parse(detail) as StepDetail).memoryTokens ?? 0)), 0);
}

function reportSavings({ report, wouldSaveTokens }: ExecutionSavings): SavingsDocument {
  return {
    baseline: amountOf(report.baseline),
    lines: report.lines.map(({ cause, method, usd, tokens, note }) => ({ cause, method, usd: usdOrNull(usd), tokens, note })),
    paid: amountOf(report.paid),
    calls: report.calls,
    stepsNotCounted: report.stepsNotCounted,
    callsWithoutBaseline: report.unknown.callsWithoutBaseline,
    wouldSaveTokens,
    text: renderReceipt(report, { title: "of savings" }),
  };
}

function amountOf({ usd, tokens }: SavingsTotal): SavingsAmount {
  return { usd: usdOrNull(usd), tokens };
}

function usdOrNull(usd: NanoUsd | null): number | null {
  return usd === null ? null : nanoToUsd(usd);
}

function sum(amounts: readonly (NanoUsd | null)[]): NanoUsd {
  return amounts.reduce<NanoUsd>((total, amount) => total + (amount ?? 0n), 0n);
}
