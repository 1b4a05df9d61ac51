import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_WORKSPACE_ID, uuidv7, type WorkspaceId } from "../../../../lib/core/ids.ts";
import type { Database } from "../../../../lib/db/Database.ts";
import { writeFacts } from "../../../../lib/db/UnitPart.ts";
import {
  loadPastRoutes,
  loadRouteOutcomes,
  loadTierTables,
  pruneRouteOutcomes,
  routingOutcomeWriter,
  type StoredOutcome,
} from "../../../../lib/orchestration/routing/RoutingStore.ts";
import { PRESET_TABLES } from "../../../../lib/orchestration/routing/tierTables.ts";
import { createTestDatabase } from "../../../../lib/testing/createTestDatabase.ts";
import { addAgent, addExecution, addWorkspace } from "../../ais/storedExecution.ts";
import { outcome } from "./routingFixtures.ts";

const workspaceId = DEFAULT_WORKSPACE_ID;
let db: Database;
let other: WorkspaceId;
beforeAll(async () => {
  db = await createTestDatabase();
  other = await addWorkspace(db, "other");
});
afterAll(async () => {
  await db.close();
});

const stored = (fields: Partial<StoredOutcome> = {}): StoredOutcome => ({
  ...outcome({ buckets: [0, 7, 4_095] }),
  attemptId: uuidv7(),
  workspaceId,
  createdAtMs: Date.UTC(2026, 0, 1),
  ...fields,
});

describe("loadTierTables", () => {
  test("reads the shipped row, and a workspace's own before it", async () => {
    await db.query("INSERT INTO system_config (key, value, workspace_id) VALUES ('routing_tier_models', $1, $2)", [
      '{"tables":{"house":{"fast":["small"]}}}',
      other,
    ]);

    expect(await loadTierTables(db, workspaceId)).toEqual({ tables: PRESET_TABLES, warnings: [] });
    expect((await loadTierTables(db, other)).tables.tables).toEqual([
      { name: "house", models: { fast: ["small"], balanced: [], capable: [] } },
    ]);
  });
});

describe("loadPastRoutes", () => {
  test("gives the latest three routed executions of the agent, without the one that starts", async () => {
    const agentId = await addAgent(db, workspaceId);
    const at = async (day: number, fields: object): Promise<string> =>
      addExecution(db, { workspaceId, agentId, createdAt: `2026-01-0${day}T00:00:00Z`, ...fields });
    await at(1, { ais: 1, tier: "fast" });
    await at(2, { ais: 2.5, tier: "fast" });
    await at(3, { tier: "balanced" });
    await at(4, { ais: 4 });
    await at(5, { ais: 5, tier: "no tier of ours" });
    const starting = await at(6, { ais: 9, tier: "capable" });

    const request = { agentId, exceptExecutionId: starting };
    expect(await loadPastRoutes(db, { ...request, workspaceId })).toEqual([
      { ais: null, tier: "balanced" },
      { ais: 2.5, tier: "fast" },
    ]);
    expect(await loadPastRoutes(db, { ...request, workspaceId: other })).toEqual([]);
  });
});

describe("routing_outcomes", () => {
  test("come back as they were written, oldest first, each attempt once", async () => {
    const later = stored({ isSuccess: false, createdAtMs: Date.UTC(2026, 0, 3), buckets: [], model: "gpt-4o" });
    const rows = [later, stored({ createdAtMs: Date.UTC(2026, 0, 2) })];
    await writeFacts(db, routingOutcomeWriter, rows);
    await writeFacts(db, routingOutcomeWriter, rows);
    await writeFacts(db, routingOutcomeWriter, [stored({ workspaceId: other })]);

    expect(await loadRouteOutcomes(db, workspaceId)).toEqual([
      outcome({ buckets: [0, 7, 4_095] }),
      outcome({ isSuccess: false, buckets: [], model: "gpt-4o" }),
    ]);
    expect(await loadRouteOutcomes(db, workspaceId, 1)).toEqual([outcome({ isSuccess: false, buckets: [], model: "gpt-4o" })]);
  });

  test("are first attempts only", async () => {
    const before = await loadRouteOutcomes(db, other);
    await writeFacts(
      db,
      routingOutcomeWriter,
      (["retry", "repair", "escalation", "fallback"] as const).map((kind) => stored({ kind, workspaceId: other })),
    );

    expect(await loadRouteOutcomes(db, other)).toEqual(before);
  });

  test("are pruned to those that are read", async () => {
    const pruned = await addWorkspace(db, "pruned");
    const rows = Array.from({ length: 5 }, (_, index) => stored({ workspaceId: pruned, createdAtMs: Date.UTC(2026, 0, 1 + index) }));
    await writeFacts(db, routingOutcomeWriter, rows);

    expect(await pruneRouteOutcomes(db, pruned, 2)).toBe(3);
    expect(await pruneRouteOutcomes(db, pruned)).toBe(0);
    expect(await loadRouteOutcomes(db, pruned)).toHaveLength(2);
  });
});
