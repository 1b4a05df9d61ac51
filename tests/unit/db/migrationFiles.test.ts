import { describe, expect, it } from "vitest";
import { readMigrations, readRollback } from "../../../lib/db/migrationFiles.ts";

const PLAN = ["20250112_orchestration_foundation", "20250126_token_governance", "20250209_intent_handlers", "20250223_ais_routing"];

describe("readMigrations", () => {
  it("returns the files in the order of their names", async () => {
    const names = (await readMigrations()).map(({ name }) => name);

    expect(names).toEqual(names.toSorted());
    expect(names).toEqual(expect.arrayContaining(PLAN));
  });

  it("finds a header with the reason and the breaking mark in every file of ours", async () => {
    const ours = (await readMigrations()).filter(({ name }) => !PLAN.includes(name));

    const without = ours.filter(({ sql }) => !/^-- Why: .+/.test(sql) || !/^-- breaking: (yes|no)$/m.test(sql)).map(({ name }) => name);

    expect(without).toEqual([]);
  });
});

describe("readRollback", () => {
  it.each(PLAN)("has a rollback of %s", async (name) => {
    await expect(readRollback(name)).resolves.toMatchObject({ name });
  });

  it("refuses a migration that only goes forward and names those that can be taken back", async () => {
    await expect(readRollback("20250301_durable_engine")).rejects.toMatchObject({
      code: "NOT_FOUND",
      details: { expected: PLAN.join(", ") },
    });
  });
});
