// An answer, or a cancel, at the very moment of a suspension, many times: nobody sleeps with an answer in his row.
import { systemClock } from "../../../lib/core/clock.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { ExecutionState } from "../../../lib/pilot/ExecutionState.ts";
import type { ClaimedExecution } from "../../../lib/pilot/ExecutionStore.ts";
import { Suspender } from "../../../lib/pilot/Suspender.ts";
import type { Wait } from "../../../lib/pilot/types.ts";
import { createFaultEngine, type FaultEngine } from "../createFaultEngine.ts";
import { seededRandom, type SeededRandom } from "../seededRandom.ts";

const CHUNK = 50;
const STEPS = [{ id: "ok", type: "human_approval", approvers: ["ann"], title: "Go on?" }];
const WAIT: Wait = { path: "ok", for: "approval", until: null, message: "Go on?", needUsd: null, needTokens: null };

interface Race {
  readonly fault: FaultEngine;
  readonly suspender: Suspender;
  readonly random: SeededRandom;
}

/** @returns faults in words */
export async function approvalRace(
  db: Database,
  { rounds, seed, notify = true }: { readonly rounds: number; readonly seed: number; readonly notify?: boolean },
): Promise<string[]> {
  const fault = await createFaultEngine(db, { notify, supervise: false });
  const { journal, queue } = fault.engine;
  const suspender = new Suspender({ db, journal, queue, emit: () => undefined, leaseSignal: () => new AbortController().signal });
  const race: Race = { fault, suspender, random: seededRandom(seed) };
  const faults: string[] = [];
  const seen = { slept: 0, stayed: 0 };
  for (let done = 0; done < rounds && faults.length === 0; done += CHUNK) {
    await Promise.all(Array.from({ length: CHUNK }, () => fault.start(STEPS)));
    const claims = await fault.claim(CHUNK);
    if (claims.length !== CHUNK) faults.push(`claimed ${claims.length} of ${CHUNK}`);
    for (const left of await Promise.all(claims.map((claim, index) => raceOnce(race, claim, index)))) seen[left ? "slept" : "stayed"] += 1;
    faults.push(...(await sleepers(db)));
    await clear(db);
  }
  // Both orders must have occurred, or nothing raced.
  if (seen.slept === 0 || seen.stayed === 0) faults.push(`no race: ${JSON.stringify(seen)}`);
  await fault.close();
  return faults;
}

/** @returns whether the execution left its worker */
async function raceOnce({ fault, suspender, random }: Race, claim: ClaimedExecution, index: number): Promise<boolean> {
  const state = new ExecutionState({
    claim,
    definition: { name: "fault", steps: [], maxConcurrency: 4 },
    snapshot: { flags: {}, defaultModel: null, tags: [], previewEffects: false, timeoutMs: null, pricedAs: null, subWorkflows: {} },
    inputs: {},
    rows: [],
    attempts: [],
    signals: [],
  });
  const delays = [random.whole(4), random.whole(4)] as const;
  const answer = async (): Promise<void> => {
    await pause(delays[0]);
    if (index % 5 === 4) return fault.control.cancel(DEFAULT_WORKSPACE_ID, claim.id, "ann");
    return fault.control.signal(
      DEFAULT_WORKSPACE_ID,
      claim.id,
      { key: "approval:ok:ann", actor: "ann", payload: { decision: "approve", comment: null } },
      { event: "APPROVAL_ANSWERED", facts: { entityType: "approval", entityId: "ok" } },
    );
  };
  const leave = async (): Promise<boolean> => {
    await pause(delays[1]);
    if (index % 2 === 0) return suspender.suspend(state, [WAIT]);
    const end = {
      executionId: claim.id,
      status: "uncertain",
      outputHash: null,
      error: null,
      completedSteps: 0,
      failedSteps: 0,
      skippedSteps: 0,
    };
    return suspender.restUncertain(state, [{ kind: "ends", rows: [end] }]);
  };
  const [left] = await Promise.all([leave(), answer()]);
  return left;
}

async function pause(length: number): Promise<void> {
  if (length > 0) await systemClock.sleep(length - 1);
}

/** Who rests although an answer or a cancel is there, and who was woken without a wake-up. */
async function sleepers(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ id: string; status: string }>(
    `SELECT e.id, e.status FROM workflow_executions e
     WHERE (e.status IN ('suspended', 'uncertain') AND (e.cancel_requested_at IS NOT NULL OR EXISTS (SELECT 1 FROM execution_signals s WHERE s.execution_id = e.id)))
        OR (e.status = 'queued' AND NOT EXISTS (SELECT 1 FROM pgboss.job j WHERE j.id = e.wake_id AND j.state = 'created'))`,
  );
  return rows.map(({ id, status }) => `${id} is ${status} for ever`);
}

async function clear(db: Database): Promise<void> {
  await db.query("DELETE FROM pgboss.job WHERE name = 'executions'");
  await db.query("DELETE FROM workflow_executions");
}
