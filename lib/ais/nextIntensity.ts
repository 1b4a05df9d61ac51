// An agent's intensity after one more execution, or after its design was told. Pure: storing it, once per execution, is updateAgentIntensity.ts's work.
import { DEFAULT_RULES, type IntensityRules } from "./intensityRules.ts";
import { orchestrationMetrics } from "./orchestrationMetrics.ts";
import { combinedScore, componentsOf, creationScore, executionScore, growthOf } from "./scores.ts";
import type { AgentDesign, AgentIntensity, Average, AverageName, Averages, ExecutionFacts, OrchestrationMetrics } from "./types.ts";

/** Nothing is known: no score at all, rather than one in the middle. */
export const NO_INTENSITY: AgentIntensity = {
  design: null,
  totalExecutions: 0,
  successfulExecutions: 0,
  failedExecutions: 0,
  totalCostUsd: 0n,
  averages: {},
  growthPercent: null,
  growthAlert: "none",
  components: { tokens: null, execution: null, plugins: null, workflow: null, memory: null },
  metrics: { orchestration_efficiency: null, token_governance_score: null, handler_effectiveness: null },
  scores: { creation: null, execution: null, combined: null },
};

/** Counts an ended execution, whether it succeeded or not. */
export function nextIntensity(before: AgentIntensity, execution: ExecutionFacts, rules: IntensityRules = DEFAULT_RULES): AgentIntensity {
  const { isSuccess, costUsd, outputTokens } = execution;
  const { percent, alert } = growthOf(outputTokens, before.averages.output_tokens_per_run, rules);
  const averages = averaged(before.averages, valuesOf(execution, rules), rules);
  const after = {
    ...before,
    totalExecutions: before.totalExecutions + 1,
    successfulExecutions: before.successfulExecutions + (isSuccess ? 1 : 0),
    failedExecutions: before.failedExecutions + (isSuccess ? 0 : 1),
    totalCostUsd: before.totalCostUsd === null || costUsd === null ? null : before.totalCostUsd + costUsd,
    averages,
    growthPercent: percent,
    growthAlert: alert,
  };
  return scored(after, rules);
}

/** Takes over what the agent is made of, for example when its definition was saved. What was learned from executions stays. */
export function withDesign(before: AgentIntensity, design: AgentDesign, rules: IntensityRules = DEFAULT_RULES): AgentIntensity {
  return scored({ ...before, design }, rules);
}

function scored(intensity: AgentIntensity, rules: IntensityRules): AgentIntensity {
  const { averages, design, growthAlert, totalExecutions } = intensity;
  const components = componentsOf(averages, growthAlert, rules);
  const metrics: OrchestrationMetrics = {
    orchestration_efficiency: averages.orchestration_efficiency?.mean ?? null,
    token_governance_score: averages.token_governance_score?.mean ?? null,
    handler_effectiveness: averages.handler_effectiveness?.mean ?? null,
  };
  const creation = design === null ? null : creationScore(design, rules);
  const execution = totalExecutions === 0 ? null : executionScore(components, metrics, rules);
  const combined = combinedScore({ creation, execution, executions: totalExecutions }, rules);
  const scores = { creation: rounded(creation), execution: rounded(execution), combined: rounded(combined) };
  return { ...intensity, components, metrics, scores };
}

/** People read scores, and nothing hangs on a fifth digit. */
function rounded(score: number | null): number | null {
  return score === null ? null : Math.round(score * 10_000) / 10_000;
}

function valuesOf(facts: ExecutionFacts, rules: IntensityRules): Readonly<Record<AverageName, number | null>> {
  const { memory, inputTokens } = facts;
  return {
    ...orchestrationMetrics(facts.orchestration, rules),
    input_tokens_per_run: inputTokens,
    output_tokens_per_run: facts.outputTokens,
    iterations_per_run: facts.iterations,
    duration_ms_per_run: facts.durationMs,
    failure_share: facts.isSuccess ? 0 : 1,
    retries_per_run: facts.retries,
    plugin_calls_per_run: facts.pluginCalls,
    unique_plugins_per_run: facts.uniquePlugins,
    plugin_ms_per_run: facts.pluginMs,
    steps_per_run: facts.steps,
    branches_per_run: facts.branches,
    loop_items_per_run: facts.loopItems,
    parallels_per_run: facts.parallels,
    memory_token_share: memory === null ? null : memoryShare(memory.tokens, inputTokens),
    memory_entries_per_run: memory?.entries ?? null,
    memory_types_per_run: memory?.types ?? null,
  };
}

/** No memory is no share, whatever the input; a share of an unknown input is unknown. */
function memoryShare(memoryTokens: number, inputTokens: number | null): number | null {
  if (memoryTokens === 0) return 0;
  return inputTokens === null || inputTokens <= 0 ? null : Math.min(memoryTokens / inputTokens, 1);
}

/** Zeros count like any value; only what is unknown leaves an average as it was. */
function averaged(before: Averages, values: Readonly<Record<AverageName, number | null>>, { thresholds }: IntensityRules): Averages {
  const after: Partial<Record<AverageName, Average>> = { ...before };
  for (const [name, value] of Object.entries(values) as readonly (readonly [AverageName, number | null])[]) {
    if (value === null || !Number.isFinite(value)) continue;
    const { mean, count } = before[name] ?? { mean: 0, count: 0 };
    const weight = 1 / Math.min(count + 1, thresholds.average_executions);
    after[name] = { mean: mean + weight * (value - mean), count: count + 1 };
  }
  return after;
}
