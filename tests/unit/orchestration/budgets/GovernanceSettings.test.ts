import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DEFAULT_SETTINGS,
  parseSettings,
  SETTING_KEYS,
  type SettingKey,
} from "../../../../lib/orchestration/budgets/GovernanceSettings.ts";

const parse = (rows: Partial<Record<SettingKey, string>>) => parseSettings(new Map(Object.entries(rows) as [SettingKey, string][]));

describe("parseSettings", () => {
  test("gives the shipped values without rows", () => {
    expect(parse({})).toEqual({ settings: DEFAULT_SETTINGS, warnings: [] });
  });

  test("changes what a row names and leaves the rest", () => {
    const { settings, warnings } = parse({
      token_budget_multipliers: '{"intent":{"generate":2},"tier":{"fast":0}}',
      compression_quality_thresholds: '{"aggressive":4}',
      routing_tiers: '{"below":{"fast":3},"models":{"fast":"x"}}',
      token_budget_rules: '{"policy":"pause","poolShare":0.15,"maxSameCalls":5}',
    });

    expect(warnings).toEqual([]);
    expect(settings).toEqual({
      ...DEFAULT_SETTINGS,
      intentMultipliers: { ...DEFAULT_SETTINGS.intentMultipliers, generate: 2 },
      tierMultipliers: { ...DEFAULT_SETTINGS.tierMultipliers, fast: 0 },
      minQuality: { ...DEFAULT_SETTINGS.minQuality, aggressive: 4 },
      tierBelowScore: { fast: 3, balanced: 7.5 },
      policy: "pause",
      poolShare: 0.15,
      maxSameCalls: 5,
    });
  });

  test.each([
    ["not json", "token_budget_rules is not a JSON object"],
    ["[1]", "token_budget_rules is not a JSON object"],
    ['{"poolShare":"0.1"}', "poolShare should be a number from 0 to 0.5; 0.12 is used"],
    ['{"poolShare":0.9}', "poolShare should be a number from 0 to 0.5; 0.12 is used"],
    ['{"maxSameCalls":2.5}', "maxSameCalls should be a whole number from 2 to 1000; 3 is used"],
    ['{"policy":"explode"}', "policy should be one of warn, degrade, pause, fail; warn is used"],
  ])("keeps the shipped values for %s, and says so", (text, warning) => {
    const { settings, warnings } = parse({ token_budget_rules: text });

    expect(settings).toEqual(DEFAULT_SETTINGS);
    expect(warnings).toEqual([expect.stringContaining(warning)]);
  });

  test("says when a member is not an object", () => {
    expect(parse({ token_budget_multipliers: '{"intent":3}' }).warnings).toEqual([expect.stringContaining("intent should be an object")]);
  });

  test("takes any text for any row, and never gives a figure that is not one", () => {
    const row = fc.oneof(fc.string(), fc.json(), fc.constant('{"__proto__":{"policy":"fail"},"intent":{"constructor":1}}'));
    fc.assert(
      fc.property(fc.constantFrom(...SETTING_KEYS), row, (key, text) => {
        const { settings } = parse({ [key]: text });
        const figures = Object.values(settings).flatMap((value) => (typeof value === "object" ? Object.values(value as object) : [value]));

        expect(figures.every((value) => typeof value === "string" || Number.isFinite(value))).toBe(true);
        expect(Object.keys(settings.intentMultipliers)).toEqual(Object.keys(DEFAULT_SETTINGS.intentMultipliers));
      }),
    );
  });
});
