// What is known of an ended execution when its memory is made. Shapes only.
import type { WorkspaceId } from "../core/ids.ts";
import type { MemoryMode } from "./types.ts";

/** A claimed task: the summary of one execution is this process's, until the claim runs out. */
export interface MemoryTask {
  readonly executionId: string;
  readonly workspaceId: WorkspaceId;
  readonly agentId: string;
  readonly userId: string | null;
  /** As the workflow or the installation names it. */
  readonly model: string;
  readonly tags: readonly string[];
  /** This one included. */
  readonly tries: number;
}

export interface EndedExecution {
  /** The agent's switch now: it may have been turned off meanwhile. */
  readonly mode: MemoryMode;
  readonly epoch: number;
  readonly workflow: string;
  readonly status: "completed" | "failed" | "cancelled";
  readonly finishedAt: Date;
  /** JSON of `maskedJson`, only its beginning where it is long; empty: there was none. */
  readonly inputs: string;
  readonly output: string;
  /** Code and message; null: it did not fail. */
  readonly error: string | null;
  /** What people said when they were asked for approval. */
  readonly comments: readonly string[];
  /** Summaries of the two executions before, newest first. */
  readonly earlier: readonly string[];
}
