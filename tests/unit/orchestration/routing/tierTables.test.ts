import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { callNameOf, modelsOfTier, orderTables, parseTierTables, PRESET_TABLES } from "../../../../lib/orchestration/routing/tierTables.ts";

const parse = (value: unknown): ReturnType<typeof parseTierTables> => parseTierTables(JSON.stringify(value));

describe("parseTierTables", () => {
  test("reads back what the migration ships, which is the preset", () => {
    const migration = readFileSync(new URL("../../../../supabase/migrations/20250305_agent_intensity.sql", import.meta.url), "utf8");
    const row = /'(\{"tables":.*\})'/.exec(migration)?.[1];

    expect(parseTierTables(row)).toEqual({ tables: PRESET_TABLES, warnings: [] });
  });

  test("gives the preset without a row", () => {
    expect(parseTierTables(undefined)).toEqual({ tables: PRESET_TABLES, warnings: [] });
  });

  test("reads tables in their order, single names, missing tiers and aliases", () => {
    const { tables, warnings } = parse({
      tables: { house: { fast: "small", capable: ["large", "larger", "large"] }, other: { balanced: ["gw/org/middle"] } },
      aliases: { small: "house/small-v2" },
    });

    expect(warnings).toEqual([]);
    expect(modelsOfTier(tables.tables, "fast")).toEqual(["small"]);
    expect(modelsOfTier(tables.tables, "balanced")).toEqual(["gw/org/middle"]);
    expect(modelsOfTier(tables.tables, "capable")).toEqual(["large", "larger"]);
    expect(callNameOf(tables, "small")).toBe("house/small-v2");
    expect(callNameOf(tables, "constructor")).toBe("constructor");
  });

  test.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["no tables", '{"tables":[]}'],
    ["an empty table", '{"tables":{"a":{}}}'],
    ["no usable name", '{"tables":{"a":{"fast":[7,"two words",""]}}}'],
    ["a table that is none", '{"tables":{"a":3}}'],
    ["a tier that is none", '{"tables":{"a":{"fast":{}}}}'],
  ])("falls back to the preset, with a warning, for %s", (_name, text) => {
    const { tables, warnings } = parseTierTables(text);

    expect(tables).toEqual(PRESET_TABLES);
    expect(warnings.length).toBeGreaterThan(0);
  });

  test("warns where two tiers of a table are one, and passes over names and aliases that are none", () => {
    const { tables, warnings } = parse({ tables: { a: { fast: ["m", 7], balanced: ["m"] } }, aliases: { m: 3, n: "o" } });

    expect(warnings).toEqual([
      "system_config routing_tier_models: a.fast should list names of models; 1 of it can be used",
      "system_config routing_tier_models: table a has m first in fast and in balanced: these tiers are one",
      "system_config routing_tier_models: aliases should map names to names of models; 1 can be used",
    ]);
    expect(tables.aliases).toEqual({ n: "o" });
    expect(parse({ tables: { a: { fast: ["m"] } }, aliases: [] }).warnings).toHaveLength(1);
  });

  test("lists each model once, the preferred provider's first", () => {
    const first = (provider?: string): readonly string[] => modelsOfTier(orderTables(PRESET_TABLES, { provider }), "fast").slice(0, 3);

    expect(first()).toEqual(["gpt-4o-mini", "gpt-5-nano", "claude-haiku-4-5"]);
    expect(first("google")).toEqual(["gemini-2.5-flash-lite", "gpt-4o-mini", "gpt-5-nano"]);
  });

  test("asks tables that serve all three tiers before those that cannot", () => {
    const names = (...prefixes: readonly string[]): readonly string[] =>
      orderTables(PRESET_TABLES, { isServed: (model) => prefixes.some((prefix) => model.startsWith(prefix)) }).map(({ name }) => name);

    expect(names("claude")).toEqual(["anthropic", "preset", "openai", "google"]);
    expect(names("gpt")).toEqual(["openai", "preset", "anthropic", "google"]);
    expect(names("gpt", "claude")).toEqual(["preset", "openai", "anthropic", "google"]);
    expect(names()).toEqual(["preset", "openai", "anthropic", "google"]);
  });
});
