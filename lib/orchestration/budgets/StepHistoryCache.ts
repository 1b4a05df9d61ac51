// Keeps what StepHistoryStore loads for a few seconds: a hundred executions of one agent that start together read its past once.
import { LRUCache } from "lru-cache";
import type { Clock } from "../../core/clock.ts";
import type { Queryable } from "../../db/Database.ts";
import type { StepHistory } from "./StepHistory.ts";
import { loadStepHistory, type HistoryRequest } from "./StepHistoryStore.ts";

export interface StepHistoryCacheOptions {
  readonly clock: Clock;
  /** How old a history may be; the past of an agent changes little in that time. @defaultValue 15 000 */
  readonly maxAgeMs?: number;
  /** Agents kept; one takes up to a megabyte. @defaultValue 32 */
  readonly maxAgents?: number;
}

interface Entry {
  readonly loadedAtMs: number;
  readonly history: Promise<StepHistory>;
}

export class StepHistoryCache {
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #entries: LRUCache<string, Entry>;

  constructor({ clock, maxAgeMs = 15_000, maxAgents = 32 }: StepHistoryCacheOptions) {
    this.#clock = clock;
    this.#maxAgeMs = maxAgeMs;
    this.#entries = new LRUCache({ max: maxAgents });
  }

  /** Shared by all who ask meanwhile: it must not be added to. A load that fails is not kept. */
  get(db: Queryable, request: HistoryRequest): Promise<StepHistory> {
    const key = JSON.stringify([request.workspaceId, request.agentId, request.hasIntents, request.ownExecutions, request.otherExecutions]);
    const kept = this.#entries.get(key);
    const nowMs = this.#clock.monotonicMs();
    if (kept !== undefined && nowMs - kept.loadedAtMs < this.#maxAgeMs) return kept.history;
    const history = loadStepHistory(db, request);
    this.#entries.set(key, { loadedAtMs: nowMs, history });
    history.catch(() => {
      if (this.#entries.get(key)?.history === history) this.#entries.delete(key);
    });
    return history;
  }
}
