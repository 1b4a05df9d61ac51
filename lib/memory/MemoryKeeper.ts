// Off every execution's path: hears of ends, sweeps for summaries that are still to be made, has them made. It knows no model and no rows.
import type { Clock } from "../core/clock.ts";
import type { WorkspaceId } from "../core/ids.ts";
import type { Logger } from "../core/logger.ts";
import { repeatEvery } from "../core/repeatEvery.ts";
import type { Database } from "../db/Database.ts";
import type { ExecutionEvent } from "../systemApi.ts";
import { loadBlock } from "./MemoryStore.ts";
import type { MemorySummarizer } from "./MemorySummarizer.ts";
import { claimTasks } from "./MemoryTaskStore.ts";
import type { MemoryBlock } from "./types.ts";

export interface MemoryKeeperOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly summarizer: Pick<MemorySummarizer, "summarize">;
}

const SWEEP_MS = 30_000;
const BATCH = 4;

export class MemoryKeeper {
  readonly #options: MemoryKeeperOptions;
  /** Executions with memory that this process runs. */
  readonly #watched = new Set<string>();
  #stopTimer: (() => void) | null = null;
  #sweeping: Promise<void> | null = null;
  /** Something ended since the sweep under way last looked. */
  #isDue = false;

  constructor(options: MemoryKeeperOptions) {
    this.#options = options;
  }

  /** What the execution is told; its end is watched for from now on. */
  async load(workspaceId: WorkspaceId, executionId: string): Promise<MemoryBlock | null> {
    this.#watched.add(executionId);
    return await loadBlock(this.#options.db, workspaceId, executionId);
  }

  /** Called for every event in this process; nothing is read for executions without memory. */
  notice({ type, executionId }: Pick<ExecutionEvent, "type" | "executionId">): void {
    if (type !== "finished" || !this.#watched.delete(executionId)) return;
    this.#isDue = true;
    if (this.#stopTimer !== null) void this.#sweepNow();
  }

  /** Begins to work; what earlier processes left is looked for at once, in the background. */
  start(): void {
    if (this.#stopTimer !== null) return;
    const { clock, logger } = this.#options;
    const onError = (error: unknown): void => logger.warn({ error: String(error) }, "memories could not be looked for");
    const sweep = async (): Promise<void> => {
      this.#isDue = true;
      await this.#sweepNow();
    };
    this.#stopTimer = repeatEvery({ clock, everyMs: SWEEP_MS, work: sweep, onError });
    sweep().catch(onError);
  }

  /** Makes what just ended, and resolves when nothing is under way. What is cut off is made by whoever sweeps next. */
  async stop(): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = null;
    await this.#sweepNow();
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
      while (this.#isDue) {
        this.#isDue = false;
        for (let claimed = BATCH; claimed === BATCH;) {
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

  async #make(task: Awaited<ReturnType<typeof claimTasks>>[number]): Promise<void> {
    try {
      await this.#options.summarizer.summarize(task);
    } catch (error) {
      this.#options.logger.warn({ executionId: task.executionId, error: String(error) }, "a memory could not be made; it is tried again");
    }
  }
}
