// Units waiting for a place in a batch, and the batches under way. Decides when the next batch goes and what is in it; commits nothing itself.
import { nextTurn } from "../core/clock.ts";

/**
 * From here on a unit costs about the same whether it shares its statement with thirty others or with a hundred; so a longer queue
 * goes in two halves, and process and server work at the same time instead of waiting for each other in turn.
 */
const LEAST_TO_HALVE = 64;
/** A second batch goes when it is about as large as the one under way; smaller ones would split the queue finer and finer. */
const LEAST_SECOND = 0.9;
/** Most units of any batch: bounds the statement's memory and how long a takeover waits for the fence. */
const MAX_BATCH_UNITS = 500;
/** Soft bound on the bytes of one batch; a single larger unit still goes, alone. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

export interface Queued {
  readonly unit: { readonly executionId: string; readonly epoch: number };
  readonly bytes: number;
}

export interface LaneOptions<Item extends Queued> {
  /** Batches under way at the same time. */
  readonly maxInFlight: 1 | 2;
  /** Never rejects. */
  readonly commit: (batch: readonly Item[]) => Promise<void>;
}

export class Lane<Item extends Queued> {
  readonly #options: LaneOptions<Item>;
  readonly #inFlight = new Set<readonly Item[]>();
  #pending: Item[] = [];
  #isScheduled = false;
  #idleWaiters: (() => void)[] = [];

  constructor(options: LaneOptions<Item>) {
    this.#options = options;
  }

  add(item: Item): void {
    this.#pending.push(item);
    this.#schedule();
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    while (this.#pending.length > 0 || this.#inFlight.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idleWaiters.push(resolve);
      });
    }
  }

  /** After a commit all its executions go on and append again: one turn of the event loop lets them travel together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    void nextTurn().then(() => {
      this.#isScheduled = false;
      for (let batch = this.#takeBatch(); batch.length > 0; batch = this.#takeBatch()) void this.#send(batch);
    });
  }

  async #send(batch: readonly Item[]): Promise<void> {
    this.#inFlight.add(batch);
    await this.#options.commit(batch);
    this.#inFlight.delete(batch);
    if (this.#pending.length > 0) this.#schedule();
    else if (this.#inFlight.size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** @returns an empty list when nothing should go now */
  #takeBatch(): readonly Item[] {
    if (this.#pending.length === 0 || this.#inFlight.size >= this.#options.maxInFlight) return [];
    const waiting = this.#pending.length;
    const [other] = this.#inFlight;
    if (other !== undefined) return waiting < other.length * LEAST_SECOND ? [] : this.#take(waiting, other);
    const isHalved = this.#options.maxInFlight > 1 && waiting >= LEAST_TO_HALVE;
    return this.#take(isHalved ? Math.ceil(waiting / 2) : waiting, []);
  }

  /**
   * The oldest ones. What an execution appends stays in order, and two batches never lock the same rows crosswise: its units
   * wait while one of them is under way. The fence knows one epoch per execution, so an older claim of our own never
   * shares a batch with the newer one's.
   */
  #take(size: number, other: readonly Item[]): readonly Item[] {
    const busy = new Set(other.map(({ unit }) => unit.executionId));
    const epochs = new Map<string, number>();
    const batch: Item[] = [];
    const rest: Item[] = [];
    let bytes = 0;
    for (const item of this.#pending) {
      const { executionId, epoch } = item.unit;
      const isFull = batch.length >= Math.min(size, MAX_BATCH_UNITS) || (batch.length > 0 && bytes + item.bytes > MAX_BATCH_BYTES);
      if (isFull || busy.has(executionId) || (epochs.get(executionId) ?? epoch) !== epoch) {
        rest.push(item);
        busy.add(executionId);
        continue;
      }
      epochs.set(executionId, epoch);
      batch.push(item);
      bytes += item.bytes;
    }
    this.#pending = rest;
    return batch;
  }
}
