// Tells an absent database from a failed step. Waits for nothing and writes nothing.
import { isDatabaseOutage } from "../db/databaseErrors.ts";
import type { ExecutionState } from "./ExecutionState.ts";

/** A database that is away is no fault of the step: nothing new starts, and whoever claims the execution next goes on. */
export function haltsForOutage(error: unknown, state: ExecutionState): boolean {
  if (!isDatabaseOutage(error)) return false;
  state.halt("yield");
  return true;
}
