import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_WORKSPACE_ID, uuidv7 } from "../../../../lib/core/ids.ts";
import type { Database, Queryable } from "../../../../lib/db/Database.ts";
import { writeFacts } from "../../../../lib/db/UnitPart.ts";
import { RouteEvidenceCache } from "../../../../lib/orchestration/routing/RouteEvidenceCache.ts";
import { routingOutcomeWriter } from "../../../../lib/orchestration/routing/RoutingStore.ts";
import { executionRoute, loadRoutingSnapshot } from "../../../../lib/orchestration/routing/routingSnapshot.ts";
import { SuccessModel } from "../../../../lib/orchestration/routing/SuccessModel.ts";
import { PRESET_TABLES } from "../../../../lib/orchestration/routing/tierTables.ts";
import { createTestDatabase } from "../../../../lib/testing/createTestDatabase.ts";
import { ManualClock } from "../../../../lib/testing/ManualClock.ts";
import { addAgent, addExecution, addWorkspace } from "../../ais/storedExecution.ts";
import { outcome, tries } from "./routingFixtures.ts";

const workspaceId = DEFAULT_WORKSPACE_ID;
const cuts = { fast: 5, balanced: 7.5 };
let db: Database;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(async () => {
  await db.close();
});

describe("RouteEvidenceCache", () => {
  test("loads once a minute, and knows at once what this process learned", async () => {
    const clock = new ManualClock();
    const cache = new RouteEvidenceCache({ clock });
    const own = await addWorkspace(db, "learning");
    const samples = async (): Promise<number> => (await cache.get(db, own)).estimate(outcome()).samples;
    const write = async (): Promise<void> =>
      writeFacts(db, routingOutcomeWriter, [{ ...outcome(), workspaceId: own, attemptId: uuidv7(), createdAtMs: clock.nowMs() }]);

    await cache.note(own, outcome());
    expect(await samples()).toBe(0);
    await write();
    await cache.note(own, outcome());
    expect(await samples()).toBe(1);
    await write();
    await clock.advance(59_999);
    expect(await samples()).toBe(1);
    await clock.advance(1);
    expect(await samples()).toBeGreaterThan(1.9);
    expect((await cache.get(db, workspaceId)).estimate(outcome()).samples).toBe(0);
  });

  test("does not keep a load that failed", async () => {
    const cache = new RouteEvidenceCache({ clock: new ManualClock() });
    const broken = { query: async () => Promise.reject(new Error("gone")) } as unknown as Queryable;

    const first = cache.get(broken, workspaceId);
    const noted = cache.note(workspaceId, outcome());
    await expect(first).rejects.toThrow("gone");
    await noted;
    expect(await cache.get(db, workspaceId)).toBeInstanceOf(SuccessModel);
  });

  test("keeps the newest load when an older one fails after it", async () => {
    const clock = new ManualClock();
    const cache = new RouteEvidenceCache({ clock, maxAgeMs: 10 });
    const { promise, reject } = Promise.withResolvers<never>();
    const slow = cache.get({ query: async () => promise } as unknown as Queryable, workspaceId);
    await clock.advance(10);
    const next = cache.get(db, workspaceId);
    reject(new Error("gone"));

    await expect(slow).rejects.toThrow("gone");
    expect(cache.get(db, workspaceId)).toBe(next);
    await next;
  });
});

describe("SuccessModel.build", () => {
  test("learns what the constructor learns", async () => {
    const outcomes = [...tries(300, 200, { buckets: [1, 2, 3] }), ...tries(300, 40, { buckets: [3, 4] }), outcome({ kind: "repair" })];
    const built = await SuccessModel.build(outcomes);

    expect(built.estimate(outcome(), [1, 4])).toEqual(new SuccessModel(outcomes).estimate(outcome(), [1, 4]));
  });
});

describe("loadRoutingSnapshot", () => {
  test("reads past and tables of the agent whose execution starts", async () => {
    const agentId = await addAgent(db, workspaceId);
    await addExecution(db, { workspaceId, agentId, ais: 6, tier: "balanced" });
    const executionId = await addExecution(db, { workspaceId, agentId, ais: 6, tier: "balanced", isEnded: false });

    const { snapshot, warnings } = await loadRoutingSnapshot(db, { workspaceId, agentId, executionId, ais: 9, cuts });

    expect(warnings).toEqual([]);
    expect(snapshot).toEqual({ ais: 9, history: [{ ais: 6, tier: "balanced" }], tables: PRESET_TABLES, cuts });
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    expect(executionRoute(snapshot)).toEqual({
      ais_score_at_execution: 9,
      routing_tier: "balanced",
      routing_reason: "AIS 9 would be capable, but not by 0.5 for 3 executions: still balanced tier",
    });
  });

  test("gives no score to an agent that has none, and none that cannot be used", async () => {
    const agentId = await addAgent(db, workspaceId);
    const { snapshot } = await loadRoutingSnapshot(db, { workspaceId, agentId, executionId: uuidv7(), ais: null, cuts });

    expect(executionRoute(snapshot)).toEqual({
      ais_score_at_execution: null,
      routing_tier: "balanced",
      routing_reason: "no AIS: balanced tier",
    });
    expect(executionRoute({ ...snapshot, ais: Number.NaN }).routing_reason).toBe("AIS is NaN, not a number from 0 to 10: balanced tier");
  });
});
