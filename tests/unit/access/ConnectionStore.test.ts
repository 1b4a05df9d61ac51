import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ConnectionStore } from "../../../lib/access/ConnectionStore.ts";
import { SecretBox } from "../../../lib/access/SecretBox.ts";
import { DEFAULT_WORKSPACE_ID, type WorkspaceId } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { openTestDatabase } from "../../testEnvironment.ts";

const workspaceId = DEFAULT_WORKSPACE_ID;
const OTHER = "00000000-0000-4000-8000-0000000000ff" as WorkspaceId;
const [oldKey, newKey] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const storeOf = (...keys: readonly Buffer[]): ConnectionStore => new ConnectionStore({ box: new SecretBox({ keys: () => keys }) });
const store = storeOf(oldKey);

let db: Database;
beforeAll(async () => {
  db = await openTestDatabase();
  await db.query("INSERT INTO workspaces (id, name) VALUES ($1, 'other')", [OTHER]);
});
afterAll(async () => await db.close());
beforeEach(async () => void (await db.query("DELETE FROM plugin_connections")));

describe("ConnectionStore", () => {
  test("gives back the secret that was set, and the last one when it is set again", async () => {
    expect(await store.setConnection(db, workspaceId, { name: "github", secret: "one" })).toEqual({ isNew: true });
    expect(await store.setConnection(db, workspaceId, { name: "github", secret: "two" })).toEqual({ isNew: false });

    expect(await store.openConnection(db, workspaceId, "github")).toBe("two");
  });

  test("lists names and times, and no secret", async () => {
    await store.setConnection(db, workspaceId, { name: "slack", secret: "hidden-value" });
    await store.setConnection(db, workspaceId, { name: "github", secret: "hidden-value" });

    const listed = await store.listConnections(db, workspaceId);

    expect(listed.map(({ name }) => name)).toEqual(["github", "slack"]);
    expect(Object.keys(listed[0]!).sort()).toEqual(["createdAt", "name", "updatedAt"]);
  });

  test("stores nothing that holds the secret", async () => {
    await store.setConnection(db, workspaceId, { name: "github", secret: "hidden-value" });

    const { rows } = await db.query<{ row: string }>(
      "SELECT plugin_connections::text AS row, encode(sealed, 'escape') AS raw FROM plugin_connections",
    );

    expect(JSON.stringify(rows)).not.toContain("hidden");
  });

  test("keeps workspaces apart, even when a row is copied by hand", async () => {
    await store.setConnection(db, workspaceId, { name: "github", secret: "one" });
    await expect(store.openConnection(db, OTHER, "github")).rejects.toMatchObject({ code: "CONNECTION_MISSING" });

    await db.query(
      "INSERT INTO plugin_connections (id, workspace_id, name, sealed) SELECT gen_random_uuid(), $1, name, sealed FROM plugin_connections",
      [OTHER],
    );

    await expect(store.openConnection(db, OTHER, "github")).rejects.toMatchObject({ code: "SECRET_KEY_MISSING" });
  });

  test("suggests the name that was probably meant", async () => {
    await store.setConnection(db, workspaceId, { name: "github", secret: "one" });

    await expect(store.openConnection(db, workspaceId, "gihtub")).rejects.toThrow(
      'there is no connection "gihtub", did you mean "github"?',
    );
  });

  test.each([
    ["", "x"],
    ["a b", "x"],
    ["-a", "x"],
    ["a".repeat(65), "x"],
    ["github", ""],
  ])("refuses the name %j with the secret %j", async (name, secret) => {
    await expect(store.setConnection(db, workspaceId, { name, secret })).rejects.toMatchObject({ code: "USAGE" });
  });

  test("removes a connection and says whether there was one", async () => {
    await store.setConnection(db, workspaceId, { name: "github", secret: "one" });

    expect([await store.removeConnection(db, workspaceId, "github"), await store.removeConnection(db, workspaceId, "github")]).toEqual([
      true,
      false,
    ]);
  });

  test("refuses a secret while other connections wait for a key that is lost, and makes no key", async () => {
    await store.setConnection(db, workspaceId, { name: "github", secret: "one" });
    await store.setConnection(db, workspaceId, { name: "slack", secret: "two" });
    const made: Buffer[] = [];
    const box = new SecretBox({ keys: (forSealing) => (forSealing ? (made.push(newKey), [newKey]) : made) });
    const afterLoss = new ConnectionStore({ box });

    const refusal = afterLoss.setConnection(db, workspaceId, { name: "jira", secret: "three" });

    await expect(refusal).rejects.toMatchObject({ code: "SECRET_KEY_MISSING", details: { connections: "github, slack" } });
    expect(made).toEqual([]);
    expect((await afterLoss.listConnections(db, workspaceId)).map(({ name }) => name)).toEqual(["github", "slack"]);
  });

  test("stores it when that loss is accepted, and without being asked when it replaces the only lost one", async () => {
    await store.setConnection(db, workspaceId, { name: "github", secret: "one" });
    await store.setConnection(db, workspaceId, { name: "slack", secret: "two" });
    const afterLoss = storeOf(newKey);

    await afterLoss.setConnection(db, workspaceId, { name: "slack", secret: "three", acceptLost: true });
    await afterLoss.setConnection(db, workspaceId, { name: "github", secret: "four" });

    expect(await afterLoss.listUnopenable(db, workspaceId)).toEqual([]);
    expect(await afterLoss.openConnection(db, workspaceId, "github")).toBe("four");
  });

  test("seals everything with the newest key, so that the old one can go", async () => {
    await store.setConnection(db, workspaceId, { name: "github", secret: "one" });
    await store.setConnection(db, workspaceId, { name: "slack", secret: "two" });
    const rotated = storeOf(newKey, oldKey);

    expect([await rotated.resealConnections(db, workspaceId), await rotated.resealConnections(db, workspaceId)]).toEqual([2, 0]);

    expect(await storeOf(newKey).openConnection(db, workspaceId, "slack")).toBe("two");
    await expect(store.openConnection(db, workspaceId, "slack")).rejects.toMatchObject({ code: "SECRET_KEY_MISSING" });
  });
});
