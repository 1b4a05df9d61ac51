// Which models serve which tier, per provider: the shipped tables, and how an operator's row of system_config is read. It reads no database.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { Tier } from "../types.ts";
import { TIERS } from "./chooseTier.ts";

/** Row of system_config that holds the tables. */
export const TIER_MODELS_KEY = "routing_tier_models";

/** Of each tier the model to take, then its fallbacks. A name is a model, or `provider/model`. */
export type TierModels = Readonly<Record<Tier, readonly string[]>>;

export interface TierTables {
  /** In the order in which they are asked. */
  readonly tables: readonly { readonly name: string; readonly models: TierModels }[];
  /** Names in the tables that no provider knows, with what is called for them. */
  readonly aliases: Readonly<Record<string, string>>;
}

/** The plan's three names first; after them one table a provider, so that a single key serves all three tiers. */
export const PRESET_TABLES: TierTables = {
  tables: [
    { name: "preset", models: { fast: ["gpt-4o-mini"], balanced: ["gpt-4o"], capable: ["claude-sonnet"] } },
    { name: "openai", models: { fast: ["gpt-4o-mini", "gpt-5-nano"], balanced: ["gpt-4o", "gpt-4.1"], capable: ["gpt-5", "o3"] } },
    {
      name: "anthropic",
      models: { fast: ["claude-haiku-4-5"], balanced: ["claude-sonnet-4-5"], capable: ["claude-opus-4-5"] },
    },
    {
      name: "google",
      models: { fast: ["gemini-2.5-flash-lite"], balanced: ["gemini-2.5-flash"], capable: ["gemini-2.5-pro"] },
    },
  ],
  aliases: { "claude-sonnet": "claude-sonnet-4-5" },
};

const MOST_TABLES = 32;
const MOST_MODELS = 16;
const MODEL_NAME = /^[\w.:@+-][\w.:@+/-]{0,199}$/;

export interface ParsedTierTables {
  readonly tables: TierTables;
  /** One sentence per value that was not usable; the shipped tables, or nothing, took its place. */
  readonly warnings: readonly string[];
}

/**
 * Tables from the row's text: `{"tables": {NAME: {"fast": [MODEL, …], "balanced": […], "capable": […]}, …}, "aliases": {NAME: MODEL}}`.
 * A table may leave tiers out. Without a row, or where nothing of it can be used, the shipped tables.
 */
export function parseTierTables(text: string | undefined): ParsedTierTables {
  if (text === undefined) return { tables: PRESET_TABLES, warnings: [] };
  const value = readJson(text);
  if (!isJsonObject(value) || !isJsonObject(value["tables"]))
    return { tables: PRESET_TABLES, warnings: [`system_config ${TIER_MODELS_KEY} is not {"tables": {…}}; the shipped tables are used`] };
  const warnings: string[] = [];
  const tables = Object.entries(value["tables"])
    .slice(0, MOST_TABLES)
    .flatMap(([name, given]) => readTable(name, given, warnings));
  if (tables.length === 0) {
    warnings.push(`system_config ${TIER_MODELS_KEY} names no usable model; the shipped tables are used`);
    return { tables: PRESET_TABLES, warnings };
  }
  return { tables: { tables, aliases: readAliases(value["aliases"], warnings) }, warnings };
}

function readTable(name: string, given: JsonValue | undefined, warnings: string[]): TierTables["tables"] {
  if (!isJsonObject(given)) {
    warnings.push(`system_config ${TIER_MODELS_KEY}: table ${name} should be an object; it is passed over`);
    return [];
  }
  const models = {
    fast: readTier(name, "fast", given, warnings),
    balanced: readTier(name, "balanced", given, warnings),
    capable: readTier(name, "capable", given, warnings),
  };
  for (const [lower, higher] of [
    ["fast", "balanced"],
    ["balanced", "capable"],
    ["fast", "capable"],
  ] as const) {
    const first = models[lower][0];
    if (first !== undefined && first === models[higher][0])
      warnings.push(`system_config ${TIER_MODELS_KEY}: table ${name} has ${first} first in ${lower} and in ${higher}: these tiers are one`);
  }
  return TIERS.every((tier) => models[tier].length === 0) ? [] : [{ name, models }];
}

function readTier(name: string, tier: Tier, table: JsonObject, warnings: string[]): readonly string[] {
  const given = table[tier];
  if (given === undefined) return [];
  const list = typeof given === "string" ? [given] : Array.isArray(given) ? given.slice(0, MOST_MODELS) : [];
  const usable = list.filter((model): model is string => typeof model === "string" && MODEL_NAME.test(model));
  if (usable.length < list.length || list.length === 0)
    warnings.push(`system_config ${TIER_MODELS_KEY}: ${name}.${tier} should list names of models; ${usable.length} of it can be used`);
  return [...new Set(usable)];
}

function readAliases(given: JsonValue | undefined, warnings: string[]): Readonly<Record<string, string>> {
  if (given === undefined) return PRESET_TABLES.aliases;
  const pairs = isJsonObject(given) ? Object.entries(given) : [];
  const usable = pairs.filter((pair): pair is [string, string] => typeof pair[1] === "string" && MODEL_NAME.test(pair[1]));
  if (!isJsonObject(given) || usable.length < pairs.length)
    warnings.push(`system_config ${TIER_MODELS_KEY}: aliases should map names to names of models; ${usable.length} can be used`);
  return Object.fromEntries(usable);
}

function readJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

export interface TableOrder {
  /** Whose table is asked first, whatever it serves. */
  readonly provider?: string | undefined;
  /** @defaultValue every model is */
  readonly isServed?: (model: string) => boolean;
}

/**
 * Tables in the order in which they are asked: those that can serve all three tiers before those that cannot, because
 * tiers taken from different tables may turn out to be one model.
 */
export function orderTables({ tables }: TierTables, { provider, isServed = () => true }: TableOrder = {}): TierTables["tables"] {
  const own = tables.filter(({ name }) => name === provider);
  const others = tables.filter(({ name }) => name !== provider);
  const isWhole = ({ models }: (typeof tables)[number]): boolean => TIERS.every((tier) => models[tier].some(isServed));
  return [...own, ...others.filter(isWhole), ...others.filter((table) => !isWhole(table))];
}

/** Models of a tier in the order in which they are tried, each once; at most 16, for every one is looked at in every decision. */
export function modelsOfTier(ordered: TierTables["tables"], tier: Tier): readonly string[] {
  return [...new Set(ordered.flatMap(({ models }) => models[tier]))].slice(0, MOST_MODELS);
}

/** What is called for a name of the tables. */
export function callNameOf({ aliases }: TierTables, model: string): string {
  return Object.hasOwn(aliases, model) ? (aliases[model] ?? model) : model;
}
