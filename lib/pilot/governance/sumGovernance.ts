// Sums what governed steps left in their rows: what the calls would have come to with raw content. Pure; money is receiptOf.ts's.
import type { GovernanceFacts } from "./facts.ts";

export interface GovernanceSum {
  /** Input tokens that views kept from being sent, less calls that only governance needed. */
  readonly savedTokens: number;
  /** Committed at dispatch: exact input and predicted output, over all calls; null: nothing was committed. */
  readonly allocatedTokens: number | null;
  /** Lowest Q of the views that leave something out; null: there were none. */
  readonly quality: number | null;
}

export function sumGovernance(facts: readonly GovernanceFacts[]): GovernanceSum {
  let savedTokens = 0;
  let allocatedTokens: number | null = null;
  let quality: number | null = null;
  for (const { calls, views, mode } of facts) {
    for (const call of calls) {
      savedTokens += call.ownCost !== undefined ? -(call.sentInputTokens + call.outputTokens) : call.rawInputTokens - call.sentInputTokens;
      if (call.allocatedTokens !== null) allocatedTokens = (allocatedTokens ?? 0) + call.allocatedTokens;
    }
    if (mode !== "on") continue;
    for (const view of views) if (!view.lossless) quality = Math.min(quality ?? view.quality, view.quality);
  }
  return { savedTokens, allocatedTokens, quality };
}
