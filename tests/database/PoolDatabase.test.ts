import assert from "node:assert/strict";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../lib/core/errors.ts";
import { sha256 } from "../../lib/core/ids.ts";
import type { Database } from "../../lib/db/Database.ts";
import { sqlState } from "../../lib/db/databaseErrors.ts";
import { findLeaks } from "../../lib/testing/findLeaks.ts";
import { ManualClock } from "../../lib/testing/ManualClock.ts";
import { isOnServer, openTestDatabase } from "../testEnvironment.ts";

let db: Database;

beforeAll(async () => {
  db = await openTestDatabase();
  await db.query("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)");
});

beforeEach(async () => {
  await db.query("TRUNCATE notes");
});

afterAll(async () => {
  const leaks = await findLeaks(db);
  await db.close();
  assert.deepEqual(leaks, []);
});

async function noteIds(): Promise<number[]> {
  return (await db.query<{ id: number }>("SELECT id FROM notes ORDER BY id")).rows.map(({ id }) => id);
}

describe("query", () => {
  it("returns pg's own types", async () => {
    const bytes = sha256("x");

    const { rows } = await db.query(
      "SELECT $1::bigint AS big, $2::numeric AS money, $3::bytea AS bytes, $4::timestamptz AS at, $5::int AS small, NULL AS nothing",
      ["9007199254740993", "0.000000001", bytes, "2025-01-02T03:04:05.678Z", 7],
    );

    expect(rows).toEqual([
      { big: "9007199254740993", money: "0.000000001", bytes, at: new Date("2025-01-02T03:04:05.678Z"), small: 7, nothing: null },
    ]);
  });

  it("takes arrays of ids, texts with quotes and bytes as bound values", async () => {
    const texts = ['a"b', "c\\d", "e,f", null, "{}"];
    const blobs = [Buffer.from([0, 255, 34, 92]), Buffer.alloc(0)];

    const { rows } = await db.query("SELECT $1::text[] AS texts, $2::bytea[] AS blobs", [texts, blobs]);

    expect(rows).toEqual([{ texts, blobs }]);
  });

  it("prepares a named statement once and runs it with new values", async () => {
    const text = "SELECT $1::int + 1 AS next";

    const first = await db.query(text, [1], "next-number");
    const second = await db.query(text, [41], "next-number");

    expect([first.rows, second.rows]).toEqual([[{ next: 2 }], [{ next: 42 }]]);
  });

  it("counts changed rows", async () => {
    const { rowCount } = await db.query("INSERT INTO notes (id) SELECT generate_series(1, 3)");

    expect(rowCount).toBe(3);
  });

  it("keeps the SQLSTATE of a failed statement and the connection", async () => {
    await db.query("SELECT 1");
    const before = db.pool.totalCount;

    const error = await db.query("INSERT INTO notes (id) VALUES (1), (1)").catch((thrown: unknown) => thrown);

    expect(sqlState(error)).toBe("23505");
    expect(AppError.is(error)).toBe(false);
    expect(db.pool.totalCount).toBe(before);
  });

  it("serves many callers of whom some fail", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        db.query(index % 3 === 0 ? "SELECT 1 / 0" : "SELECT $1::int AS n", index % 3 === 0 ? [] : [index]),
      ),
    );

    const failed = results.filter((result) => result.status === "rejected");
    expect(failed.map((result) => sqlState(result.reason))).toEqual(Array.from({ length: 20 }, () => "22012"));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(40);
  });

  it("runs typed queries of Kysely with the database's types", async () => {
    await db.kysely.insertInto("agents").values({ agent_name: "typed", token_limit: 5n }).execute();

    const agent = await db.kysely
      .selectFrom("agents")
      .select(["token_limit", "created_at"])
      .where("agent_name", "=", "typed")
      .executeTakeFirstOrThrow();

    const tokenLimit: string = agent.token_limit;
    expect(tokenLimit).toBe("5");
    expect(agent.created_at.getTime()).toBeGreaterThan(0);
  });
});

