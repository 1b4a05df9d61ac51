// What the parts of the intent classifier hand each other: facts read off a step, and opinions on it. Types only.
import type { Effect } from "../../workflow/types.ts";
import type { IntentSource, IntentType } from "../types.ts";

/**
 * A step read loosely: ours (`WorkflowStep`), or a node of another workflow language. Every field is optional and may hold
 * anything; what has another shape than expected is passed over.
 */
export type ClassifiableStep = Readonly<Record<string, unknown>> | object;

/** A tool as MCP servers list them. */
export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments. */
  readonly inputSchema?: unknown;
  /** Hints of the server, not trusted: they can make a tool look more dangerous, never less. */
  readonly annotations?: { readonly readOnlyHint?: boolean; readonly destructiveHint?: boolean };
}

export interface RequestFacts {
  /** Upper case; empty when the step does not say. */
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** A bounded excerpt of a step: no text is longer than a few KB, whatever the step holds. Absent texts are empty. */
export interface StepFacts {
  readonly type: string;
  readonly name: string;
  readonly description: string;
  readonly plugin: string;
  readonly action: string;
  readonly operation: string;
  readonly prompt: string;
  readonly code: string;
  readonly command: string;
  readonly sql: string;
  readonly graphql: string;
  readonly request: RequestFacts | null;
  /** Names of the fields of the output that is asked for. */
  readonly outputKeys: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
  /** Categories, scenarios or classes between which a model chooses. */
  readonly hasBranches: boolean;
  readonly hasTools: boolean;
  readonly declaredIntent: IntentType | null;
  readonly declaredEffect: Effect | null;
  readonly readOnlyHint: boolean | null;
  readonly destructiveHint: boolean | null;
  /** Characters of prompt and input as they are, beyond the excerpt: what a model would read. */
  readonly promptLength: number;
}

/** One source's word on a step. */
export interface Opinion {
  readonly intent: IntentType;
  readonly effect: Effect;
  /** 0–1. */
  readonly confidence: number;
  readonly source: IntentSource;
  readonly reason: string;
}
