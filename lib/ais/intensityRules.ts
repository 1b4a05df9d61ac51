// The figures that scores are made by, their shipped values, and how an operator's row of system_config is read. It reads no database.
import { isJsonObject, type JsonValue } from "../core/json.ts";

/** Row of system_config. */
export const INTENSITY_RULES_KEY = "agent_intensity_rules";

/** From which value a figure counts 0, and from which 10. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface IntensityRules {
  readonly ranges: {
    /** Of the design. */
    readonly design_steps: Range;
    readonly design_plugins: Range;
    readonly design_fields: Range;
    /** Output tokens for one input token. */
    readonly output_ratio: Range;
    readonly iterations: Range;
    readonly duration_ms: Range;
    /** 0–1. */
    readonly failure_share: Range;
    readonly retries: Range;
    readonly unique_plugins: Range;
    readonly plugin_calls: Range;
    readonly plugin_ms: Range;
    readonly steps: Range;
    readonly branches: Range;
    readonly loop_items: Range;
    readonly parallels: Range;
    /** 0–1: memory tokens of all input tokens. */
    readonly memory_share: Range;
    readonly memory_types: Range;
    readonly memory_entries: Range;
    /** 0–1: saved of the baseline; the plan promises 30–40 %. */
    readonly saved_share: Range;
  };
  /** Of the execution score's parts; only the known ones count, so their sum need not be 1. */
  readonly weights: {
    readonly tokens: number;
    readonly execution: number;
    readonly plugins: number;
    readonly workflow: number;
    readonly memory: number;
    /** Mean of 10 − efficiency and 10 − adherence. */
    readonly orchestration: number;
  };
  readonly thresholds: {
    /** Executions from which the combined score also asks how the agent behaves. Routes read the same score, so there is one threshold. */
    readonly blend_executions: number;
    /** Weight of the creation score after that. */
    readonly creation_weight: number;
    /** The newest execution weighs at least 1 ÷ this. */
    readonly average_executions: number;
    /** Executions before growth is told. */
    readonly growth_executions: number;
    /** Success share below which growth weighs more. */
    readonly low_success_share: number;
    /** Retries of one execution above which growth weighs more. */
    readonly many_retries: number;
  };
}

export const DEFAULT_RULES: IntensityRules = {
  ranges: {
    design_steps: { from: 1, to: 10 },
    design_plugins: { from: 1, to: 5 },
    design_fields: { from: 1, to: 8 },
    output_ratio: { from: 0.5, to: 3 },
    iterations: { from: 1, to: 10 },
    duration_ms: { from: 0, to: 30_000 },
    failure_share: { from: 0, to: 0.5 },
    retries: { from: 0, to: 3 },
    unique_plugins: { from: 0, to: 10 },
    plugin_calls: { from: 0, to: 8 },
    plugin_ms: { from: 0, to: 5_000 },
    steps: { from: 0, to: 20 },
    branches: { from: 0, to: 10 },
    loop_items: { from: 0, to: 50 },
    parallels: { from: 0, to: 5 },
    memory_share: { from: 0, to: 0.9 },
    memory_types: { from: 0, to: 3 },
    memory_entries: { from: 0, to: 20 },
    saved_share: { from: 0, to: 0.4 },
  },
  weights: { tokens: 0.3, execution: 0.25, plugins: 0.2, workflow: 0.15, memory: 0.1, orchestration: 0.1 },
  thresholds: {
    blend_executions: 5,
    creation_weight: 0.3,
    average_executions: 20,
    growth_executions: 3,
    low_success_share: 0.8,
    many_retries: 0.3,
  },
};

export interface ParsedRules {
  readonly rules: IntensityRules;
  /** One sentence per value that was not usable; its default took its place. */
  readonly warnings: readonly string[];
}

/**
 * Rules from the row's text: members of `ranges`, `weights` and `thresholds` that differ from the shipped ones, for
 * example `{"weights": {"memory": 0}}`. Never throws: without a row, or with one that nobody can read, scores go on.
 */
export function parseIntensityRules(text: string | undefined): ParsedRules {
  if (text === undefined) return { rules: DEFAULT_RULES, warnings: [] };
  const value = readJson(text);
  if (!isJsonObject(value))
    return { rules: DEFAULT_RULES, warnings: [`system_config ${INTENSITY_RULES_KEY} is not a JSON object; the shipped values are used`] };
  const warnings: string[] = [];
  const ranges = overlay(DEFAULT_RULES.ranges, value["ranges"], {
    of: "ranges",
    expected: '{"from", "to"} with from below to',
    read: readRange,
    warnings,
  });
  const weights = overlay(DEFAULT_RULES.weights, value["weights"], {
    of: "weights",
    expected: "a number from 0 to 100",
    read: readFigure,
    warnings,
  });
  const thresholds = overlay(DEFAULT_RULES.thresholds, value["thresholds"], {
    of: "thresholds",
    expected: "a number from 0 to 100",
    read: readFigure,
    warnings,
  });
  return { rules: { ranges, weights, thresholds: bounded(thresholds) }, warnings };
}

interface Reading<Value> {
  readonly of: string;
  readonly expected: string;
  readonly read: (given: JsonValue) => Value | null;
  readonly warnings: string[];
}

function overlay<Value, Shipped extends Readonly<Record<string, Value>>>(
  shipped: Shipped,
  given: JsonValue | undefined,
  { of, expected, read, warnings }: Reading<Value>,
): Shipped {
  if (given === undefined) return shipped;
  if (!isJsonObject(given)) {
    warnings.push(`system_config ${INTENSITY_RULES_KEY}: ${of} should be an object; the shipped values are used`);
    return shipped;
  }
  const changed: Record<string, Value> = { ...shipped };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(shipped, name)) {
      warnings.push(`system_config ${INTENSITY_RULES_KEY}: ${of}.${name} is no name of these rules; it is passed over`);
      continue;
    }
    const usable = read(value);
    if (usable !== null) changed[name] = usable;
    else warnings.push(`system_config ${INTENSITY_RULES_KEY}: ${of}.${name} should be ${expected}; the shipped value is used`);
  }
  return changed as Shipped;
}

function readRange(given: JsonValue): Range | null {
  if (!isJsonObject(given)) return null;
  const { from, to } = given;
  return typeof from === "number" && typeof to === "number" && Number.isFinite(from) && Number.isFinite(to) && from < to
    ? { from, to }
    : null;
}

function readFigure(given: JsonValue): number | null {
  return typeof given === "number" && given >= 0 && given <= 100 ? given : null;
}

/** Shares stay shares, and the newest execution always counts. */
function bounded(thresholds: IntensityRules["thresholds"]): IntensityRules["thresholds"] {
  return {
    ...thresholds,
    creation_weight: Math.min(thresholds.creation_weight, 1),
    average_executions: Math.max(thresholds.average_executions, 1),
  };
}

function readJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
