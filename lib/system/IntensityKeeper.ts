// Counts ended executions into their agents' intensity scores, off their path: by the process that ran the last step. What a killed process had not counted stays uncounted.
import { loadExecutionFacts } from "../ais/ExecutionFactsStore.ts";
import { updateAgentIntensityMetrics } from "../ais/updateAgentIntensity.ts";
import type { WorkspaceId } from "../core/ids.ts";
import type { Logger } from "../core/logger.ts";
import type { Database } from "../db/Database.ts";
import type { ExecutionEvent } from "../systemApi.ts";

export interface WatchedExecution {
  readonly id: string;
  readonly workspaceId: WorkspaceId;
  /** Token governance is not off: the plan's budget rows are there. */
  readonly hasBudgets: boolean;
}

/** One that waits for ever, or ends with another worker, never says so here. */
const MOST_WATCHED = 10_000;

export class IntensityKeeper {
  readonly #db: Database;
  readonly #logger: Logger;
  readonly #watched = new Map<string, WatchedExecution>();
  readonly #counting = new Set<Promise<void>>();

  constructor({ db, logger }: { readonly db: Database; readonly logger: Logger }) {
    this.#db = db;
    this.#logger = logger;
  }

  /** Orchestrated, and run by this process. */
  watch(execution: WatchedExecution): void {
    this.#watched.delete(execution.id);
    this.#watched.set(execution.id, execution);
    const oldest = this.#watched.size > MOST_WATCHED ? this.#watched.keys().next().value : undefined;
    if (oldest !== undefined) this.#watched.delete(oldest);
  }

  /** Called for every event in this process; nothing is read for executions that are not watched. */
  notice({ type, executionId, status }: Pick<ExecutionEvent, "type" | "executionId" | "status">): void {
    // What is uncertain goes on once a person has said what happened.
    const ended = type === "finished" && status !== "uncertain" ? this.#watched.get(executionId) : undefined;
    if (ended === undefined) return;
    this.#watched.delete(executionId);
    const counting = this.#count(ended)
      .catch((error: unknown) =>
        this.#logger.warn({ executionId, error: String(error) }, "an execution was not counted into its agent's score"),
      )
      .finally(() => this.#counting.delete(counting));
    this.#counting.add(counting);
  }

  /** Resolves when nothing is being counted any more. */
  async settle(): Promise<void> {
    await Promise.all(this.#counting);
  }

  async #count({ id, workspaceId, hasBudgets }: WatchedExecution): Promise<void> {
    const ended = await loadExecutionFacts(this.#db, { workspaceId, executionId: id, hasBudgets });
    if (ended === null) return;
    const { agentId, facts, commitments } = ended;
    // What views saved is in the receipt, not here: unknown is not zero.
    const orchestration = { baselineTokens: null, usedTokens: null, commitments, firstAttempts: { checked: 0, passed: 0 } };
    await updateAgentIntensityMetrics(this.#db, { workspaceId, agentId }, { ...facts, memory: null, orchestration }, (warning) =>
      this.#logger.warn({}, warning),
    );
  }
}
