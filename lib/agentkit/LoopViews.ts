// What a tool loop is shown of tool results, and what `expand` gives back. Views are pure functions of stored results: a resumed loop
// shows the same ones, and its handles open as before. It calls no model and no tool.
import { canonicalJson, isJsonObject } from "../core/json.ts";
import type { ModelTool, ModelToolCall } from "../models/types.ts";
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
} from "../orchestration/loops/expand.ts";
import type { AgentKitHost, ShownText, ToolReply, ViewSource } from "./types.ts";

export const EXPAND_TOOL: ModelTool = {
  name: EXPAND_NAME,
  description: EXPAND_DESCRIPTION,
  inputSchema: { ...EXPAND_SCHEMA, required: [...EXPAND_SCHEMA.required] },
};

/** Fewer characters cannot be so many tokens. */
const LONG_FROM_CHARACTERS = LONG_FROM_TOKENS;

export class LoopViews {
  readonly #views: ViewSource | null;
  readonly #withinLimit: AgentKitHost<unknown>["withinLimit"];
  readonly #raw = new Map<string, string>();
  /** Calls of whose results something was left out: made again, they get theirs whole. */
  readonly #shortened = new Set<string>();

  constructor({ views, withinLimit }: Pick<AgentKitHost<unknown>, "views" | "withinLimit">) {
    this.#views = views;
    this.#withinLimit = withinLimit;
  }

  /** A handle is in the messages: from now on `expand` is offered, and only from now on. */
  get hasHandles(): boolean {
    return this.#raw.size > 0;
  }

  /** What the model reads of a result from now on: each gets one view, and keeps it. */
  async show({ call, text, isError }: ToolReply): Promise<ShownText> {
    const asItIs = { text, savedTokens: 0, isShortened: false };
    const views = this.#views;
    if (views === null || isError || call.name === EXPAND_NAME) return asItIs;
    const of = `tool ${call.name}`;
    const key = `${call.name}\0${canonicalJson(call.arguments)}`;
    if (this.#shortened.has(key)) {
      views.noteTransition("refetched");
      return asItIs;
    }
    if (!isLong(views, call, text)) return views.show(text, { of, maxLevel: 0 });
    const handle = handleOf(text);
    const line = `\n${handleLine(handle)}`;
    const shown = await views.show(text, { of, ending: { text: line, tokens: views.countTokens(line) } });
    if (!shown.isShortened) return shown;
    this.#raw.set(handle, text);
    this.#shortened.add(key);
    return { ...shown, savedTokens: shown.savedTokens - this.#neverSent(views, text) };
  }

  /** The answer to a call of `expand`; null for any other tool's. */
  answer({ name, arguments: given }: ModelToolCall): string | null {
    if (name !== EXPAND_NAME || !this.hasHandles) return null;
    const { handle, find } = isJsonObject(given) ? given : {};
    if (typeof handle !== "string") return `expand takes {"handle": "…"}, got ${JSON.stringify(given).slice(0, 200)}.`;
    const content = this.#raw.get(handle);
    if (content === undefined) return noSuchHandle(handle.slice(0, 40));
    this.#views?.noteTransition("expanded");
    return expandContent(content, typeof find === "string" ? find : undefined);
  }

  /** Tokens of a very long result that the direct path would not have sent either. */
  #neverSent(views: ViewSource, text: string): number {
    const direct = this.#withinLimit(text);
    return direct.isShortened ? views.countTokens(text) - views.countTokens(direct.text) : 0;
  }
}

function isLong(views: ViewSource, { name }: ModelToolCall, text: string): boolean {
  if (text.length < LONG_FROM_CHARACTERS) return false;
  if (readsText(name) && !/^\s*[[{]/.test(text)) return false;
  return views.countTokens(text) >= LONG_FROM_TOKENS;
}
