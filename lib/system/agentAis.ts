// An agent's intensity score as of now, its design brought up to date first. Reads and writes the agent's own row only.
import { loadIntensity, type AgentKey } from "../ais/AgentIntensityStore.ts";
import { designOf } from "../ais/designOf.ts";
import { updateAgentDesign } from "../ais/updateAgentIntensity.ts";
import type { Database } from "../db/Database.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";

/** @returns 0–10; null: no score can be made of what is known */
export async function agentAis(db: Database, agent: AgentKey, definition: WorkflowDefinition): Promise<number | null> {
  const known = await loadIntensity(db, agent);
  const design = designOf(definition);
  const isCurrent = known !== null && JSON.stringify(known.design) === JSON.stringify(design);
  return (isCurrent ? known : await updateAgentDesign(db, agent, design)).scores.combined;
}
