// What handlers did, added up by intent from the facts of steps: how often, how well, how long, at what price. Reads nothing; scores are made of it elsewhere.
import type { HandlerFacts, IntentType } from "../types.ts";

export interface HandlerTotals {
  /** Attempts that a handler performed. */
  readonly executions: number;
  readonly succeeded: number;
  /** Attempts that were to be a handler's and took the direct path. */
  readonly degraded: number;
  /** Milliseconds, what handlers waited for included. */
  readonly ms: number;
  readonly tokens: number;
  readonly savedTokens: number;
}

const NONE: HandlerTotals = { executions: 0, succeeded: 0, degraded: 0, ms: 0, tokens: 0, savedTokens: 0 };

/** Steps that were only observed count for nothing. */
export function sumHandlers(facts: Iterable<HandlerFacts>): ReadonlyMap<IntentType, HandlerTotals> {
  const totals = new Map<IntentType, HandlerTotals>();
  for (const { intent, mode, degraded, succeeded, ms = 0, tokens = 0, savedTokens = 0 } of facts) {
    if (mode !== "on") continue;
    const sum = totals.get(intent) ?? NONE;
    if (degraded !== undefined) totals.set(intent, { ...sum, degraded: sum.degraded + 1 });
    else {
      totals.set(intent, {
        ...sum,
        executions: sum.executions + 1,
        succeeded: sum.succeeded + (succeeded === true ? 1 : 0),
        ms: sum.ms + ms,
        tokens: sum.tokens + tokens,
        savedTokens: sum.savedTokens + savedTokens,
      });
    }
  }
  return totals;
}
