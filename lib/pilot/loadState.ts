// Reads everything a claim needs to go on: definition, snapshot, inputs, rows, attempts, signals; books what an earlier owner left open.
import { AppError } from "../core/errors.ts";
import { decodeJson, isJsonObject } from "../core/json.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import { loadSteps } from "../journal/JournalStore.ts";
import { loadAttempts, type StoredAttempt } from "../ledger/BudgetStore.ts";
import { walkSteps } from "../workflow/nestedSteps.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";
import { auditPart } from "./auditPart.ts";
import { DocumentCache } from "./DocumentStore.ts";
import { ExecutionState, type ConfigSnapshot } from "./ExecutionState.ts";
import { loadSignals, type ClaimedExecution } from "./ExecutionStore.ts";
import { noteLabels } from "./governance/stepLabels.ts";
import type { PilotServices } from "./types.ts";

const documents = new DocumentCache();

export async function loadState(services: PilotServices, claim: ClaimedExecution): Promise<ExecutionState> {
  const { db } = services;
  const definition = (await documents.load(db, claim.workspaceId, claim.definitionHash)) as unknown as WorkflowDefinition;
  noteLabels(definition);
  const snapshot = (await documents.load(db, claim.workspaceId, claim.snapshotHash)) as unknown as ConfigSnapshot;
  const inputs = decodeJson(claim.inputs);
  if (!isJsonObject(inputs)) throw new AppError("INTERNAL", `execution ${claim.id}: its inputs are not an object`);
  const memory = snapshot.memory === undefined ? null : await services.loadMemory(claim.workspaceId, claim.id);
  if (claim.isFirstClaim) {
    const state = new ExecutionState({ claim, definition, snapshot, inputs, rows: [], attempts: [], signals: [], memory });
    state.hasGrants = mayHaveGrant(definition);
    return state;
  }
  // The claim is committed, so nothing of an older epoch can be added to the journal after this.
  const rows = await loadSteps(db, claim.id);
  const attempts = await settleLostCalls(services, claim, await loadAttempts(db, claim.id, { ofUnfinished: true }));
  const signals = await loadSignals(db, claim.id);
  const state = new ExecutionState({ claim, definition, snapshot, inputs, rows, attempts, signals, memory });
  // Whatever an earlier claim reserved may have left a grant behind.
  state.hasGrants = true;
  return state;
}

/** The start itself takes a grant for the model steps that wait for nothing, whether or not they come to call one. */
function mayHaveGrant(definition: WorkflowDefinition): boolean {
  for (const { step } of walkSteps(definition)) if (step.type === "ai_processing" || step.type === "llm_decision") return true;
  return false;
}

/** A model call whose owner died may have been answered and billed: it is booked at its worst case, as `assumed`, never released. */
async function settleLostCalls(
  services: PilotServices,
  claim: ClaimedExecution,
  attempts: readonly StoredAttempt[],
): Promise<StoredAttempt[]> {
  const lost = attempts.filter((attempt) => attempt.kind === "model" && attempt.state === "open" && attempt.epoch < claim.epoch);
  if (lost.length > 0) {
    const parts: UnitPart[] = [
      {
        kind: "settlements",
        rows: lost.map((attempt) => ({
          attemptId: attempt.id,
          state: "assumed",
          usedTokens: attempt.reservedTokens,
          usedUsd: attempt.reservedUsd,
        })),
      },
      auditPart(claim, "PILOT_EXECUTION_TAKEN_OVER", {
        entityType: "execution",
        entityId: claim.id,
        details: { callsAssumed: lost.length },
      }),
    ];
    await services.journal.append({ executionId: claim.id, epoch: claim.epoch, parts });
  }
  return attempts.map((attempt) => (lost.includes(attempt) ? { ...attempt, state: "assumed" as const } : attempt));
}
