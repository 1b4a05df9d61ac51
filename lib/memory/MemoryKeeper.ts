// Off every execution's path: hears of ends, sweeps for summaries that are still to be made, has them made. It knows no model and no rows.
import type { Clock } from "../core/clock.ts";
import type { WorkspaceId } from "../core/ids.ts";
import type { Logger } from "../core/logger.ts";
import { repeatEvery } from "../core/repeatEvery.ts";
import type { Database } from "../db/Database.ts";
import type { ExecutionEvent } from "../systemApi.ts";
import type { MemoryTask } from "./EndedExecution.ts";
import { loadBlock } from "./MemoryStore.ts";
import { CALL_TIMEOUT_MS, type MemorySummarizer } from "./MemorySummarizer.ts";
import { claimTasks } from "./MemoryTaskStore.ts";
import type { MemoryBlock } from "./types.ts";

export interface MemoryKeeperOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly summarizer: Pick<MemorySummarizer, "summarize">;
}

const SWEEP_MS = 30_000;
/** A process that ends begins calls for so long; a person may be waiting for it. */
const LAST_BEGIN_MS = 2_000;
/** What was begun by then has its time. Below what the stages of closing have. */
const STOP_MS = LAST_BEGIN_MS + CALL_TIMEOUT_MS;
const BATCH = 4;
/** One that waits for ever, or ends with another worker, never says so here. */
const MOST_WATCHED = 10_000;

export class MemoryKeeper {
  readonly #options: MemoryKeeperOptions;
  /** Executions with memory that this process runs. */
  readonly #watched = new Set<string>();
  /** Those of them that ended, as far as their tasks were not begun here. */
  readonly #ended = new Set<string>();
  #stopTimer: (() => void) | null = null;
  #sweeping: Promise<void> | null = null;
  /** Something ended since the sweep under way last looked. */
  #isDue = false;
  #isStopping = false;

  constructor(options: MemoryKeeperOptions) {
    this.#options = options;
  }

  /** What the execution is told; its end is watched for from now on. */
  async load(workspaceId: WorkspaceId, executionId: string): Promise<MemoryBlock | null> {
    keep(this.#watched, executionId);
    return await loadBlock(this.#options.db, workspaceId, executionId);
  }

  /** Called for every event in this process; nothing is read for executions without memory. */
  notice({ type, executionId }: Pick<ExecutionEvent, "type" | "executionId">): void {
    if (type !== "finished" || !this.#watched.delete(executionId)) return;
    keep(this.#ended, executionId);
    this.#isDue = true;
    if (this.#stopTimer !== null) void this.#sweepNow();
  }

  /** Begins to work; what earlier processes left is looked for at once, in the background. */
  start(): void {
    if (this.#stopTimer !== null) return;
    this.#isStopping = false;
    const { clock, logger } = this.#options;
    const onError = (error: unknown): void => logger.warn({ error: String(error) }, "memories could not be looked for");
    const sweep = async (): Promise<void> => {
      this.#isDue = true;
      await this.#sweepNow();
    };
    this.#stopTimer = repeatEvery({ clock, everyMs: SWEEP_MS, work: sweep, onError });
    sweep().catch(onError);
  }

  /** Makes what ended in this process, for 22 s at most, and nothing else. What is left is made by whoever sweeps next. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopTimer?.();
    this.#stopTimer = null;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.schedule(STOP_MS, resolve, true);
    await Promise.race([Promise.all([this.#sweeping, this.#makeEnded()]), late]).finally(cancel);
  }

  async #makeEnded(): Promise<void> {
    const { db, clock, logger } = this.#options;
    const lastMs = clock.monotonicMs() + LAST_BEGIN_MS;
    try {
      while (this.#ended.size > 0 && clock.monotonicMs() <= lastMs) {
        // oxlint-disable-next-line no-await-in-loop -- few at a time, on purpose
        const tasks = await claimTasks(db, BATCH, [...this.#ended]);
        if (tasks.length === 0) return;
        // oxlint-disable-next-line no-await-in-loop -- as above
        await Promise.all(tasks.map((task) => this.#make(task)));
      }
    } catch (error) {
      logger.warn({ error: String(error) }, "memories of what just ended could not be made; they are made later");
    }
  }

  /** One at a time; never rejects. */
  #sweepNow(): Promise<void> {
    this.#sweeping ??= this.#sweepAll().finally(() => {
      this.#sweeping = null;
    });
    return this.#sweeping;
  }

  async #sweepAll(): Promise<void> {
    const { db, logger } = this.#options;
    try {
      while (this.#isDue && !this.#isStopping) {
        this.#isDue = false;
        for (let claimed = BATCH; claimed === BATCH && !this.#isStopping;) {
          // oxlint-disable-next-line no-await-in-loop -- few at a time, on purpose
          const tasks = await claimTasks(db, BATCH);
          claimed = tasks.length;
          // oxlint-disable-next-line no-await-in-loop -- as above
          await Promise.all(tasks.map((task) => this.#make(task)));
        }
      }
    } catch (error) {
      logger.warn({ error: String(error) }, "memories could not be looked for");
    }
  }

  async #make(task: MemoryTask): Promise<void> {
    this.#ended.delete(task.executionId);
    try {
      await this.#options.summarizer.summarize(task);
    } catch (error) {
      this.#options.logger.warn({ executionId: task.executionId, error: String(error) }, "a memory could not be made; it is tried again");
    }
  }
}

/** The longest unseen goes when there are too many. */
function keep(ids: Set<string>, id: string): void {
  ids.delete(id);
  ids.add(id);
  const oldest = ids.size > MOST_WATCHED ? ids.values().next().value : undefined;
  if (oldest !== undefined) ids.delete(oldest);
}
