// Whether reported usage can be true. It counts and prices nothing.
import type { ModelUsage } from "./types.ts";

/** More than any context window and any answer: a figure beyond it is a fault of the reporter, not a bill. */
const MOST_TOKENS = 1_000_000_000;

/** Usage that no call can have had (negative, fractional, absurd) counts as not reported: it must never give anything back. */
export function plausibleUsage(usage: ModelUsage | null | undefined): ModelUsage | null {
  if (usage === null || usage === undefined) return null;
  const figures = Object.values(usage).filter((figure) => figure !== undefined);
  return figures.every((figure) => Number.isSafeInteger(figure) && figure >= 0 && figure <= MOST_TOKENS) ? usage : null;
}
