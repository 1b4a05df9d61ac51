// The plan's three metrics of one execution: tokens saved, budgets kept, first attempts that were good. Numbers only.
import { DEFAULT_RULES, type IntensityRules } from "./intensityRules.ts";
import { normalise } from "./scores.ts";
import type { OrchestrationFacts, OrchestrationMetrics } from "./types.ts";

/** The plan: adherence is being within ±10 % of what was allocated. */
const TOLERANCE = 0.1;

/** @param facts null: no flag was on, and there is nothing to measure */
export function orchestrationMetrics(facts: OrchestrationFacts | null, rules: IntensityRules = DEFAULT_RULES): OrchestrationMetrics {
  return {
    orchestration_efficiency: facts === null ? null : calculateTokenSavings(facts, rules),
    token_governance_score: facts === null ? null : calculateBudgetAdherence(facts),
    handler_effectiveness: facts === null ? null : calculateHandlerEffectiveness(facts),
  };
}

/**
 * Saved share of the baseline, 0 % = 0 and 40 % or more = 10. More tokens than the baseline are 0, too: nothing was saved.
 *
 * @returns 0–10; null: nothing was compared, or the baseline is empty
 */
export function calculateTokenSavings(
  { baselineTokens, usedTokens }: Pick<OrchestrationFacts, "baselineTokens" | "usedTokens">,
  { ranges }: IntensityRules = DEFAULT_RULES,
): number | null {
  if (baselineTokens === null || usedTokens === null || baselineTokens <= 0) return null;
  return normalise((baselineTokens - usedTokens) / baselineTokens, ranges.saved_share);
}

/** @returns 0–10: 10 × share of commitments whose use was within ±10 % of them; null: nothing was committed */
export function calculateBudgetAdherence({ commitments }: Pick<OrchestrationFacts, "commitments">): number | null {
  if (commitments.length === 0) return null;
  const kept = commitments.filter(
    ({ allocatedTokens, usedTokens }) => Math.abs(usedTokens - allocatedTokens) <= allocatedTokens * TOLERANCE,
  );
  return (10 * kept.length) / commitments.length;
}

/** @returns 0–10: 10 × share of checked first attempts that passed; null: none was checked */
export function calculateHandlerEffectiveness({ firstAttempts }: Pick<OrchestrationFacts, "firstAttempts">): number | null {
  const { checked, passed } = firstAttempts;
  return checked <= 0 ? null : (10 * Math.min(Math.max(passed, 0), checked)) / checked;
}
