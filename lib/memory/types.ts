// The words of memory: what is remembered, what an execution is told. Shapes only; README.md has the idea.

/** The agent's switch. `off`: nothing; `on`: what executions came to; `user`: also facts about the person they are for. */
export type MemoryMode = "off" | "on" | "user";

export type UserFactType = "preference" | "context" | "pattern" | "fact";

/** Something stable about a person. */
export interface UserFact {
  /** Unique per person; lower case letters, digits, dots, dashes and underscores. */
  readonly key: string;
  readonly value: string;
  readonly type: UserFactType;
  /** 0–1. */
  readonly importance: number;
}

/** What one execution came to, in one line each. */
export interface Summary {
  readonly summary: string;
  readonly outcomes: readonly string[];
  readonly patterns: readonly string[];
  readonly suggestions: readonly string[];
}

export interface RunMemory extends Summary {
  readonly id: string;
  /** From 1, per agent; the higher, the newer. */
  readonly number: number;
  /** How the execution ended; of merged ones: `merged`. */
  readonly status: string;
  readonly at: Date;
  /** 0–1. */
  readonly importance: number;
  /** null: it is of one execution. */
  readonly counts: MemoryCounts | null;
}

/** What a merged memory was counted from, so that the next merge can add to it. */
export interface MemoryCounts {
  /** Executions by how they ended. */
  readonly ended: Readonly<Record<string, number>>;
  /** How often each of `patterns` was noted, in their order. */
  readonly patterns: readonly number[];
  readonly suggestions: readonly number[];
}

/** What a start may be told, before anything is selected. */
export interface Recall {
  readonly facts: readonly UserFact[];
  /** Newest first. */
  readonly memories: readonly RunMemory[];
}

export type SectionTitle = "Profile" | "History" | "Learned patterns";

export interface MemorySection {
  readonly title: SectionTitle;
  /** One printable line each, never empty. */
  readonly lines: readonly string[];
}

/** What an execution is told. It is stored as it is, and never changes. */
export interface MemoryBlock {
  readonly sections: readonly MemorySection[];
  /** As sent, frame and separator included. */
  readonly tokens: number;
}

/** Where a line comes from: by it is seen whether it was forgotten meanwhile. */
export type ToldRow = { readonly factKey: string } | { readonly memoryId: string };

/** A block, and the rows that its lines come from. */
export interface BuiltMemory extends MemoryBlock {
  readonly from: readonly ToldRow[];
}

/** Makes a long text shorter; a `TokenCompressor` behind it, or nothing at all. */
export interface TextShortener {
  /** @returns null when it cannot reach the target without losing what matters */
  shorten(text: string, targetTokens: number): Promise<string | null>;
}
