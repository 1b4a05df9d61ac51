import { describe, expect, test } from "vitest";
import { FeatureFlags, parseFlagOverrides, type FlagSnapshot } from "../../../lib/flags/FeatureFlags.ts";
import type { FlaggedAgent, FlagValue } from "../../../lib/flags/rollout.ts";
import { SystemConfigStore } from "../../../lib/flags/SystemConfigStore.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";

const flags = new FeatureFlags({ store: new SystemConfigStore({ clock: new ManualClock(), audit: async () => undefined }) });
const agent: FlaggedAgent = { id: "a1", name: "mailer", createdAtMs: 0, orchestration: null };

function snapshot(governance: FlagValue): FlagSnapshot {
  return {
    values: {
      orchestration_intents_enabled: false,
      token_governance_enabled: governance,
      intent_routing_enabled: false,
      ais_routing_enabled: false,
    },
    warnings: [],
  };
}

describe("evaluate", () => {
  test("decides each flag by itself", () => {
    const states = Object.entries(flags.evaluate(snapshot(true), agent, "e1")).map(([key, { state }]) => [key, state]);

    expect(states).toEqual([
      ["orchestration_intents_enabled", "off"],
      ["token_governance_enabled", "on"],
      ["intent_routing_enabled", "off"],
      ["ais_routing_enabled", "off"],
    ]);
  });

  test("gives an override of one execution the last word", () => {
    const evaluation = flags.evaluate(snapshot(true), { ...agent, orchestration: "off" }, "e1", {
      token_governance_enabled: true,
      ais_routing_enabled: "observe",
    });

    expect(evaluation.token_governance_enabled).toMatchObject({ state: "on", decidedBy: "override" });
    expect(evaluation.ais_routing_enabled.state).toBe("observe");
    expect(flags.evaluate(snapshot(true), agent, "e1", { token_governance_enabled: false }).token_governance_enabled.state).toBe("off");
  });
});

describe("overrule", () => {
  const rollout = (changes: object = {}): FlagValue => ({ percentage: 100, include: [], exclude: [], holdout: 0, ...changes });

  function later(before: FlagValue, now: FlagValue, agentNow: Partial<FlaggedAgent> = {}, override?: boolean): string {
    const overrides = override === undefined ? {} : { token_governance_enabled: override };
    const started = flags.evaluate(snapshot(before), agent, "e1", overrides);
    return flags.overrule(started, { snapshot: snapshot(before), agent }, { snapshot: snapshot(now), agent: { ...agent, ...agentNow } })
      .token_governance_enabled;
  }

  test.each<[string, FlagValue, FlagValue, Partial<FlaggedAgent>, string]>([
    ["keeps on when nothing changed", true, true, {}, "on"],
    ["goes off at the kill switch", true, false, {}, "off"],
    ["stops observing at the kill switch", "observe", false, {}, "off"],
    ["goes off when the agent is switched off", true, true, { orchestration: "off" }, "off"],
    ["goes off when the agent is excluded", rollout(), rollout({ exclude: ["mailer"] }), {}, "off"],
    ["only observes when the flag is turned down to observe", true, "observe", {}, "observe"],
    ["stays on when the percentage falls", rollout(), rollout({ percentage: 0 }), {}, "on"],
    ["stays off when the flag is turned up", false, true, {}, "off"],
    ["stays off when the agent is switched on", rollout({ percentage: 0 }), rollout({ percentage: 0 }), { orchestration: "on" }, "off"],
    ["does not begin to act when observe is turned up", "observe", true, {}, "observe"],
  ])("%s", (...[, before, now, agentNow, expected]) => {
    expect(later(before, now, agentNow)).toBe(expected);
  });

  test("leaves an override alone until the flag is turned off after the start", () => {
    expect(later(false, false, {}, true)).toBe("on");
    expect(later(true, false, {}, true)).toBe("off");
  });
});

describe("parseFlagOverrides", () => {
  test("takes true, false and observe", () => {
    expect(parseFlagOverrides({ token_governance_enabled: "observe", ais_routing_enabled: false })).toEqual({
      token_governance_enabled: "observe",
      ais_routing_enabled: false,
    });
  });

  test("refuses an unknown flag with a suggestion, and a rollout", () => {
    expect(() => parseFlagOverrides({ token_governance: true })).toThrow(
      /no flag "token_governance", did you mean token_governance_enabled\?/,
    );
    expect(() => parseFlagOverrides({ ais_routing_enabled: { percentage: 5 } })).toThrow(/expected true, false or "observe"/);
  });
});
