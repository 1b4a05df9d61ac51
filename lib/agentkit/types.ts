// The words of the agent kit: what a host does for a loop, and how a loop ends. Types only.
import type { ModelMessage } from "ai";
import type { LoopBrake } from "../orchestration/budgets/LoopBrake.ts";
import type { OwnCostKind } from "../orchestration/savings/types.ts";
import type { ModelTool, ModelToolCall } from "../models/types.ts";

/** What one tool call gave. */
export interface ToolReply {
  readonly call: ModelToolCall;
  /** Whole, however long. */
  readonly text: string;
  readonly isError: boolean;
}

/** A model's answer. Without tool calls it is the loop's last. */
export interface AgentTurn {
  readonly text: string;
  readonly toolCalls: readonly ModelToolCall[];
  /** Input and output of its call. */
  readonly tokens: number;
  /** Used ÷ allocated of the whole execution after it; null: nothing is allocated, or the turn is an earlier one. */
  readonly usedShare: number | null;
}

export interface AgentQuestion {
  readonly messages: readonly ModelMessage[];
  /** Absent: none is offered. */
  readonly tools?: readonly ModelTool[];
  /** Tokens by which views in the messages are shorter than what they stand for. */
  readonly savedInputTokens: number;
  /** Why the direct path would not make this call. */
  readonly ownCost?: OwnCostKind;
}

export interface ShowRequest {
  /** `tool fetch_page` */
  readonly of: string;
  /** @defaultValue the loop's own policy */
  readonly maxLevel?: 0;
  /** Stands at the end of a view that leaves something out. */
  readonly ending?: { readonly text: string; readonly tokens: number };
}

export interface ShownText {
  readonly text: string;
  readonly savedTokens: number;
  /** Something that the result says is not in `text`. */
  readonly isShortened: boolean;
}

/** Gives views of what a loop reads. */
export interface ViewSource {
  show(text: string, request: ShowRequest): Promise<ShownText>;
  /** For receipt and audit: `expanded`, `told_to_conclude`, … */
  noteTransition(name: string): void;
  countTokens(text: string): number;
}

/** @typeParam Ended how the host says that the loop cannot go on: waiting, failed, halted */
export interface AgentKitHost<Ended> {
  /** One model call under a reservation; the answer's calls are durable before this returns. */
  ask(question: AgentQuestion): Promise<Asked<Ended>>;
  /** Runs a turn's tools in order; what `answer` knows needs no tool. */
  perform(calls: readonly ModelToolCall[], options: PerformOptions): Promise<Performed<Ended>>;
  /** Turns that are in the journal already, oldest first. */
  earlierTurns(): Iterable<AgentTurn>;
  /** null: everything is shown as it is. */
  readonly views: ViewSource | null;
  /** A result as it may be sent at most; of a very long one only the beginning. */
  withinLimit(text: string): { readonly text: string; readonly isShortened: boolean };
  warn(warning: string): void;
}

export interface PerformOptions {
  /** 1 for the first. */
  readonly turn: number;
  /** What a call gets without any tool being called; null: it is a tool's. */
  readonly answer: (call: ModelToolCall) => string | null;
}

export type Asked<Ended> = { readonly kind: "answered"; readonly turn: AgentTurn } | { readonly kind: "ended"; readonly outcome: Ended };
export type Performed<Ended> =
  | { readonly kind: "results"; readonly results: readonly ToolReply[] }
  | { readonly kind: "ended"; readonly outcome: Ended };

export interface AgentKitRequest {
  /** The first message, whole. */
  readonly opening: string;
  readonly tools: readonly ModelTool[];
  /** Turns with tool calls, the last of which may not have any. */
  readonly maxTurns: number;
  /** null: none, as on the direct path. */
  readonly brake: LoopBrake | null;
  /** Tokens that views in rules, tools and opening have saved already. */
  readonly savedTokens: number;
}

/** `limit`: the model still asks for tools after its last turn. */
export type AgentKitOutcome<Ended> =
  | { readonly kind: "answered"; readonly text: string; readonly turns: number; readonly conversation: Conversation }
  | { readonly kind: "limit"; readonly turns: number }
  | { readonly kind: "ended"; readonly outcome: Ended };

/** To go on asking without tools, for example for an answer that fits a schema. */
export type Conversation = Pick<AgentQuestion, "messages" | "savedInputTokens">;
