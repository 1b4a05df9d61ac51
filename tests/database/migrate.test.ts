import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256Hex } from "../../lib/core/ids.ts";
import type { Database } from "../../lib/db/Database.ts";
import { introspectSchema, type SchemaSnapshot } from "../../lib/db/introspectSchema.ts";
import { migrate, rollbackMigration } from "../../lib/db/migrate.ts";
import { type MigrationFile, readMigrations } from "../../lib/db/migrationFiles.ts";
import { openDatabase } from "../../lib/db/openDatabase.ts";
import { isOnServer, openTestDatabase, serverUrl } from "../testEnvironment.ts";

const PLAN = ["20250112_orchestration_foundation", "20250126_token_governance", "20250209_intent_handlers", "20250223_ais_routing"];
const snapshot = JSON.parse(readFileSync(new URL("../../lib/db/schema.snapshot.json", import.meta.url), "utf8")) as SchemaSnapshot;

let db: Database;

beforeEach(async () => {
  db = await openTestDatabase();
});

afterEach(async () => {
  await db.close();
});

async function withFile(name: string, sql: string): Promise<MigrationFile[]> {
  return [...(await readMigrations()), { name, sql, checksum: sha256Hex(sql) }];
}

async function appliedNames(): Promise<string[]> {
  return (await db.query<{ name: string }>("SELECT name FROM schema_migrations ORDER BY name")).rows.map(({ name }) => name);
}

describe("migrate", () => {
  it("makes the schema of the committed snapshot", async () => {
    expect(await introspectSchema(db)).toEqual(snapshot);
  });

  it("does nothing the second time", async () => {
    expect(await migrate(db)).toEqual({ applied: [] });
  });

  it("applies a new file and says which", async () => {
    const files = await withFile("20990101_colours", "CREATE TABLE colours (name TEXT); INSERT INTO colours VALUES ('red'), ('blue');");

    const report = await migrate(db, { files });

    expect(report.applied).toEqual(["20990101_colours"]);
    expect((await db.query("SELECT name FROM colours ORDER BY name")).rows).toEqual([{ name: "blue" }, { name: "red" }]);
  });

  it("rolls a failing file back whole and names its line", async () => {
    const before = await introspectSchema(db);
    const files = await withFile("20990101_broken", "CREATE TABLE half (id INTEGER);\n\nINSERT INTO nowhere VALUES (1);");

    await expect(migrate(db, { files })).rejects.toMatchObject({
      code: "MIGRATION_FAILED",
      message: expect.stringContaining('relation "nowhere" does not exist'),
      details: { file: "20990101_broken.sql", line: 3, got: "42P01" },
    });

    expect(await introspectSchema(db)).toEqual(before);
    expect(await appliedNames()).not.toContain("20990101_broken");
  });

  it("refuses a file that was changed after it had been applied, before applying any other", async () => {
    await migrate(db, { files: await withFile("20990101_colours", "CREATE TABLE colours (name TEXT)") });
    const changed = await withFile("20990101_colours", "CREATE TABLE colours (name TEXT NOT NULL)");
    const next = { name: "20990102_next", sql: "CREATE TABLE next (id INTEGER)", checksum: "n" };

    await expect(migrate(db, { files: [...changed, next] })).rejects.toMatchObject({
      code: "MIGRATION_FAILED",
      message: expect.stringContaining('"20990101_colours" was changed'),
    });

    expect(await appliedNames()).not.toContain("20990102_next");
  });

  it("lets older code start on a newer schema", async () => {
    await migrate(db, { files: await withFile("20990101_newer", "CREATE TABLE newer (id INTEGER)") });

    expect(await migrate(db)).toEqual({ applied: [] });
  });

  it("runs the hook after the files, every time", async () => {
    const seen: number[] = [];
    const afterMigrate = async (database: Database): Promise<void> => {
      seen.push((await database.query("SELECT 1 FROM schema_migrations")).rowCount);
    };

    await migrate(db, { afterMigrate });
    await migrate(db, { afterMigrate });

    const count = (await readMigrations()).length;
    expect(seen).toEqual([count, count]);
  });
});

describe("rollbackMigration", () => {
  it.each(PLAN)("takes %s back, and migrating brings the same schema and rows again", async (name) => {
    const handlers = "SELECT intent, handler_class, workspace_id FROM orchestration_handlers ORDER BY intent";
    const before = { schema: await introspectSchema(db), handlers: (await db.query(handlers)).rows };

    await rollbackMigration(db, name);
    const without = await introspectSchema(db);
    const names = await appliedNames();
    await migrate(db);

    expect(without).not.toEqual(before.schema);
    expect(names).not.toContain(name);
    expect({ schema: await introspectSchema(db), handlers: (await db.query(handlers)).rows }).toEqual(before);
  });

  it("takes all four back, newest first, and brings them again", async () => {
    for (const name of PLAN.toReversed()) await rollbackMigration(db, name);

    const { applied } = await migrate(db);

    expect(applied).toEqual(expect.arrayContaining(PLAN));
    expect(await introspectSchema(db)).toEqual(snapshot);
    expect((await db.query("SELECT 1 FROM orchestration_handlers")).rowCount).toBe(7);
  });

  it("leaves executions and steps as they are", async () => {
    const id = "00000000-0000-4000-8000-00000000abcd";
    await db.query("INSERT INTO workflow_executions (id, status, token_budget_used) VALUES ($1, 'completed', 12)", [id]);
    await db.query(
      `INSERT INTO workflow_step_executions (workflow_execution_id, step_path, step_type, status, intent)
       VALUES ($1, 's1', 'transform', 'completed', 'transform')`,
      [id],
    );

    for (const name of PLAN.toReversed()) await rollbackMigration(db, name);

    expect((await db.query("SELECT status FROM workflow_executions")).rows).toEqual([{ status: "completed" }]);
    expect((await db.query("SELECT step_path FROM workflow_step_executions")).rows).toEqual([{ step_path: "s1" }]);
  });

  it("refuses what is not applied", async () => {
    await rollbackMigration(db, "20250126_token_governance");

    await expect(rollbackMigration(db, "20250126_token_governance")).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe.runIf(isOnServer)("processes that start at once", () => {
  it("apply each file once, and every one of them goes on", async () => {
    await using admin = await openDatabase({ kind: "postgres", url: serverUrl() });
    const name = `neuronforge_test_race_${process.pid}`;
    await admin.query(`CREATE DATABASE ${name}`);
    const url = new URL(serverUrl());
    url.pathname = `/${name}`;
    const starters = await Promise.all([1, 2, 3, 4].map(() => openDatabase({ kind: "postgres", url: url.href })));

    const reports = await Promise.all(starters.map((starter) => migrate(starter)));

    const applied = reports.flatMap((report) => report.applied).sort();
    expect(applied).toEqual((await readMigrations()).map((migration) => migration.name));
    expect(await introspectSchema(starters[0] as Database)).toEqual(snapshot);
    await Promise.all(starters.map((starter) => starter.close()));
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  });
});
