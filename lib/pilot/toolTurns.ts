// Turns of a tool loop as they are stored with a model call's settlement, and read back on resume. Asks no model and runs no tool.
import { encodeJson } from "../core/json.ts";
import type { NanoUsd } from "../core/money.ts";
import type { ModelResult, ModelToolCall } from "../models/types.ts";
import type { ExecutionState } from "./ExecutionState.ts";

/** An assistant's message that asks for tools. */
export interface ToolTurn {
  readonly text: string;
  readonly toolCalls: readonly ModelToolCall[];
  readonly provider: string;
  readonly model: string;
  readonly isOffline: boolean;
}

export interface StoredTurn {
  readonly turn: ToolTurn;
  /** The step's attempt that asked for it. */
  readonly attempt: number;
  readonly tokens: number;
  readonly costUsd: NanoUsd | null;
}

export function encodeTurn({ text, toolCalls, provider, model, isOffline }: ModelResult): string {
  const turn: ToolTurn = { text, toolCalls, provider, model, isOffline };
  return encodeJson(turn);
}

/** Stored turns of a step, oldest first, those of its earlier attempts included: a loop goes on where it stopped. */
export function storedTurns(state: ExecutionState, path: string): StoredTurn[] {
  const found = state
    .attemptsOf(path)
    .flatMap(({ kind, message, attempt, call, usedTokens, usedUsd }) =>
      kind === "model" && message !== null ? [{ message, attempt, call, usedTokens, usedUsd }] : [],
    );
  found.sort((left, right) => left.attempt - right.attempt || left.call - right.call);
  return found.map(({ message, attempt, usedTokens, usedUsd }) => ({
    // Written by encodeTurn.
    turn: JSON.parse(message) as ToolTurn,
    attempt,
    tokens: usedTokens ?? 0,
    costUsd: usedUsd,
  }));
}
