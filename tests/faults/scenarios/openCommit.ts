// A takeover while a journal's commit is under way: the new owner sees the row, or the old one is refused; never neither, never both.
import { systemClock } from "../../../lib/core/clock.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { loadSteps } from "../../../lib/journal/JournalStore.ts";
import type { StepRow, Unit } from "../../../lib/journal/types.ts";
import { claimExecutions, type ClaimedExecution } from "../../../lib/pilot/ExecutionStore.ts";
import { createFaultEngine, type FaultEngine } from "../createFaultEngine.ts";
import { seededRandom } from "../seededRandom.ts";

const STEPS = [{ id: "s", type: "delay", duration: 0 }];

export async function openCommit(db: Database, { rounds, seed }: { readonly rounds: number; readonly seed: number }): Promise<string[]> {
  const fault = await createFaultEngine(db, { supervise: false });
  const faults: string[] = [];
  if (!db.isSingleConnection) await heldOpen(db, fault, faults);
  const random = seededRandom(seed);
  const seen = { committed: 0, fenced: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const claim = await claimNew(fault);
    const delays = [random.whole(3), random.whole(3)] as const;
    const [outcome, isSeen] = await Promise.all([
      systemClock.sleep(delays[0]).then(() => fault.engine.journal.append(unitOf(claim))),
      systemClock
        .sleep(delays[1])
        .then(() => takeOver(db, claim))
        .then(async () => (await loadSteps(db, claim.id)).length === 1),
    ]);
    seen[outcome] += 1;
    if (isSeen !== (outcome === "committed"))
      faults.push(`round ${round}: the old owner's row is ${outcome}, the new owner ${isSeen ? "sees it" : "does not see it"}`);
  }
  if (seen.committed === 0 || seen.fenced === 0) faults.push(`no race: ${JSON.stringify(seen)}`);
  await fault.close();
  return faults;
}

/** The old owner's transaction stands open with its row written; the takeover must wait for it. */
async function heldOpen(db: Database, fault: FaultEngine, faults: string[]): Promise<void> {
  const claim = await claimNew(fault);
  const written = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const old = db.transaction(async (tx) => {
    await fault.engine.journal.writeIn(tx, unitOf(claim));
    written.resolve();
    await held.promise;
  });
  await written.promise;
  let isTaken = false;
  const taking = takeOver(db, claim).then(() => {
    isTaken = true;
  });
  await systemClock.sleep(300);
  if (isTaken) faults.push("a takeover did not wait for a journal commit under way");
  held.resolve();
  await Promise.all([old, taking]);
  if ((await loadSteps(db, claim.id)).length !== 1) faults.push("the new owner does not see what was committed before its claim");
  if ((await fault.engine.journal.append(unitOf(claim, 2))) !== "fenced")
    faults.push("progress of the old owner was accepted after the takeover");
  if ((await loadSteps(db, claim.id)).length !== 1) faults.push("a refused row is there all the same");
}

async function claimNew(fault: FaultEngine): Promise<ClaimedExecution> {
  const id = await fault.start(STEPS);
  const [claim] = await fault.claim(1);
  if (claim?.id !== id) throw new Error(`claimed ${claim?.id ?? "nothing"} instead of ${id}`);
  return claim;
}

async function takeOver(db: Database, { id, jobId }: ClaimedExecution): Promise<void> {
  const { claimed } = await db.transaction((tx) => claimExecutions(tx, "taker", [{ id: jobId, executionId: id, retryCount: 1 }]));
  if (claimed.length === 0) throw new Error(`${id} could not be taken over`);
}

function unitOf({ id, epoch }: ClaimedExecution, attempt = 1): Unit {
  const row: StepRow = {
    executionId: id,
    epoch,
    stepPath: "s",
    attempt,
    stepType: "delay",
    status: "completed",
    plugin: null,
    action: null,
    tokensUsed: null,
    executionTimeMs: 1,
    itemCount: null,
    replaces: false,
    inline: "1",
    output: null,
    detail: null,
  };
  return { executionId: id, epoch, parts: [{ kind: "steps", rows: [row] }] };
}
