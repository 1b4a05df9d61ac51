// Reads usage as an AI SDK model reports it. Half a bill, or an impossible one, is no bill.
import type { ModelUsage } from "../tokens/types.ts";
import type { SdkUsage } from "./types.ts";

/** More than any window and any answer: a figure beyond it is a fault of the reporter. */
const MOST_TOKENS = 1_000_000_000;

/** @returns null unless both sides were reported with figures that a call can have had */
export function reportedUsage(usage: SdkUsage | undefined): ModelUsage | null {
  const { inputTokens, outputTokens } = usage ?? {};
  if (inputTokens?.total === undefined || outputTokens?.total === undefined) return null;
  const found: ModelUsage = {
    inputTokens: inputTokens.total,
    outputTokens: outputTokens.total,
    ...(inputTokens.cacheRead === undefined ? {} : { cacheReadTokens: inputTokens.cacheRead }),
    ...(inputTokens.cacheWrite === undefined ? {} : { cacheWriteTokens: inputTokens.cacheWrite }),
    ...(outputTokens.reasoning === undefined ? {} : { reasoningTokens: outputTokens.reasoning }),
  };
  return Object.values(found).every((figure) => Number.isSafeInteger(figure) && figure >= 0 && figure <= MOST_TOKENS) ? found : null;
}
