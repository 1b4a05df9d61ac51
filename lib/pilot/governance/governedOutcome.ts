// Adds to a step's outcome what governance did: facts for its row, audit rows for its unit; on the direct path, why it is not governed.
import type { UnitPart } from "../../db/UnitPart.ts";
import { toAuditDetails, toStoredRoute } from "../../orchestration/routing/storedRoute.ts";
import { auditPart } from "../auditPart.ts";
import type { StepScope } from "../StepScope.ts";
import type { Decision, StepOutcome } from "../types.ts";

type Ended = Extract<StepOutcome, { readonly status: "completed" | "failed" | "waiting" }>;

export function governedOutcome(
  { scope, path }: { readonly scope: StepScope; readonly path: string },
  decision: Decision | null,
  outcome: Ended,
): Ended {
  const parts = partsOf(scope, path, decision);
  if (decision === null || (decision.governance === undefined && parts.length === 0)) return outcome;
  const added = { ...outcome, parts: [...(outcome.parts ?? []), ...parts] };
  if (added.status === "waiting" || decision.governance === undefined) return added;
  const { governance } = decision;
  if (added.status === "completed") governance.execution.release(path);
  const warnings = [...(added.facts?.warnings ?? []), ...governance.warnings];
  const facts = { ...added.facts, ...(warnings.length === 0 ? {} : { warnings }), governance: governance.facts() };
  return { ...added, facts };
}

function partsOf({ state }: StepScope, path: string, decision: Decision | null): UnitPart[] {
  if (decision?.bypass !== undefined) {
    const details = { reason: decision.bypass };
    return [auditPart(state, "ORCHESTRATION_BYPASSED", { entityType: "step", entityId: path, details })];
  }
  return [...(decision?.governance?.unitParts(state) ?? []), ...routeParts(state, path, decision?.aisRoute)];
}

/** Where the step's calls went by the agent's score, and why; the stored route can be decided again. */
function routeParts(state: StepScope["state"], path: string, route: Decision["aisRoute"]): UnitPart[] {
  if (route === undefined) return [];
  const details = { mode: route.mode, ...toAuditDetails(route.decision), route: toStoredRoute(route.decision) };
  return [auditPart(state, "ORCHESTRATION_AIS_ROUTED", { entityType: "step", entityId: path, details })];
}
