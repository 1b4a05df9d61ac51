// Requests for approval in a real database: written through the journal, listed for people, ended once.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../lib/core/clock.ts";
import { DEFAULT_WORKSPACE_ID, uuidv7, type WorkspaceId } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { Journal } from "../../../lib/journal/Journal.ts";
import { approvalKey, approvalWriter, listApprovals, loadApproval, type ApprovalRow } from "../../../lib/pilot/ApprovalStore.ts";
import { insertSignal } from "../../../lib/pilot/ExecutionStore.ts";
import { openTestDatabase } from "../../testEnvironment.ts";

const OTHER = "00000000-0000-4000-8000-0000000000ff" as WorkspaceId;
const AT_MS = Date.parse("2026-01-01T00:00:00Z");

let db: Database;
let journal: Journal;
beforeAll(async () => {
  db = await openTestDatabase();
  journal = new Journal({ db, clock: systemClock, writers: [approvalWriter], onFinish: () => Promise.resolve(new Set()) });
});
afterAll(async () => await db.close());

async function execution(): Promise<string> {
  const id = uuidv7();
  await db.query("INSERT INTO workflow_executions (id, status, epoch) VALUES ($1, 'running', 1)", [id]);
  return id;
}

function request(executionId: string, fields: Partial<ApprovalRow> = {}): ApprovalRow {
  return {
    id: uuidv7(),
    executionId,
    stepPath: "loop[2].ok",
    title: 'Pay "now"?',
    message: null,
    context: '{"nul":"\\u0000","n":1}',
    approvers: ["ann", 'b"o,b', "{cy}"],
    approvalType: "majority",
    requireComment: true,
    status: "pending",
    timeoutAction: "escalate",
    escalateTo: [],
    escalatedAtMs: null,
    expiresAtMs: AT_MS + 60_000,
    createdAtMs: AT_MS,
    resolvedAtMs: null,
    ...fields,
  };
}

async function write(row: ApprovalRow, epoch = 1): Promise<string> {
  return await journal.append({ executionId: row.executionId, epoch, parts: [{ kind: "approvals", rows: [row] }] });
}

describe("a request", () => {
  test("is listed as it was written, with its answers in order", async () => {
    const id = await execution();
    const row = request(id);
    expect(await write(row)).toBe("committed");
    await db.transaction(async (tx) => {
      await insertSignal(tx, id, {
        key: approvalKey("loop[2].ok", "{cy}"),
        actor: "{cy}",
        payload: '{"decision":"approve","comment":"fine"}',
      });
      await insertSignal(tx, id, {
        key: approvalKey("loop[2].okay", "ann"),
        actor: "ann",
        payload: '{"decision":"reject","comment":null}',
      });
    });
    const [found, ...others] = await listApprovals(db, DEFAULT_WORKSPACE_ID, { executionId: id });
    expect(others).toEqual([]);
    expect(found).toEqual({
      id: row.id,
      executionId: id,
      path: "loop[2].ok",
      title: 'Pay "now"?',
      message: null,
      context: { nul: "\0", n: 1 },
      approvers: ["ann", 'b"o,b', "{cy}"],
      approvalType: "majority",
      requireComment: true,
      status: "pending",
      expiresAt: "2026-01-01T00:01:00.000Z",
      answers: [{ approver: "{cy}", decision: "approve", comment: "fine", at: expect.any(String) }],
    });
  });

  test("written together with others of other sizes keeps its own people", async () => {
    const ids = await Promise.all([execution(), execution(), execution()]);
    const people = [["a"], ["b", "c", "d"], ["e", "f"]];
    await Promise.all(ids.map((id, index) => write(request(id, { approvers: people[index] ?? [] }))));
    const found = await Promise.all(
      ids.map(async (id) => (await listApprovals(db, DEFAULT_WORKSPACE_ID, { executionId: id }))[0]?.approvers),
    );
    expect(found).toEqual(people);
  });

  test("goes to others by escalation and ends once", async () => {
    const id = await execution();
    const row = request(id);
    await write(row);
    await write({ ...row, approvers: ["zoe"], escalatedAtMs: AT_MS + 60_000, expiresAtMs: null });
    expect(await loadApproval(db, DEFAULT_WORKSPACE_ID, row.id)).toMatchObject({ status: "pending", approvers: ["zoe"], expiresAt: null });
    await write({ ...row, status: "approved", resolvedAtMs: AT_MS + 70_000 });
    await write({ ...row, status: "rejected", resolvedAtMs: AT_MS + 80_000 });
    expect((await loadApproval(db, DEFAULT_WORKSPACE_ID, row.id))?.status).toBe("approved");
    expect(await listApprovals(db, DEFAULT_WORKSPACE_ID, { executionId: id })).toEqual([]);
    expect(await listApprovals(db, DEFAULT_WORKSPACE_ID, { executionId: id, all: true })).toHaveLength(1);
  });

  test("of an owner that lost the execution is not written", async () => {
    const id = await execution();
    expect(await write(request(id), 0)).toBe("fenced");
    expect(await listApprovals(db, DEFAULT_WORKSPACE_ID, { executionId: id, all: true })).toEqual([]);
  });

  test("is seen by its own workspace only, and not as pending once its execution has ended", async () => {
    const id = await execution();
    const row = request(id);
    await write(row);
    expect(await loadApproval(db, OTHER, row.id)).toBeNull();
    expect(await listApprovals(db, OTHER, { all: true })).toEqual([]);
    await db.query("UPDATE workflow_executions SET status = 'cancelled' WHERE id = $1", [id]);
    expect(await listApprovals(db, DEFAULT_WORKSPACE_ID, { executionId: id })).toEqual([]);
  });
});
