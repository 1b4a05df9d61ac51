// A reservation that no ledger booked, for unit tests of what calls models. Never part of a running system.
import { uuidv7 } from "../core/ids.ts";
import type { Reservation } from "../ledger/types.ts";

/** @param fields what the test cares about; the default covers any call */
export function testReservation(fields: Partial<Omit<Reservation, symbol>> = {}): Reservation {
  return {
    attemptId: uuidv7(),
    executionId: uuidv7(),
    reservedTokens: 1_000_000,
    reservedUsd: null,
    outputCapTokens: 1_000_000,
    ...fields,
  } as Reservation;
}
