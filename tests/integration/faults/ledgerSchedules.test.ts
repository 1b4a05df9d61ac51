// Random schedules of reservations, settlements, crashes, lies and changed limits, 64 at once: the sums are exact after each.
import { describe, expect, test } from "vitest";
import { QUEUE_TEMPLATE } from "../../../lib/pilot/prepareQueue.ts";
import { ledgerSchedules } from "../../faults/scenarios/ledgerSchedules.ts";
import { openTestDatabase } from "../../testEnvironment.ts";

describe("any schedule of the ledger", () => {
  test.each([11, 22])("leaves exact sums (seed %i)", async (seed) => {
    await using db = await openTestDatabase(QUEUE_TEMPLATE);

    expect(await ledgerSchedules(db, { seed, schedules: 6 })).toEqual([]);
  });
});
