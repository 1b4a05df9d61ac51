// From an agent's score to a tier: the plan's cut, and a hysteresis for agents that have run before. It knows no model.
import type { Tier } from "../types.ts";
import type { PastRoute } from "./types.ts";

/** Weakest first. */
export const TIERS: readonly Tier[] = ["fast", "balanced", "capable"];

/** The plan's figures; `routing_tiers` in system_config may change them. */
export const PLAN_CUTS = { fast: 5, balanced: 7.5 } as const;

/** How far beyond a cut a score must lie to change the tier of an agent with history. */
export const HYSTERESIS = 0.5;
/** In how many executions in a row, the one at hand included. */
export const HELD_EXECUTIONS = 3;

export interface TierCuts {
  readonly fast: number;
  readonly balanced: number;
}

/** The plan's rule: below `fast` fast, below `balanced` balanced, else capable. */
export function cutTier(ais: number, { fast, balanced }: TierCuts = PLAN_CUTS): Tier {
  if (ais < fast) return "fast";
  return ais < balanced ? "balanced" : "capable";
}

export interface ChosenTier {
  readonly tier: Tier;
  /** The cut alone would have said something else. */
  readonly isHeld: boolean;
  readonly reason: string;
}

/**
 * @param ais 0–10; null: no score, and the tier is `balanced`
 * @param history newest first; empty: the cut is exact
 */
export function chooseTier(ais: number | null, history: readonly PastRoute[], cuts: TierCuts = PLAN_CUTS): ChosenTier {
  if (ais === null) return { tier: "balanced", isHeld: false, reason: "no AIS: balanced tier" };
  const cut = cutTier(ais, cuts);
  const last = history[0]?.tier;
  if (last === undefined || last === cut) return { tier: cut, isHeld: false, reason: `${describeCut(ais, cut, cuts)}: ${cut} tier` };
  const recent = [ais, ...history.slice(0, HELD_EXECUTIONS - 1).map((past) => past.ais)];
  const tier =
    recent.length < HELD_EXECUTIONS
      ? last
      : nearest(
          recent.map((score) => moved(score, last, cuts)),
          last,
        );
  if (tier === cut)
    return {
      tier,
      isHeld: false,
      reason: `${describeCut(ais, cut, cuts)} by ${HYSTERESIS} for ${HELD_EXECUTIONS} executions: ${tier} tier`,
    };
  return {
    tier,
    isHeld: true,
    reason: `AIS ${ais} would be ${cut}, but not by ${HYSTERESIS} for ${HELD_EXECUTIONS} executions: ${tier === last ? "still " : ""}${tier} tier`,
  };
}

/** Where a single score would take an agent of tier `from`, the band around each cut being no reason to move. */
function moved(score: number | null, from: Tier, cuts: TierCuts): Tier {
  if (score === null) return from;
  const up = cutTier(score - HYSTERESIS, cuts);
  if (rankOf(up) > rankOf(from)) return up;
  const down = cutTier(score + HYSTERESIS, cuts);
  return rankOf(down) < rankOf(from) ? down : from;
}

/** All must point the same way; the one that asks for the least change decides. */
function nearest(tiers: readonly Tier[], from: Tier): Tier {
  const steps = tiers.map((tier) => rankOf(tier) - rankOf(from));
  const least = steps.every((step) => step > 0) ? Math.min(...steps) : steps.every((step) => step < 0) ? Math.max(...steps) : 0;
  return TIERS[rankOf(from) + least] ?? from;
}

export function rankOf(tier: Tier): number {
  return TIERS.indexOf(tier);
}

function describeCut(ais: number, cut: Tier, { fast, balanced }: TierCuts): string {
  if (cut === "fast") return `AIS ${ais} is below ${fast}`;
  return cut === "balanced" ? `AIS ${ais} is from ${fast} to below ${balanced}` : `AIS ${ais} is ${balanced} or more`;
}

/** A score that can be used, or why it cannot. */
export function readAis(given: unknown): { readonly ais: number | null; readonly fault: string | null } {
  if (given === undefined || given === null) return { ais: null, fault: null };
  if (typeof given !== "number" || !Number.isFinite(given))
    return { ais: null, fault: `AIS is ${describe(given)}, not a number from 0 to 10` };
  if (given < 0 || given > 10) return { ais: null, fault: `AIS ${given} is not from 0 to 10` };
  // A stored decision is JSON, which knows no negative zero.
  return { ais: given === 0 ? 0 : given, fault: null };
}

function describe(given: unknown): string {
  if (typeof given === "number") return String(given);
  if (typeof given === "string") return `the text ${JSON.stringify(given.slice(0, 40))}`;
  return Array.isArray(given) ? "a list" : `of type ${typeof given}`;
}
