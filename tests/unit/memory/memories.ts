// Memories and facts for tests, with only what a test is about.
import type { EndedExecution } from "../../../lib/memory/EndedExecution.ts";
import type { RunMemory, UserFact } from "../../../lib/memory/types.ts";

export function memory(number: number, summary: string, more: Partial<RunMemory> = {}): RunMemory {
  return {
    id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    number,
    status: "completed",
    at: new Date(Date.UTC(2025, 2, number)),
    importance: 0.5,
    summary,
    outcomes: [],
    patterns: [],
    suggestions: [],
    counts: null,
    ...more,
  };
}

export function fact(key: string, value: string, importance = 0.5): UserFact {
  return { key, value, type: "fact", importance };
}

export function ended(more: Partial<EndedExecution> = {}): EndedExecution {
  return {
    mode: "user",
    epoch: 1,
    workflow: "orders",
    status: "completed",
    finishedAt: new Date(0),
    inputs: "{}",
    output: '"done"',
    error: null,
    comments: [],
    earlier: [],
    ...more,
  };
}
