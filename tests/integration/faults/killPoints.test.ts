// Ten of the two hundred kill points (tests/faults), on PGlite by restart: nothing lost, nothing repeated, no silent double send, the ledger exact.
import { expect, test } from "vitest";
import { pgliteKillPoints } from "../../faults/killPoints/pgliteKillPoints.ts";

test("ten seeded kill points leave every execution complete and the ledger exact", { timeout: 180_000 }, async () => {
  const kills: string[] = [];

  const faults = await pgliteKillPoints({ seed: 7, kills: 10, executions: 8 }, (line) => kills.push(line));

  expect(faults).toEqual([]);
  expect(kills).toHaveLength(10);
});
