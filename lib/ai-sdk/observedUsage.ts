// The usage that a call would have reported with views in place of what was sent. For observe mode only.
import type { CallBaseline } from "../orchestration/savings/types.ts";
import type { ModelUsage } from "../tokens/types.ts";

export function observedUsage(usage: ModelUsage, { rawInputTokens, sentInputTokens }: CallBaseline): ModelUsage {
  const inputTokens = Math.max(0, usage.inputTokens - (rawInputTokens - sentInputTokens));
  const share = usage.inputTokens === 0 ? 0 : inputTokens / usage.inputTokens;
  const cached = {
    ...(usage.cacheReadTokens === undefined ? {} : { cacheReadTokens: Math.round(usage.cacheReadTokens * share) }),
    ...(usage.cacheWriteTokens === undefined ? {} : { cacheWriteTokens: Math.round(usage.cacheWriteTokens * share) }),
  };
  return { ...usage, inputTokens, ...cached };
}
