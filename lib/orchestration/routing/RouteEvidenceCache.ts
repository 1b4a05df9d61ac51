// Keeps what was learned from a workspace's outcomes for a minute, and adds what this process learns meanwhile. It decides nothing.
import { LRUCache } from "lru-cache";
import type { Clock } from "../../core/clock.ts";
import type { WorkspaceId } from "../../core/ids.ts";
import type { Queryable } from "../../db/Database.ts";
import { loadRouteOutcomes } from "./RoutingStore.ts";
import { SuccessModel, type RouteOutcome } from "./SuccessModel.ts";

export interface RouteEvidenceCacheOptions {
  readonly clock: Clock;
  /** How old it may be: then the outcomes of other processes are seen. @defaultValue 60 000 */
  readonly maxAgeMs?: number;
  /** Workspaces kept; one takes some hundred kilobytes. @defaultValue 32 */
  readonly maxWorkspaces?: number;
}

interface Entry {
  readonly loadedAtMs: number;
  readonly model: Promise<SuccessModel>;
}

export class RouteEvidenceCache {
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #entries: LRUCache<WorkspaceId, Entry>;

  constructor({ clock, maxAgeMs = 60_000, maxWorkspaces = 32 }: RouteEvidenceCacheOptions) {
    this.#clock = clock;
    this.#maxAgeMs = maxAgeMs;
    this.#entries = new LRUCache({ max: maxWorkspaces });
  }

  /** A load that fails is not kept. */
  get(db: Queryable, workspaceId: WorkspaceId): Promise<SuccessModel> {
    const kept = this.#entries.get(workspaceId);
    const nowMs = this.#clock.monotonicMs();
    if (kept !== undefined && nowMs - kept.loadedAtMs < this.#maxAgeMs) return kept.model;
    const model = loadRouteOutcomes(db, workspaceId).then(async (outcomes) => SuccessModel.build(outcomes));
    this.#entries.set(workspaceId, { loadedAtMs: nowMs, model });
    model.catch(() => {
      if (this.#entries.get(workspaceId)?.model === model) this.#entries.delete(workspaceId);
    });
    return model;
  }

  /** An outcome whose row is on its way to the database: seen here at once. */
  async note(workspaceId: WorkspaceId, outcome: RouteOutcome): Promise<void> {
    const model = await this.#entries.get(workspaceId)?.model.catch(() => undefined);
    model?.add(outcome);
  }
}
