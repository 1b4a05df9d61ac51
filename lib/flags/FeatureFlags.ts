// Flags as an execution sees them: one snapshot at its start, overruled later only in the safe direction. Stores nothing itself.
import type { Queryable } from "../db/Database.ts";
import { AppError } from "../core/errors.ts";
import type { WorkspaceId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { FLAG_KEYS, isFlagKey, unknownFlag, type FlagKey } from "./flagKeys.ts";
import { decideFlag, isListed, type FlagDecision, type FlaggedAgent, type FlagState, type FlagValue } from "./rollout.ts";
import type { SystemConfigStore } from "./SystemConfigStore.ts";

/** JSON-safe: kept in the execution's snapshot. */
export interface FlagSnapshot {
  readonly values: { readonly [key in FlagKey]: FlagValue };
  /** Malformed rows, each read as false. */
  readonly warnings: readonly string[];
}

/** `run --flags`: the last word for one execution, so it can try what is off for everyone and leave out what is on. */
export type FlagOverrides = { readonly [key in FlagKey]?: boolean | "observe" };

export type FlagEvaluation = { readonly [key in FlagKey]: FlagDecision };

export class FeatureFlags {
  readonly #store: SystemConfigStore;

  constructor({ store }: { readonly store: SystemConfigStore }) {
    this.#store = store;
  }

  /** A key without a row is false. */
  async snapshot(db: Queryable, workspaceId: WorkspaceId): Promise<FlagSnapshot> {
    const flags = await this.#store.loadFlags(db, workspaceId);
    const warnings = flags.flatMap(({ warning }) => (warning === null ? [] : [warning]));
    const values = new Map(flags.map(({ key, value }) => [key, value]));
    return { values: fromKeys((key) => values.get(key) ?? false), warnings };
  }

  evaluate(snapshot: FlagSnapshot, agent: FlaggedAgent, executionId: string, overrides: FlagOverrides = {}): FlagEvaluation {
    return fromKeys((key) => {
      const override = overrides[key];
      if (override === undefined) return decideFlag(snapshot.values[key], agent, executionId);
      const state: FlagState = override === "observe" ? "observe" : override ? "on" : "off";
      return { state, decidedBy: "override", trail: [`this execution was started with ${key} = ${JSON.stringify(override)}`] };
    });
  }

  /**
   * The state to use at the next step: what was decided at the start, unless a person has since turned it down. Turning
   * up, and moving a percentage either way, concern later executions only.
   */
  overrule(started: FlagEvaluation, before: FlagStand, now: FlagStand): { readonly [key in FlagKey]: FlagState } {
    return fromKeys((key) => {
      const { state } = started[key];
      const [valueBefore, valueNow] = [before.snapshot.values[key], now.snapshot.values[key]];
      if (valueNow === false && valueBefore !== false) return "off";
      if (state !== "on") return state;
      if (now.agent.orchestration === "off" && before.agent.orchestration !== "off") return "off";
      if (isExcluded(valueNow, now.agent) && !isExcluded(valueBefore, before.agent)) return "off";
      return valueNow === "observe" && valueBefore !== "observe" ? "observe" : "on";
    });
  }
}

/** Flags and agent at one time. */
export interface FlagStand {
  readonly snapshot: FlagSnapshot;
  readonly agent: Pick<FlaggedAgent, "id" | "name" | "orchestration">;
}

/** @throws AppError `USAGE` for an unknown flag, or a value other than false, true and "observe" */
export function parseFlagOverrides(given: JsonObject): FlagOverrides {
  const overrides: { [key in FlagKey]?: boolean | "observe" } = {};
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!isFlagKey(key)) throw unknownFlag(key);
    if (typeof value !== "boolean" && value !== "observe") {
      throw new AppError("USAGE", `flag ${key}: expected true, false or "observe" for one execution, got ${JSON.stringify(value)}`);
    }
    overrides[key] = value;
  }
  return overrides;
}

function isExcluded(value: FlagValue, agent: Pick<FlaggedAgent, "id" | "name">): boolean {
  return typeof value === "object" && isListed(value.exclude, agent);
}

function fromKeys<Value>(valueOf: (key: FlagKey) => Value): { readonly [key in FlagKey]: Value } {
  return Object.fromEntries(FLAG_KEYS.map((key) => [key, valueOf(key)])) as { readonly [key in FlagKey]: Value };
}
