// An ended execution whose every figure is known, for tests to change.
import type { ExecutionFacts, OrchestrationFacts } from "../../../lib/ais/types.ts";

export function orchestration(fields: Partial<OrchestrationFacts> = {}): OrchestrationFacts {
  return { baselineTokens: null, usedTokens: null, commitments: [], firstAttempts: { checked: 0, passed: 0 }, ...fields };
}

export function execution(fields: Partial<ExecutionFacts> = {}): ExecutionFacts {
  return {
    executionId: "00000000-0000-7000-8000-000000000001",
    isSuccess: true,
    durationMs: 6_000,
    inputTokens: 1_000,
    outputTokens: 1_000,
    iterations: 4,
    retries: 0,
    pluginCalls: 2,
    uniquePlugins: 1,
    pluginMs: 1_000,
    steps: 5,
    branches: 1,
    loopItems: 10,
    parallels: 0,
    memory: { tokens: 0, entries: 0, types: 0 },
    costUsd: 2_000_000n,
    orchestration: null,
    ...fields,
  };
}

/** Nothing is known but that it ended. */
export const UNKNOWN: Partial<ExecutionFacts> = {
  durationMs: null,
  inputTokens: null,
  outputTokens: null,
  iterations: null,
  retries: null,
  pluginCalls: null,
  uniquePlugins: null,
  pluginMs: null,
  steps: null,
  branches: null,
  loopItems: null,
  parallels: null,
  memory: null,
  costUsd: null,
};
