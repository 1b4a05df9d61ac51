// Calls that wait for room: who is woken, when, and that nobody waits for what has already happened.
import { describe, expect, test } from "vitest";
import type { ReserveOutcome } from "../../../lib/ledger/Ledger.ts";
import { BudgetGate } from "../../../lib/pilot/BudgetGate.ts";

const reserved = { kind: "reserved", reservation: {}, accounts: 1 } as unknown as ReserveOutcome;
const refused = { kind: "refused", refusal: { reason: "limit" } } as unknown as ReserveOutcome;

describe("a gate", () => {
  test("refuses at once when nothing is in flight", async () => {
    expect(await new BudgetGate().reserve("s", async () => refused)).toBe(refused);
  });

  test("tries again when a call settled while it was being refused", async () => {
    const gate = new BudgetGate();
    await gate.reserve("a", async () => reserved);
    const outcomes = [refused, reserved];

    const second = await gate.reserve("b", async () => {
      const outcome = outcomes.shift() ?? refused;
      // The first call's settlement commits after this one was refused, and before this one hears of it.
      if (outcome === refused) gate.settled();
      return outcome;
    });

    expect(second).toBe(reserved);
  });

  test("passes the turn on when an attempt fails", async () => {
    const gate = new BudgetGate();
    await gate.reserve("a", async () => reserved);
    let tries = 0;
    const failing = gate.reserve("b", async () => {
      tries += 1;
      if (tries === 1) return refused;
      throw new Error("the database is away");
    });
    const last = gate.reserve("c", async () => (tries < 2 ? refused : reserved));
    await new Promise(setImmediate);

    gate.settled();

    await expect(failing).rejects.toThrow("away");
    expect(await last).toBe(reserved);
  });

  test("admits those that wait in the order of their paths", async () => {
    const gate = new BudgetGate();
    await gate.reserve("first", async () => reserved);
    let hasRoom = false;
    const order: string[] = [];
    const wait = (path: string): Promise<ReserveOutcome> =>
      gate.reserve(path, async () => {
        if (hasRoom) order.push(path);
        return hasRoom ? reserved : refused;
      });
    const all = [wait("s[10]"), wait("s[9]"), wait("s[2]")];
    await new Promise(setImmediate);

    hasRoom = true;
    gate.settled();
    await Promise.all(all);

    expect(order).toEqual(["s[2]", "s[9]", "s[10]"]);
  });
});
