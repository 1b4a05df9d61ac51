// Which model the demo asks, and the limits that make it pause on the way. The offline one, unless `--live` finds a key.
import type { FoundKeys } from "../../config/Config.ts";
import { AppError } from "../../core/errors.ts";

export interface DemoModel {
  readonly name: string;
  /** The offline model costs nothing: its calls are booked at this one's price. */
  readonly pricedAs?: string;
  /** First limit and top-up: together the hard limit. */
  readonly limitUsd: string;
  readonly topUpUsd: string;
  /** Between the top-up and the second kill: so many further summaries. */
  readonly summariesBeforeKill: number;
  /** Fewer events than the workflow's own choice, because they are paid for. */
  readonly kinds?: readonly string[];
}

export const OFFLINE: DemoModel = {
  name: "offline",
  pricedAs: "openai/gpt-4.1",
  limitUsd: "0.05",
  topUpUsd: "0.15",
  summariesBeforeKill: 8,
};

const FEW = ["security_advisory", "dependabot_alert", "issue_comment"] as const;

/** Each pair of amounts sums to 0.05 USD. */
const LIVE: Readonly<Record<keyof FoundKeys, DemoModel>> = {
  openai: { name: "openai/gpt-4.1-mini", limitUsd: "0.006", topUpUsd: "0.044", summariesBeforeKill: 2, kinds: FEW },
  anthropic: { name: "anthropic/claude-haiku-4-5", limitUsd: "0.02", topUpUsd: "0.03", summariesBeforeKill: 2, kinds: FEW },
  google: { name: "google/gemini-2.5-flash", limitUsd: "0.006", topUpUsd: "0.044", summariesBeforeKill: 2, kinds: FEW },
};

/** @throws AppError `CONNECTION_MISSING` when no key is in the environment */
export function chooseLiveModel(keys: FoundKeys): DemoModel {
  const kind = (Object.keys(LIVE) as (keyof FoundKeys)[]).find((name) => keys[name] !== null);
  if (kind !== undefined) return LIVE[kind];
  throw new AppError("CONNECTION_MISSING", "demo --live found no model key in the environment", {
    details: { expected: "OPENAI_API_KEY, ANTHROPIC_API_KEY or GOOGLE_GENERATIVE_AI_API_KEY", got: "none of them" },
    hint: "set one of them (at most 0.05 USD is spent), or leave --live out: the demo then needs no key",
  });
}
