import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { WorkspaceId } from "../../../lib/core/ids.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { FeatureFlags } from "../../../lib/flags/FeatureFlags.ts";
import { SystemConfigStore, type FlagChange } from "../../../lib/flags/SystemConfigStore.ts";
import { ManualClock } from "../../../lib/testing/ManualClock.ts";
import { openTestDatabase } from "../../testEnvironment.ts";

const OTHER = "00000000-0000-4000-8000-0000000000ff" as WorkspaceId;
const KEY = "token_governance_enabled";
const workspaceId = DEFAULT_WORKSPACE_ID;

let db: Database;
let changes: FlagChange[] = [];
const clock = new ManualClock(Date.parse("2026-03-01T00:00:00Z"));
const store = new SystemConfigStore({ clock, audit: async (_tx, change) => void changes.push(change) });
const flags = new FeatureFlags({ store });

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(async () => await db.close());
beforeEach(async () => {
  changes = [];
  await db.query("DELETE FROM system_config WHERE workspace_id IS NOT NULL");
  await db.query("UPDATE system_config SET value = 'false'");
});

async function valueIn(workspace: WorkspaceId): Promise<unknown> {
  return (await flags.snapshot(db, workspace)).values[KEY];
}

describe("SystemConfigStore", () => {
  test("finds the plan's four flags off after migration", async () => {
    const found = await store.loadFlags(db, workspaceId);

    expect(found.map(({ key, value, scope, warning }) => ({ key, value, scope, warning }))).toEqual(
      ["orchestration_intents_enabled", "token_governance_enabled", "intent_routing_enabled", "ais_routing_enabled"].map((key) => ({
        key,
        value: false,
        scope: "all",
        warning: null,
      })),
    );
  });

  test("prefers a workspace's row to the row for all, and leaves other workspaces alone", async () => {
    await store.setFlag(db, { workspaceId, key: KEY, value: "observe", actor: "ann", scope: "all" });
    await store.setFlag(db, { workspaceId, key: KEY, value: true, actor: "ann" });

    expect(await valueIn(workspaceId)).toBe(true);
    expect(await valueIn(OTHER)).toBe("observe");
  });

  test.each(["maybe", "TRUE", '"on"', '{"percentage": 400}', ""])("counts the malformed value %j as false and says so", async (text) => {
    await db.query("UPDATE system_config SET value = $1 WHERE key = $2", [text, KEY]);

    const snapshot = await flags.snapshot(db, workspaceId);

    expect(snapshot.values[KEY]).toBe(false);
    expect(snapshot.warnings).toEqual([
      expect.stringMatching(/^system_config token_governance_enabled is malformed and counts as false: /),
    ]);
  });

  test("counts a missing row as false", async () => {
    await db.query("DELETE FROM system_config WHERE key = $1", [KEY]);

    expect(await store.loadFlags(db, workspaceId)).toContainEqual(expect.objectContaining({ key: KEY, value: false, scope: "default" }));

    await store.setFlag(db, { workspaceId, key: KEY, value: false, actor: "ann", scope: "all" });
  });

  test("audits old and new value in the same transaction: when the audit fails, nothing is set", async () => {
    await store.setFlag(db, { workspaceId, key: KEY, value: true, actor: "ann" });
    expect(changes).toEqual([{ workspaceId, key: KEY, before: false, after: true, scope: "workspace", actor: "ann" }]);
    const failing = new SystemConfigStore({
      clock,
      audit: async () => {
        throw new Error("no audit");
      },
    });

    await expect(failing.setFlag(db, { workspaceId, key: KEY, value: "observe", actor: "ann" })).rejects.toThrow("no audit");

    expect(await valueIn(workspaceId)).toBe(true);
  });

  test("gives cohort new its `since` at the first setting and keeps it at later ones", async () => {
    const first = await store.setFlag(db, { workspaceId, key: KEY, value: { percentage: 5, cohort: "new" }, actor: "ann" });
    await clock.advance(86_400_000);
    const second = await store.setFlag(db, { workspaceId, key: KEY, value: { percentage: 25, cohort: "new" }, actor: "ann" });

    expect(first.value).toMatchObject({ percentage: 5, since: "2026-03-01T00:00:00.000Z" });
    expect(second.value).toMatchObject({ percentage: 25, since: "2026-03-01T00:00:00.000Z" });
  });

  test("refuses unknown flags and malformed values before it writes", async () => {
    await expect(store.setFlag(db, { workspaceId, key: "token_governance", value: true, actor: "ann" })).rejects.toThrow(
      /did you mean token_governance_enabled/,
    );
    await expect(store.setFlag(db, { workspaceId, key: KEY, value: { percentage: -1 }, actor: "ann" })).rejects.toMatchObject({
      code: "USAGE",
    });
    expect(changes).toEqual([]);
  });

  test("reads any other key, and nothing from text that is no JSON", async () => {
    await db.query("INSERT INTO system_config (key, value) VALUES ('tiers', '{\"fast\": \"m\"}'), ('broken', 'x')");

    expect([
      await store.findValue(db, OTHER, "tiers"),
      await store.findValue(db, OTHER, "broken"),
      await store.findValue(db, OTHER, "none"),
    ]).toEqual([{ fast: "m" }, undefined, undefined]);
    await db.query("DELETE FROM system_config WHERE key IN ('tiers', 'broken')");
  });
});
