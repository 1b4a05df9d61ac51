// The figures that an operator may change (rows of system_config), their shipped values, and how a row is read. It reads no database.
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import type { IntentType, Tier } from "../types.ts";

export type OverBudgetPolicy = "warn" | "degrade" | "pause" | "fail";
export type CompressionPolicyName = "aggressive" | "moderate" | "minimal";

export interface GovernanceSettings {
  /** Weight of a step's predicted need when a budget is divided. 0 or more. */
  readonly intentMultipliers: Readonly<Record<IntentType, number>>;
  readonly tierMultipliers: Readonly<Record<Tier, number>>;
  /** Least Q (0–5) whose lower bound a view must reach. */
  readonly minQuality: Readonly<Record<CompressionPolicyName, number>>;
  /** Q below which a view is shown only where nothing else is left: beyond a window, never for a limit. */
  readonly leastQuality: number;
  /** Agent intensity score below which a tier is chosen; what is not below either goes to `capable`. */
  readonly tierBelowScore: { readonly fast: number; readonly balanced: number };
  /** 0–0.5: part of a budget, after memory, that nobody owns at first. */
  readonly poolShare: number;
  /** Tokens that every step calling a model should have at least. */
  readonly floorTokens: number;
  /** What happens when nothing else makes a step fit its budget. */
  readonly policy: OverBudgetPolicy;
  /** Used ÷ allocated from which a tool loop is told to conclude. */
  readonly concludeAtShare: number;
  /** Used ÷ allocated from which only the final step of a loop may run. */
  readonly finalOnlyAtShare: number;
  /** The same tool with the same arguments, this often in one loop: the loop is braked. */
  readonly maxSameCalls: number;
  /** Tokens per turn, mean of the last three, over the mean before them: above this a loop is braked. */
  readonly maxSpendGrowth: number;
}

/** The shipped values; supabase/migrations/20250304_budget_rows.sql holds the same. */
export const DEFAULT_SETTINGS: GovernanceSettings = {
  intentMultipliers: { extract: 1, summarize: 1.1, generate: 1.3, validate: 0.9, send: 0.6, transform: 0.8, conditional: 0.6 },
  tierMultipliers: { fast: 0.9, balanced: 1, capable: 1.2 },
  minQuality: { aggressive: 4.5, moderate: 4.9, minimal: 5 },
  leastQuality: 4,
  tierBelowScore: { fast: 5, balanced: 7.5 },
  poolShare: 0.12,
  floorTokens: 64,
  policy: "warn",
  concludeAtShare: 0.8,
  finalOnlyAtShare: 0.95,
  maxSameCalls: 3,
  maxSpendGrowth: 4,
};

/** Without intents every step weighs its need alone. */
export const EQUAL_MULTIPLIERS: GovernanceSettings["intentMultipliers"] = {
  extract: 1,
  summarize: 1,
  generate: 1,
  validate: 1,
  send: 1,
  transform: 1,
  conditional: 1,
};

/** Rows of system_config that settings are read from. */
export const SETTING_KEYS = ["token_budget_multipliers", "compression_quality_thresholds", "routing_tiers", "token_budget_rules"] as const;
export type SettingKey = (typeof SETTING_KEYS)[number];

const POLICIES: readonly OverBudgetPolicy[] = ["warn", "degrade", "pause", "fail"];

export interface ParsedSettings {
  readonly settings: GovernanceSettings;
  /** One sentence per value that was not usable; its default took its place. */
  readonly warnings: readonly string[];
}

/**
 * Settings from the rows' values as text. A row that is absent, not JSON, or of another shape leaves the defaults; so does
 * a single figure out of its range. Members that nobody knows are passed over: later versions may have more.
 */
