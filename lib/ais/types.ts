// The words of agent intensity: what is known of an agent's design and of one execution, and the scores made of it. Types only.
import type { NanoUsd } from "../core/money.ts";

/** What an agent looks like before it ever ran. */
export interface AgentDesign {
  readonly steps: number;
  /** Distinct plugins that its steps name. */
  readonly plugins: number;
  /** Declared inputs and outputs. */
  readonly fields: number;
  readonly trigger: "manual" | "scheduled" | "event";
}

/** What one ended execution came to, failed ones included. null: unknown, which is not zero. */
export interface ExecutionFacts {
  readonly executionId: string;
  readonly isSuccess: boolean;
  readonly durationMs: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** Model calls. */
  readonly iterations: number | null;
  /** Attempts after the first one of a step. */
  readonly retries: number | null;
  readonly pluginCalls: number | null;
  readonly uniquePlugins: number | null;
  /** Time spent in plugins. */
  readonly pluginMs: number | null;
  readonly steps: number | null;
  readonly branches: number | null;
  readonly loopItems: number | null;
  /** Parallel groups and scatters. */
  readonly parallels: number | null;
  readonly memory: MemoryFacts | null;
  readonly costUsd: NanoUsd | null;
  /** null: no flag of orchestration was on. */
  readonly orchestration: OrchestrationFacts | null;
}

/** All zero: known to have used none. */
export interface MemoryFacts {
  readonly tokens: number;
  readonly entries: number;
  /** Kinds of memory among them. */
  readonly types: number;
}

export interface OrchestrationFacts {
  /** The same calls on the direct path. null: nothing was compared. */
  readonly baselineTokens: number | null;
  /** Net: what orchestration needed itself is included. */
  readonly usedTokens: number | null;
  /** What was committed when a step's calls were dispatched, and what they used. */
  readonly commitments: readonly { readonly allocatedTokens: number; readonly usedTokens: number }[];
  /** First attempts whose answer code checked, and how many of them passed. */
  readonly firstAttempts: { readonly checked: number; readonly passed: number };
}

/** A mean in which old values fade; `count` is how many there were. */
export interface Average {
  readonly mean: number;
  readonly count: number;
}

export const AVERAGE_NAMES = [
  "input_tokens_per_run",
  "output_tokens_per_run",
  "iterations_per_run",
  "duration_ms_per_run",
  "failure_share",
  "retries_per_run",
  "plugin_calls_per_run",
  "unique_plugins_per_run",
  "plugin_ms_per_run",
  "steps_per_run",
  "branches_per_run",
  "loop_items_per_run",
  "parallels_per_run",
  "memory_token_share",
  "memory_entries_per_run",
  "memory_types_per_run",
  "orchestration_efficiency",
  "token_governance_score",
  "handler_effectiveness",
] as const;
export type AverageName = (typeof AVERAGE_NAMES)[number];
/** An absent one was never known. */
export type Averages = Readonly<Partial<Record<AverageName, Average>>>;

export type GrowthAlert = "none" | "monitor" | "rescore" | "upgrade";

/** The plan's metrics, 0–10, here 10 = good. null: there was nothing to measure. */
export interface OrchestrationMetrics {
  /** Tokens saved: 10 = 40 % of the baseline or more, 0 = none. */
  readonly orchestration_efficiency: number | null;
  /** Budget adherence: 10 × share of commitments whose use was within ±10 %. */
  readonly token_governance_score: number | null;
  /** Routing quality: 10 × share of checked first attempts that passed. */
  readonly handler_effectiveness: number | null;
}

/** 0–10 each, all pointing one way: 10 = needs more capable handling. null: unknown. */
export interface IntensityComponents {
  readonly tokens: number | null;
  readonly execution: number | null;
  readonly plugins: number | null;
  readonly workflow: number | null;
  readonly memory: number | null;
}

/** 0–10. `combined` is what routes read; null: no score yet. */
export interface IntensityScores {
  readonly creation: number | null;
  readonly execution: number | null;
  readonly combined: number | null;
}

export interface AgentIntensity {
  /** null: never told. */
  readonly design: AgentDesign | null;
  readonly totalExecutions: number;
  readonly successfulExecutions: number;
  readonly failedExecutions: number;
  /** null: the price of at least one execution is unknown. */
  readonly totalCostUsd: NanoUsd | null;
  readonly averages: Averages;
  /** Output of the latest execution against the mean of those before it, in percent. */
  readonly growthPercent: number | null;
  readonly growthAlert: GrowthAlert;
  readonly components: IntensityComponents;
  readonly metrics: OrchestrationMetrics;
  readonly scores: IntensityScores;
}
