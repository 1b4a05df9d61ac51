// Scores of an agent from 0 to 10: what its design asks for, how it behaves, and both together. All point one way: 10 = needs more capable handling.
import { DEFAULT_RULES, type IntensityRules, type Range } from "./intensityRules.ts";
import type { AgentDesign, AverageName, Averages, GrowthAlert, IntensityComponents, OrchestrationMetrics } from "./types.ts";

/** Where a value lies in its range: 0 at `from` or below, 10 at `to` or above. */
export function normalise(value: number, { from, to }: Range): number {
  return 10 * Math.min(Math.max((value - from) / (to - from), 0), 1);
}

const TRIGGER_BONUS = { manual: 0, scheduled: 1, event: 2 } as const;

/** 0.5 × steps + 0.3 × plugins + 0.2 × fields + a bonus for the trigger (scheduled 1, event 2), at most 10. */
export function creationScore({ steps, plugins, fields, trigger }: AgentDesign, { ranges }: IntensityRules = DEFAULT_RULES): number {
  const score =
    0.5 * normalise(steps, ranges.design_steps) +
    0.3 * normalise(plugins, ranges.design_plugins) +
    0.2 * normalise(fields, ranges.design_fields) +
    TRIGGER_BONUS[trigger];
  return Math.min(score, 10);
}

export interface Growth {
  /** null: too few executions before this one. */
  readonly percent: number | null;
  readonly alert: GrowthAlert;
}

/**
 * Output tokens of one whole execution against the mean of the whole executions before it.
 *
 * @param before without the one at hand
 */
export function growthOf(
  outputTokens: number | null,
  before: Averages["output_tokens_per_run"],
  { thresholds }: IntensityRules = DEFAULT_RULES,
): Growth {
  if (outputTokens === null || before === undefined || before.count < thresholds.growth_executions || before.mean <= 0)
    return { percent: null, alert: "none" };
  const percent = (100 * (outputTokens - before.mean)) / before.mean;
  return { percent, alert: percent < 25 ? "none" : percent < 50 ? "monitor" : percent < 100 ? "rescore" : "upgrade" };
}

const GROWTH_POINTS: Readonly<Record<GrowthAlert, number>> = { none: 0, monitor: 0.2, rescore: 0.75, upgrade: 1.25 };

/** The five components. A figure that is not known is left out; a component of which less than half is known is null. */
export function componentsOf(averages: Averages, alert: GrowthAlert, rules: IntensityRules = DEFAULT_RULES): IntensityComponents {
  const { ranges } = rules;
  const of = (name: AverageName, range: Range): number | null => {
    const average = averages[name];
    return average === undefined ? null : normalise(average.mean, range);
  };
  return {
    tokens: tokenComponent(averages, alert, rules),
    execution: weightedMean([
      [0.35, of("iterations_per_run", ranges.iterations)],
      [0.3, of("duration_ms_per_run", ranges.duration_ms)],
      [0.2, of("failure_share", ranges.failure_share)],
      [0.15, of("retries_per_run", ranges.retries)],
    ]),
    plugins: weightedMean([
      [0.4, of("unique_plugins_per_run", ranges.unique_plugins)],
      [0.35, of("plugin_calls_per_run", ranges.plugin_calls)],
      [0.25, of("plugin_ms_per_run", ranges.plugin_ms)],
    ]),
    workflow: weightedMean([
      [0.4, of("steps_per_run", ranges.steps)],
      [0.25, of("branches_per_run", ranges.branches)],
      [0.2, of("loop_items_per_run", ranges.loop_items)],
      [0.15, of("parallels_per_run", ranges.parallels)],
    ]),
    memory: weightedMean([
      [0.5, of("memory_token_share", ranges.memory_share)],
      [0.3, of("memory_types_per_run", ranges.memory_types)],
      [0.2, of("memory_entries_per_run", ranges.memory_entries)],
    ]),
  };
}

/** 0.7 × (10 − efficiency), efficient being little output for much input, + points for growth × a factor for trouble. */
function tokenComponent(averages: Averages, alert: GrowthAlert, { ranges, thresholds }: IntensityRules): number | null {
  const { input_tokens_per_run: input, output_tokens_per_run: output, failure_share: failures, retries_per_run: retries } = averages;
  if (input === undefined || output === undefined || input.mean <= 0) return null;
  const hasLowSuccess = failures !== undefined && 1 - failures.mean < thresholds.low_success_share;
  const hasManyRetries = retries !== undefined && retries.mean > thresholds.many_retries;
  const trouble = 1 + (hasLowSuccess ? 0.3 : 0) + (hasManyRetries ? 0.2 : 0);
  return Math.min(0.7 * normalise(output.mean / input.mean, ranges.output_ratio) + GROWTH_POINTS[alert] * trouble, 10);
}

/**
 * Weighted mean of the five components and, where orchestration was measured, of what it left undone: 10 − efficiency
 * and 10 − adherence. Whoever needs less than planned needs no more capable handling.
 */
export function executionScore(
  components: IntensityComponents,
  { orchestration_efficiency: efficiency, token_governance_score: adherence }: OrchestrationMetrics,
  { weights }: IntensityRules = DEFAULT_RULES,
): number | null {
  const undone = weightedMean(
    [
      [1, efficiency === null ? null : 10 - efficiency],
      [1, adherence === null ? null : 10 - adherence],
    ],
    0,
  );
  const { tokens, execution, plugins, workflow, memory } = components;
  const five: readonly Part[] = [
    [weights.tokens, tokens],
    [weights.execution, execution],
    [weights.plugins, plugins],
    [weights.workflow, workflow],
    [weights.memory, memory],
  ];
  // What orchestration left undone moves a score; it makes none.
  return weightedMean(five) === null ? null : weightedMean([...five, [weights.orchestration, undone]], 0);
}

/**
 * What routes read: the creation score alone for the first executions, then 0.3 × creation + 0.7 × execution. Where one
 * of the two is unknown the other one stands alone, but a few executions alone are no score.
 */
export function combinedScore(
  { creation, execution, executions }: { readonly creation: number | null; readonly execution: number | null; readonly executions: number },
  { thresholds }: IntensityRules = DEFAULT_RULES,
): number | null {
  if (executions < thresholds.blend_executions || execution === null) return creation;
  if (creation === null) return execution;
  return thresholds.creation_weight * creation + (1 - thresholds.creation_weight) * execution;
}

type Part = readonly [weight: number, value: number | null];

/** A mean of less than half of what it stands for would be a guess. */
const LEAST_KNOWN_SHARE = 0.5;

/** Of the known parts, 0–10. null: they weigh less than half of all, or nothing. */
function weightedMean(parts: readonly Part[], leastKnownShare: number = LEAST_KNOWN_SHARE): number | null {
  let [sum, known, total] = [0, 0, 0];
  for (const [weight, value] of parts) {
    total += weight;
    if (value === null) continue;
    sum += weight * value;
    known += weight;
  }
  if (known === 0 || known < leastKnownShare * total) return null;
  // Sums of floats may pass ten by a hair, and a score above ten is none.
  return Math.min(sum / known, 10);
}
