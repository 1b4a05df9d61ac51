// What an execution keeps of the flags and settings of governance as they were at its start. Absent where every flag is off.
import type { FlagEvaluation, FlagStand } from "../../flags/FeatureFlags.ts";
import type { GovernanceSettings } from "../../orchestration/budgets/GovernanceSettings.ts";
import type { RoutingSnapshot } from "../../orchestration/routing/routingSnapshot.ts";
import type { GovernanceMode } from "../../orchestration/types.ts";

export interface GovernanceSnapshot {
  readonly intents: GovernanceMode;
  readonly tokens: GovernanceMode;
  /** Routing by intent. Absent in executions that began before it existed: off. */
  readonly routing?: GovernanceMode;
  /** Routing of models by the agent's intensity score. Absent in executions that began before it existed: off. */
  readonly aisRouting?: GovernanceMode;
  /** 0–10, as of the start; null or absent: no score. */
  readonly ais?: number | null;
  /** What routes of this execution go by; absent: routing by score is off. */
  readonly route?: RoutingSnapshot;
  /** What was decided, and flags and agent as they stood: later changes overrule in the safe direction only. */
  readonly decided: FlagEvaluation;
  readonly stand: FlagStand;
  /** Planning total of the execution in tokens. */
  readonly tokenLimit: number;
  readonly settings: GovernanceSettings;
}

/** null: nothing of orchestration is on or observing, and the execution runs as if it were not there. */
export function governanceSnapshot(
  decided: FlagEvaluation,
  stand: FlagStand,
  { tokenLimit, settings, ais, route }: Pick<GovernanceSnapshot, "tokenLimit" | "settings" | "ais" | "route">,
): GovernanceSnapshot | null {
  const intents = decided.orchestration_intents_enabled.state;
  const tokens = decided.token_governance_enabled.state;
  const routing = decided.intent_routing_enabled.state;
  const aisRouting = decided.ais_routing_enabled.state;
  if ([intents, tokens, routing, aisRouting].every((state) => state === "off")) return null;
  const known = { ...(ais === undefined ? {} : { ais }), ...(route === undefined ? {} : { route }) };
  return { intents, tokens, routing, aisRouting, ...known, decided, stand, tokenLimit, settings };
}
