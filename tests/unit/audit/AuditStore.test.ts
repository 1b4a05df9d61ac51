import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAuditRow, type AuditInput, type AuditRow } from "../../../lib/audit/AuditRow.ts";
import { auditWriter, listAudit } from "../../../lib/audit/AuditStore.ts";
import { AuditTrailService } from "../../../lib/audit/AuditTrailService.ts";
import { DEFAULT_WORKSPACE_ID, uuidv7, type WorkspaceId } from "../../../lib/core/ids.ts";
import { silentLogger } from "../../../lib/core/logger.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { writeFacts } from "../../../lib/db/UnitPart.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";
import { openTestDatabase } from "../../testEnvironment.ts";

const workspaceId = DEFAULT_WORKSPACE_ID;
const OTHER = "00000000-0000-4000-8000-0000000000ff" as WorkspaceId;

let db: Database;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(async () => await db.close());
beforeEach(async () => void (await db.query("DELETE FROM audit_trail")));

let atMs = Date.parse("2026-01-01T00:00:00Z");
function row(input: Partial<AuditInput> = {}): AuditRow {
  atMs += 1_000;
  return createAuditRow({ workspaceId, action: "flag.changed", entityType: "flag", ...input }, atMs);
}

async function write(...rows: readonly AuditRow[]): Promise<void> {
  await writeFacts(db, auditWriter, rows);
}

describe("auditWriter", () => {
  test("stores every field, and NUL, quotes and lone surrogates in details", async () => {
    const executionId = uuidv7();
    const details = { text: 'a\0b "q" \\ {} , NULL \ud800', deep: { list: [1, null, true] } };
    const written = row({
      action: "effect.uncertain",
      entityType: "step",
      entityId: "s2[3].s5[0].send",
      executionId,
      actor: "ann",
      details,
    });
    await write(written);

    const [found] = await listAudit(db, { workspaceId });

    expect(found).toEqual({
      id: written.id,
      at: new Date(written.atMs),
      executionId,
      actor: "ann",
      action: "effect.uncertain",
      entityType: "step",
      entityId: "s2[3].s5[0].send",
      severity: "critical",
      details,
    });
  });

  test("writes rows twice without doubling them", async () => {
    const rows = [row(), row()];
    await write(...rows);
    await write(...rows, row());

    expect(await listAudit(db, { workspaceId })).toHaveLength(3);
  });

  test("has one text for one row and one for several, however many", () => {
    const textOf = (rows: readonly AuditRow[]): string => {
      let count = 0;
      return auditWriter.fragments(rows, { bind: (_value, cast) => `$${++count}::${cast}` })[0]?.sql ?? "";
    };

    expect(textOf([row(), row()])).toBe(textOf([row(), row({ details: 1 }), row()]));
    expect(textOf([row()])).toBe(textOf([row({ details: 1 })]));
  });
});

describe("listAudit", () => {
  test("pages from the newest back, without gap or overlap", async () => {
    const rows = Array.from({ length: 7 }, () => row());
    await write(...rows);
    const seen: string[] = [];
    for (let page = await listAudit(db, { workspaceId, limit: 3 }); page.length > 0;) {
      seen.push(...page.map(({ id }) => id));
      page = await listAudit(db, { workspaceId, limit: 3, before: seen.at(-1)! });
    }

    expect(seen).toEqual(rows.map(({ id }) => id).reverse());
  });

  test("shows no other workspace's rows", async () => {
    const executionId = uuidv7();
    await write(row({ executionId }), row({ workspaceId: OTHER, executionId }));

    expect(await listAudit(db, { workspaceId: OTHER, executionId })).toHaveLength(1);
  });

  test("filters by execution, action, group, severity and time", async () => {
    const executionId = uuidv7();
    const rows = [
      row({ action: "budget.set", executionId }),
      row({ action: "budget.overrun" }),
      row({ action: "pilot.step_failed" }),
      row({ action: "agent.created" }),
    ];
    await write(...rows);
    const actions = async (filter: object): Promise<string[]> =>
      (await listAudit(db, { workspaceId, ...filter })).map(({ action }) => action);

    expect(await actions({ executionId })).toEqual(["budget.set"]);
    expect(await actions({ actions: ["budget."] })).toEqual(["budget.overrun", "budget.set"]);
    expect(await actions({ actions: ["agent.created", "budget"] })).toEqual(["agent.created"]);
    expect(await actions({ severities: ["critical", "warning"] })).toEqual(["pilot.step_failed", "budget.overrun"]);
    expect(await actions({ sinceMs: rows[3]!.atMs })).toEqual(["agent.created"]);
  });

  test.each([
    [0, 1],
    [-5, 1],
    [5_000, 12],
  ])("takes the limit %i as %i of 12 rows", async (limit, expected) => {
    await write(...Array.from({ length: 12 }, () => row()));

    expect(await listAudit(db, { workspaceId, limit })).toHaveLength(expected);
  });
});

test("the trail writes all rows but the one that the database refuses", async () => {
  const trail = new AuditTrailService({ write: (rows) => write(...rows), clock: new ManualClock(), logger: silentLogger });
  for (let index = 0; index < 20; index += 1)
    trail.log({ workspaceId, action: "agent.updated", entityType: "agent", ...(index === 11 ? { executionId: "no uuid" } : {}) });

  await trail.close();

  expect(trail.counts()).toEqual({ queued: 0, written: 19, refused: 1, pressed: 0 });
  expect(await listAudit(db, { workspaceId })).toHaveLength(19);
});
