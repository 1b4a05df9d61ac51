// Orders effects by danger, and makes opinions. Knows no words.
import type { Effect } from "../../workflow/types.ts";
import type { IntentSource, IntentType } from "../types.ts";
import type { Opinion } from "./types.ts";

const DANGER: Readonly<Record<Effect, number>> = { none: 0, read: 1, write: 2, destructive: 3 };

export function moreDangerous(left: Effect, right: Effect): Effect {
  return DANGER[left] >= DANGER[right] ? left : right;
}

/** What the intent alone implies: `send` writes, `extract` reads, the rest is pure. */
export function leastEffect(intent: IntentType): Effect {
  if (intent === "send") return "write";
  return intent === "extract" ? "read" : "none";
}

/** The effect is raised to what the intent implies at least. */
export function opinion(
  intent: IntentType,
  effect: Effect,
  source: IntentSource,
  [confidence, reason]: readonly [number, string],
): Opinion {
  return { intent, effect: moreDangerous(effect, leastEffect(intent)), source, confidence, reason };
}

export function withEffect(given: Opinion, effect: Effect): Opinion {
  return { ...given, effect: moreDangerous(given.effect, effect) };
}
