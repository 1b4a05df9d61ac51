// An agent's intensity score with a definition, as of now. Reads and writes the agent's own row only.
import { loadIntensity, loadIntensityRules, type AgentKey } from "../ais/AgentIntensityStore.ts";
import { designOf } from "../ais/designOf.ts";
import { NO_INTENSITY, withDesign } from "../ais/nextIntensity.ts";
import type { AgentIntensity } from "../ais/types.ts";
import { updateAgentDesign } from "../ais/updateAgentIntensity.ts";
import type { Database } from "../db/Database.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";

/**
 * Brings the agent's stored design up to date first.
 *
 * @returns 0–10; null: no score can be made of what is known
 */
export async function agentAis(
  db: Database,
  agent: AgentKey,
  definition: WorkflowDefinition,
  warn: (warning: string) => void,
): Promise<number | null> {
  const known = await loadIntensity(db, agent);
  const intensity = isCurrent(known, definition) ? known : await updateAgentDesign(db, agent, designOf(definition), warn);
  return intensity.scores.combined;
}

/** The same for a plan: it stores nothing, and the agent need not exist. */
export async function plannedAis(db: Database, agent: AgentKey, definition: WorkflowDefinition): Promise<number | null> {
  const known = await loadIntensity(db, agent);
  if (isCurrent(known, definition)) return known.scores.combined;
  const { rules } = await loadIntensityRules(db, agent.workspaceId);
  return withDesign(known ?? NO_INTENSITY, designOf(definition), rules).scores.combined;
}

function isCurrent(known: AgentIntensity | null, definition: WorkflowDefinition): known is AgentIntensity {
  return known !== null && JSON.stringify(known.design) === JSON.stringify(designOf(definition));
}