describe("transaction", () => {
  it("commits all of its statements, also those run at once", async () => {
    const result = await db.transaction(async (tx) => {
      await Promise.all([1, 2, 3].map((id) => tx.query("INSERT INTO notes (id) VALUES ($1)", [id])));
      return "done";
    });

    expect(result).toBe("done");
    expect(await noteIds()).toEqual([1, 2, 3]);
  });

  it("rolls back when the work throws and passes the error on", async () => {
    const failure = new Error("changed my mind");

    const run = db.transaction(async (tx) => {
      await tx.query("INSERT INTO notes (id) VALUES (1)");
      throw failure;
    });

    await expect(run).rejects.toBe(failure);
    expect(await noteIds()).toEqual([]);
  });

  it("reads committed rows of others even when the session's default is stricter", async () => {
    const { rows } = await db.transaction((tx) => tx.query("SHOW transaction_isolation"));

    expect(rows).toEqual([{ transaction_isolation: "read committed" }]);
  });

  it("says so when a failed statement was hidden inside, instead of reporting a commit", async () => {
    const run = db.transaction(async (tx) => {
      await tx.query("INSERT INTO notes (id) VALUES (1)");
      await tx.query("SELECT 1 / 0").catch(() => undefined);
    });

    await expect(run).rejects.toMatchObject({ code: "INTERNAL", message: expect.stringContaining("rolled it all back") });
    expect(await noteIds()).toEqual([]);
  });

  it("includes a statement that nobody awaited", async () => {
    await db.transaction(async (tx) => {
      void tx.query("INSERT INTO notes (id) VALUES (9)");
    });

    expect(await noteIds()).toEqual([9]);
  });

  it("refuses statements after its end", async () => {
    const escaped = await db.transaction(async (tx) => tx);

    await expect(escaped.query("SELECT 1")).rejects.toMatchObject({ code: "INTERNAL", message: expect.stringContaining("after its end") });
  });

  it("is not rolled back by a failing statement of another caller beside it", async () => {
    let other: Promise<unknown> = Promise.resolve();
    const insideFirst = Promise.withResolvers<void>();
    const started = insideFirst.promise.then(() => {
      // As pg-boss does it: on the pool itself.
      other = db.pool.query("INSERT INTO no_such_table VALUES (1)").catch(sqlState);
      return other;
    });

    await db.transaction(async (tx) => {
      await tx.query("INSERT INTO notes (id) VALUES (1)");
      insideFirst.resolve();
      await tx.query("SELECT 1");
      await tx.query("INSERT INTO notes (id) VALUES (2)");
    });

    await started;
    expect(await other).toBe("42P01");
    expect(await noteIds()).toEqual([1, 2]);
  });

  it("hides its rows from other callers until it commits", async () => {
    const inserted = Promise.withResolvers<void>();
    const seen = inserted.promise.then(() => noteIds());

    await db.transaction(async (tx) => {
      await tx.query("INSERT INTO notes (id) VALUES (1)");
      inserted.resolve();
      if (isOnServer) await seen;
    });

    // On the one connection the other caller waits for the commit instead.
    expect(await seen).toEqual(isOnServer ? [] : [1]);
  });

  it("keeps its connection usable for the next one after a failure", async () => {
    await db.transaction((tx) => tx.query("SELECT 1 / 0")).catch(() => undefined);

    await db.transaction((tx) => tx.query("INSERT INTO notes (id) VALUES (5)"));

    expect(await noteIds()).toEqual([5]);
  });
});

describe.skipIf(isOnServer)("the one connection of PGlite", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["query", () => db.query("SELECT 1")],
    ["kysely", () => db.kysely.selectFrom("agents").selectAll().execute()],
    ["transaction", () => db.transaction(async () => 1)],
    ["the pool's query", () => db.pool.query("SELECT 1")],
  ])("refuses the outer database's %s inside its own transaction at once", async (_name, use) => {
    const run = db.transaction(async () => await use());

    await expect(run).rejects.toMatchObject({ code: "INTERNAL", message: expect.stringContaining("inside its own transaction") });
  });

  it("is free again for what a transaction started but that runs after its end", async () => {
    const ended = Promise.withResolvers<void>();
    let later: Promise<number[]> = Promise.resolve([]);

    await db.transaction(async () => {
      later = ended.promise.then(() => noteIds());
    });
    ended.resolve();

    await expect(later).resolves.toEqual([]);
  });

  it("warns with a stack when a transaction holds it for five seconds", async () => {
    const clock = new ManualClock();
    const warnings: unknown[] = [];
    await using own = await openTestDatabase({ clock, warn: (message, facts) => warnings.push([message, facts]) });

    await own.transaction(async (tx) => {
      await tx.query("SELECT 1");
      await clock.advance(4_999);
      expect(warnings).toEqual([]);
      await clock.advance(1);
    });
    await clock.advance(60_000);

    expect(warnings).toEqual([
      ["a transaction has been open for 5000 ms on the only connection", { stack: expect.stringContaining("PoolDatabase.test.ts") }],
    ]);
  });

  it("has no LISTEN", async () => {
    expect(await db.listen("wake", () => undefined)).toBeNull();
  });
});

describe.runIf(isOnServer)("connections to a server", () => {
  it("turns a connection that was cut inside a transaction into DATABASE_UNAVAILABLE and goes on with another one", async () => {
    const run = db.transaction(async (tx) => {
      const { rows } = await tx.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      await db.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
      await tx.query("INSERT INTO notes (id) VALUES (1)");
    });

    await expect(run).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE", retry: "later" });
    expect(await noteIds()).toEqual([]);
  });

  it("survives the loss of a lent connection that runs nothing at that moment", async () => {
    const gone = Promise.withResolvers<void>();
    const client = await db.pool.connect();
    client.once("end", () => gone.resolve());
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");

    await db.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
    await gone.promise;
    client.release(true);

    expect(await noteIds()).toEqual([]);
  });

  it("hears notifications until told to stop", async () => {
    const heard = Promise.withResolvers<string>();
    const stop = await db.listen("wake", (payload) => heard.resolve(payload));

    await db.query("SELECT pg_notify('wake', 'execution 7')");

    expect(await heard.promise).toBe("execution 7");
    await stop?.();
  });
});

describe("close", () => {
  it("refuses what comes later and may be called twice", async () => {
    const own = await openTestDatabase();

    await own.close();
    await own.close();

    await expect(own.query("SELECT 1")).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE", retry: "never" });
    await expect(own.transaction(async () => 1)).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE" });
  });
});
