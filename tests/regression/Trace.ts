// What an execution did, as golden files keep it: requests to models, plugin calls, steps, result. Ordered by step path, never by time.
import type { JsonObject, JsonValue } from "../../lib/core/json.ts";

/** How later comparisons group agents: much text to models, no model at all, or some of both. */
export type AgentClass = "verbose" | "deterministic" | "mixed";
export const AGENT_CLASSES: readonly AgentClass[] = ["verbose", "deterministic", "mixed"];

export interface TracedRequest {
  readonly path: string;
  readonly attempt: number;
  readonly call: number;
  readonly provider: string;
  readonly model: string;
  readonly system: string | null;
  readonly messages: JsonValue;
  readonly tools: JsonValue;
  readonly outputSchema: JsonValue;
  readonly maxOutputTokens: number;
  readonly temperature: number | null;
}

export interface TracedAction {
  readonly path: string;
  /** Which call of this path, from 1: a retried step calls again. */
  readonly call: number;
  readonly plugin: string;
  readonly action: string;
  readonly params: JsonValue;
  readonly key: string;
}

/** One row per attempt. */
export interface TracedStep {
  readonly path: string;
  readonly attempt: number;
  readonly type: string;
  readonly status: string;
  readonly output: JsonValue;
  /** The code only: how an error is worded may get better. */
  readonly error: string | null;
}

export interface Trace {
  readonly agent: string;
  readonly class: AgentClass;
  /** Hash of the agent's definition and inputs: a changed agent is told apart from a changed engine. */
  readonly source: string;
  readonly status: string;
  readonly error: string | null;
  readonly output: JsonValue;
  readonly requests: readonly TracedRequest[];
  readonly actions: readonly TracedAction[];
  readonly steps: readonly TracedStep[];
}

/** `a[10].b` after `a[9].c`: numbers count as numbers. */
export function comparePaths(left: string, right: string): number {
  const [one, other] = [left, right].map((path) => path.match(/\d+|\D+/g) ?? []);
  for (let index = 0; index < Math.max(one?.length ?? 0, other?.length ?? 0); index += 1) {
    const [first = "", second = ""] = [one?.[index], other?.[index]];
    if (first === second) continue;
    const difference = Number(first) - Number(second);
    if (Number.isFinite(difference) && difference !== 0) return difference;
    return first < second ? -1 : 1;
  }
  return 0;
}

export function toJson(trace: Trace): JsonObject {
  return JSON.parse(JSON.stringify(trace)) as JsonObject;
}
