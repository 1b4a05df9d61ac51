// What every surface calls and sees of memory. Plain JSON; shapes only.

/** `on`: an agent is told what its earlier executions came to; `user`: also what is known about the person. */
export type MemoryMode = "off" | "on" | "user";

/** One agent's memories, or everything that is kept about one person. */
export interface MemoryReport {
  readonly memories: readonly {
    readonly id: string;
    readonly executionId: string | null;
    readonly userId: string | null;
    readonly number: number;
    readonly at: string;
    readonly status: string;
    readonly summary: string;
    readonly outcomes: readonly string[];
    readonly patterns: readonly string[];
    readonly suggestions: readonly string[];
    readonly feedback: string | null;
    /** 0–1. */
    readonly importance: number;
    /** null: extracted without a model. */
    readonly model: string | null;
  }[];
  readonly facts: readonly {
    readonly key: string;
    readonly value: string;
    readonly type: string;
    readonly importance: number;
    readonly confidence: number;
    readonly usageCount: number;
    readonly sourceExecutionId: string | null;
    readonly updatedAt: string;
  }[];
}

/** Part of `SystemApi`. */
export interface MemoryApi {
  /** @throws AppError `NOT_FOUND` */
  setAgentMemory(
    nameOrId: string,
    mode: MemoryMode,
    actor: string,
  ): Promise<{ readonly id: string; readonly name: string; readonly memory: MemoryMode }>;
  /** Everything that is remembered: of an agent, or about a person, across agents. */
  listMemories(of: { readonly agent: string } | { readonly userId: string }): Promise<MemoryReport>;
  /** Removes it for good, also from what executions were told. `memoryId`: one memory only, by its id or the beginning of it. */
  forgetMemories(
    of: { readonly agent: string; readonly memoryId?: string } | { readonly userId: string },
    actor: string,
  ): Promise<{ readonly memories: number; readonly facts: number }>;
}
