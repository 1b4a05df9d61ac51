// What views did for one call of a session, in the words of governed steps: the receipt reads both alike. Decides nothing.
import { nanoToUsd } from "../../core/money.ts";
import type { SessionCall, SessionSettlement } from "../../sessionApi.ts";
import type { GovernanceFacts } from "../governance/facts.ts";

/** @returns null where no views were made or looked for */
export function viewFacts({ provider, model }: SessionCall, { usage, usd, views }: SessionSettlement): GovernanceFacts | null {
  if (views === undefined) return null;
  // Raw and sent are our counts, the input is the provider's: the difference is laid on what it reported.
  const savedTokens = Math.max(0, views.rawInputTokens - views.sentInputTokens);
  const costUsd = usd === null ? null : nanoToUsd(usd);
  return {
    mode: "on",
    why: "govern",
    trail: [],
    policy: "tool results",
    share: null,
    views: views.made.map(({ toolName, level, tokensIn, tokensOut, isLossless, quality }) => ({
      of: `tool ${toolName}`,
      tokensIn,
      tokensOut,
      level,
      quality,
      lossless: isLossless,
      outcome: "shown",
    })),
    calls: [
      {
        call: 1,
        provider,
        model,
        rawInputTokens: usage.inputTokens + savedTokens,
        sentInputTokens: usage.inputTokens,
        outputTokens: usage.outputTokens,
        baselineUsd: null,
        costUsd,
        allocatedTokens: null,
        ...(views.ownCost === null ? {} : { ownCost: views.ownCost }),
      },
    ],
    transitions: [],
  };
}
