// Flags as they are now, for executions that began under earlier ones. Asked at each step of a governed execution; reads at most once a second.
import type { Clock } from "../../core/clock.ts";
import type { WorkspaceId } from "../../core/ids.ts";
import type { Database } from "../../db/Database.ts";
import { findAgentSwitch } from "../../agents/AgentStore.ts";
import type { FeatureFlags, FlagStand } from "../../flags/FeatureFlags.ts";
import type { FlagKey } from "../../flags/flagKeys.ts";
import type { FlagState } from "../../flags/rollout.ts";
import type { GovernanceSnapshot } from "./snapshot.ts";

const FRESH_MS = 1_000;
/** Workspace and agent pairs remembered; older ones are read again. */
const MAX_REMEMBERED = 1_000;

interface Remembered {
  readonly readMs: number;
  readonly stand: Promise<FlagStand>;
}

export class FlagWatch {
  readonly #db: Database;
  readonly #flags: FeatureFlags;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, Remembered>();

  constructor({ db, flags, clock }: { readonly db: Database; readonly flags: FeatureFlags; readonly clock: Clock }) {
    this.#db = db;
    this.#flags = flags;
    this.#clock = clock;
  }

  /** The state to use now: what was decided at the start, unless a person has since turned it down. */
  async stateNow(workspaceId: WorkspaceId, { decided, stand }: GovernanceSnapshot): Promise<{ readonly [key in FlagKey]: FlagState }> {
    return this.#flags.overrule(decided, stand, await this.#standNow(workspaceId, stand));
  }

  #standNow(workspaceId: WorkspaceId, { agent }: FlagStand): Promise<FlagStand> {
    const key = `${workspaceId}/${agent.id}`;
    const known = this.#remembered.get(key);
    const nowMs = this.#clock.monotonicMs();
    if (known !== undefined && nowMs - known.readMs < FRESH_MS) return known.stand;
    const stand = this.#read(workspaceId, agent);
    this.#remembered.delete(key);
    this.#remembered.set(key, { readMs: nowMs, stand });
    stand.catch(() => this.#remembered.delete(key));
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
    return stand;
  }

  async #read(workspaceId: WorkspaceId, agent: FlagStand["agent"]): Promise<FlagStand> {
    const snapshot = await this.#flags.snapshot(this.#db, workspaceId);
    const orchestration = await findAgentSwitch(this.#db, workspaceId, agent.id);
    return { snapshot, agent: { ...agent, orchestration } };
  }
}
