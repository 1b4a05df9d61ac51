// The plan's four switches. Values live in system_config; what a value means is rollout.ts's work.
import { closestName } from "../core/closestName.ts";
import { AppError } from "../core/errors.ts";

export interface FlagAbout {
  /** As the plan's rows have it. */
  readonly description: string;
  readonly owner: string;
  /** When the switch itself can go. */
  readonly removal: string;
}

const REMOVAL = "one minor version after it is on by default";

export const FLAGS = {
  orchestration_intents_enabled: { description: "Enable intent classification", owner: "orchestration", removal: REMOVAL },
  token_governance_enabled: { description: "Enable token budget enforcement", owner: "orchestration", removal: REMOVAL },
  intent_routing_enabled: { description: "Enable intent-based routing", owner: "orchestration", removal: REMOVAL },
  ais_routing_enabled: { description: "Enable AIS-based routing", owner: "orchestration", removal: REMOVAL },
} as const satisfies Record<string, FlagAbout>;

export type FlagKey = keyof typeof FLAGS;

export const FLAG_KEYS = Object.keys(FLAGS) as readonly FlagKey[];

export function isFlagKey(text: string): text is FlagKey {
  return Object.hasOwn(FLAGS, text);
}

export function unknownFlag(key: string): AppError {
  const near = closestName(key, FLAG_KEYS);
  const question = near === null ? "" : `, did you mean ${near}?`;
  return new AppError("USAGE", `there is no flag "${key}"${question}`, {
    details: { got: key, expected: FLAG_KEYS.join(", ") },
    hint: "list the flags with `flags ls`",
  });
}
