// Brings an agent's stored intensity up to date after an execution, or after its definition changed. Counts each execution once.
import type { Database } from "../db/Database.ts";
import { addHistory, loadIntensityRules, lockIntensity, saveIntensity, type AgentKey } from "./AgentIntensityStore.ts";
import { nextIntensity, withDesign } from "./nextIntensity.ts";
import type { AgentDesign, AgentIntensity, ExecutionFacts } from "./types.ts";

type Warn = (warning: string) => void;

/**
 * To be called off the path of the execution, after its last unit, for failed and cancelled executions too. Twice for
 * the same execution changes nothing, so a caller that is not sure may call again.
 *
 * @param warn is told of rules that an operator wrote and that cannot be used
 * @returns the intensity as it now stands
 */
export async function updateAgentIntensityMetrics(
  db: Database,
  agent: AgentKey,
  execution: ExecutionFacts,
  warn: Warn = () => undefined,
): Promise<AgentIntensity> {
  const { rules, warnings } = await loadIntensityRules(db, agent.workspaceId);
  for (const warning of warnings) warn(warning);
  return await db.transaction(async (tx) => {
    const before = await lockIntensity(tx, agent);
    const after = nextIntensity(before, execution, rules);
    const { executionId, isSuccess, costUsd } = execution;
    const isNew = await addHistory(tx, agent, { executionId, isSuccess, costUsd, scores: after.scores, metrics: after.metrics });
    if (!isNew) return before;
    await saveIntensity(tx, agent, after);
    return after;
  });
}

/** To be called when an agent starts with another definition. What was learned from executions stays. @param warn as above */
export async function updateAgentDesign(
  db: Database,
  agent: AgentKey,
  design: AgentDesign,
  warn: Warn = () => undefined,
): Promise<AgentIntensity> {
  const { rules, warnings } = await loadIntensityRules(db, agent.workspaceId);
  for (const warning of warnings) warn(warning);
  return await db.transaction(async (tx) => {
    const after = withDesign(await lockIntensity(tx, agent), design, rules);
    await saveIntensity(tx, agent, after);
    return after;
  });
}