export function parseSettings(rows: ReadonlyMap<SettingKey, string>): ParsedSettings {
  const reader = new Reader(rows);
  const { token_budget_multipliers: multipliers, compression_quality_thresholds: quality, routing_tiers: tiers } = KEYS;
  const rules = KEYS.token_budget_rules;
  const shipped = DEFAULT_SETTINGS;
  const settings: GovernanceSettings = {
    intentMultipliers: reader.figures(multipliers, "intent", shipped.intentMultipliers, MULTIPLIER),
    tierMultipliers: reader.figures(multipliers, "tier", shipped.tierMultipliers, MULTIPLIER),
    minQuality: reader.figures(quality, null, shipped.minQuality, { from: 0, to: 5 }),
    ...reader.figures(quality, null, { leastQuality: shipped.leastQuality }, { from: 0, to: 5 }),
    tierBelowScore: reader.figures(tiers, "below", shipped.tierBelowScore, { from: 0, to: 10 }),
    ...reader.figures(rules, null, ruleFigures(shipped), { from: 0, to: 1_000_000 }, RULE_RANGES),
    policy: reader.policy(rules),
  };
  return { settings, warnings: reader.warnings };
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly isWhole?: boolean;
}

const MULTIPLIER: Range = { from: 0, to: 100 };
const RULE_RANGES: Readonly<Record<keyof ReturnType<typeof ruleFigures>, Range>> = {
  poolShare: { from: 0, to: 0.5 },
  floorTokens: { from: 0, to: 1_000_000, isWhole: true },
  concludeAtShare: { from: 0.1, to: 1 },
  finalOnlyAtShare: { from: 0.1, to: 1 },
  maxSameCalls: { from: 2, to: 1_000, isWhole: true },
  maxSpendGrowth: { from: 1, to: 1_000 },
};
const KEYS = Object.fromEntries(SETTING_KEYS.map((key) => [key, key])) as { readonly [Key in SettingKey]: Key };

function ruleFigures({ poolShare, floorTokens, concludeAtShare, finalOnlyAtShare, maxSameCalls, maxSpendGrowth }: GovernanceSettings) {
  return { poolShare, floorTokens, concludeAtShare, finalOnlyAtShare, maxSameCalls, maxSpendGrowth };
}

class Reader {
  readonly #values = new Map<SettingKey, JsonValue>();
  readonly warnings: string[] = [];

  constructor(rows: ReadonlyMap<SettingKey, string>) {
    for (const [key, text] of rows) {
      const value = readJson(text);
      if (isJsonObject(value)) this.#values.set(key, value);
      else this.warnings.push(`system_config ${key} is not a JSON object; the shipped values are used`);
    }
  }

  figures<Figures extends Readonly<Record<string, number>>>(
    key: SettingKey,
    member: string | null,
    shipped: Figures,
    ...ranges: readonly [Range, Readonly<Record<string, Range>>?]
  ): Figures {
    const [range, ownRanges = {}] = ranges;
    const given = this.#member(key, member);
    const read = Object.entries(shipped).map(([name, byDefault]): [string, number] => {
      const value = given === undefined ? undefined : Object.hasOwn(given, name) ? given[name] : undefined;
      if (value === undefined) return [name, byDefault];
      const { from, to, isWhole = false } = ownRanges[name] ?? range;
      if (typeof value === "number" && value >= from && value <= to && (!isWhole || Number.isSafeInteger(value))) return [name, value];
      const expected = `${isWhole ? "a whole number" : "a number"} from ${from} to ${to}`;
      this.warnings.push(`system_config ${key}: ${name} should be ${expected}; ${byDefault} is used`);
      return [name, byDefault];
    });
    return Object.fromEntries(read) as unknown as Figures;
  }

  policy(key: SettingKey): OverBudgetPolicy {
    const value = this.#member(key, null)?.["policy"];
    if (value === undefined) return DEFAULT_SETTINGS.policy;
    const found = POLICIES.find((policy) => policy === value);
    if (found === undefined)
      this.warnings.push(`system_config ${key}: policy should be one of ${POLICIES.join(", ")}; ${DEFAULT_SETTINGS.policy} is used`);
    return found ?? DEFAULT_SETTINGS.policy;
  }

  #member(key: SettingKey, member: string | null): Readonly<Record<string, JsonValue | undefined>> | undefined {
    const value = this.#values.get(key);
    if (!isJsonObject(value)) return undefined;
    if (member === null) return value;
    const inner = value[member];
    if (inner === undefined) return undefined;
    if (isJsonObject(inner)) return inner;
    this.warnings.push(`system_config ${key}: ${member} should be an object; the shipped values are used`);
    return undefined;
  }
}

function readJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
