import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../lib/db/Database.ts";
import { openDatabase } from "../../lib/db/openDatabase.ts";
import { ensureTemplate } from "../../lib/db/template.ts";
import { isOnServer } from "../testEnvironment.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nf-template-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(isOnServer)("ensureTemplate", () => {
  it("builds one file for callers at once, what others add included, and removes long unused ones", async () => {
    let prepared = 0;
    const prepare = async (db: Database): Promise<void> => {
      prepared += 1;
      await db.query("CREATE TABLE queue_of_others (id INTEGER)");
    };
    const unused = join(folder, "template-old.tar");
    await writeFile(unused, "");
    await utimes(unused, new Date(0), new Date(0));

    const paths = await Promise.all([1, 2, 3].map(() => ensureTemplate({ folder, prepare, cacheKey: "queue 1" })));

    expect(new Set(paths).size).toBe(1);
    expect(prepared).toBe(1);
    expect(await readdir(folder)).toEqual([basename(paths[0] ?? "")]);
    await using db = await openDatabase({ kind: "pglite", folder: null }, { template: async () => paths[0] ?? "" });
    expect((await db.query("SELECT 1 FROM queue_of_others")).rowCount).toBe(0);
    expect((await db.query("SELECT 1 FROM schema_migrations")).rowCount).toBeGreaterThan(0);
  });

  it("keeps nothing of a build that failed and builds again when asked again", async () => {
    const failing = ensureTemplate({
      folder,
      cacheKey: "queue 2",
      prepare: async () => {
        throw new Error("queue is out");
      },
    });

    await expect(failing).rejects.toThrow("queue is out");
    expect(await readdir(folder)).toEqual([]);
    const path = await ensureTemplate({ folder, cacheKey: "queue 2" });
    expect(await readdir(folder)).toEqual([basename(path)]);
  });
});
