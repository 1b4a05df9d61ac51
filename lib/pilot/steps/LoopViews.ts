// What a governed tool loop is shown of tool results, and what `expand` gives back. Views are pure functions of stored results: a resumed loop
// shows the same ones, and its handles open as before. It calls no model and no tool.
import { canonicalJson, isJsonObject } from "../../core/json.ts";
import type { ModelTool, ModelToolCall } from "../../models/types.ts";
import {
  EXPAND_DESCRIPTION,
  EXPAND_NAME,
  EXPAND_SCHEMA,
  expandContent,
  handleLine,
  handleOf,
  LONG_FROM_TOKENS,
  noSuchHandle,
  readsText,
} from "../../orchestration/loops/expand.ts";
import type { StepContext } from "../types.ts";
import type { Presented } from "./presented.ts";
import { withinLimit, type ToolResult } from "./toolCalls.ts";

export const EXPAND_TOOL: ModelTool = {
  name: EXPAND_NAME,
  description: EXPAND_DESCRIPTION,
  inputSchema: { ...EXPAND_SCHEMA, required: [...EXPAND_SCHEMA.required] },
};

/** Fewer characters cannot be so many tokens. */
const LONG_FROM_CHARACTERS = LONG_FROM_TOKENS;

export class LoopViews {
  readonly #context: StepContext;
  readonly #raw = new Map<string, string>();
  /** Calls of whose results something was left out: made again, they get theirs whole. */
  readonly #shortened = new Set<string>();

  constructor(context: StepContext) {
    this.#context = context;
  }

  /** A handle is in the messages: from now on `expand` is offered, and only from now on. */
  get hasHandles(): boolean {
    return this.#raw.size > 0;
  }

  /** What the model reads of a result from now on: each gets one view, and keeps it. */
  async show({ call, text }: ToolResult): Promise<Presented> {
    const { governance } = this.#context.decision;
    const of = `tool ${call.name}`;
    if (governance === undefined || call.name === EXPAND_NAME) return { text, savedTokens: 0, isShortened: false };
    const key = `${call.name}\0${canonicalJson(call.arguments)}`;
    if (this.#shortened.has(key)) {
      governance.noteTransition("refetched");
      return { text, savedTokens: 0, isShortened: false };
    }
    if (!this.#isLong(call, text)) return governance.show(text, { of, maxLevel: 0 });
    const handle = handleOf(text);
    const line = `\n${handleLine(handle)}`;
    const shown = await governance.show(text, { of, ending: { text: line, tokens: this.#context.services.counter.count(line) } });
    if (!shown.isShortened) return shown;
    this.#raw.set(handle, text);
    this.#shortened.add(key);
    return { ...shown, savedTokens: shown.savedTokens - this.#neverSent(text) };
  }

  /** Tokens of a very long result that the direct path would not have sent either. */
  #neverSent(text: string): number {
    const direct = withinLimit(text);
    const { counter } = this.#context.services;
    return direct.isShortened ? counter.count(text) - counter.count(direct.text) : 0;
  }

  /** The answer to a call of `expand`; null for any other tool's. */
  answer({ name, arguments: given }: ModelToolCall): string | null {
    if (name !== EXPAND_NAME || !this.hasHandles) return null;
    const { handle, find } = isJsonObject(given) ? given : {};
    if (typeof handle !== "string") return `expand takes {"handle": "…"}, got ${JSON.stringify(given).slice(0, 200)}.`;
    const content = this.#raw.get(handle);
    if (content === undefined) return noSuchHandle(handle.slice(0, 40));
    this.#context.decision.governance?.noteTransition("expanded");
    return expandContent(content, typeof find === "string" ? find : undefined);
  }

  #isLong({ name }: ModelToolCall, text: string): boolean {
    if (text.length < LONG_FROM_CHARACTERS) return false;
    if (readsText(name) && !/^\s*[[{]/.test(text)) return false;
    return this.#context.services.counter.count(text) >= LONG_FROM_TOKENS;
  }
}
