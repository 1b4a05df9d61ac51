// Shows a model shorter views of tool results, the same one for the same result in every later call. User and system text is never touched.
import { LRUCache } from "lru-cache";
import { sha256 } from "../core/ids.ts";
import { EXPAND_DESCRIPTION, EXPAND_NAME, handleLine, handleOf, LONG_FROM_TOKENS, readsText } from "../orchestration/loops/expand.ts";
import type { TokenCounter } from "../tokens/TokenCounter.ts";
import {
  callInputs,
  contentOf,
  isToolMessage,
  lastUserText,
  toolCallKey,
  withView,
  type ToolMessage,
  type ToolResult,
} from "./toolResults.ts";
import { WholeResults } from "./WholeResults.ts";
import type { SdkCall, SdkMessage, ViewCompressor, ViewOptions } from "./types.ts";

/** Shorter results cannot pay for the marks of a view. */
const MIN_CHARS = 80;
const KEPT_VIEWS = 10_000;
const KEPT_CHARS = 64_000_000;

export interface MadeView {
  readonly toolName: string;
  readonly level: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly isLossless: boolean;
  /** Q, 0–5; 5 where the content can be rebuilt from what is shown. */
  readonly quality: number;
}

export interface ViewedCall {
  /** What to send: views in place of results, `expand` only where a handle is visible. The very call that was given if nothing changes. */
  readonly call: SdkCall;
  /** The call as it would be without us: raw results, and no trace of `expand`. */
  readonly rawCall: SdkCall;
  readonly isExpandOffered: boolean;
  /** Views that no earlier call had sent. */
  readonly made: readonly MadeView[];
  /** Handles whose content no earlier call had sent. */
  readonly openedHandles: number;
}

interface Decided {
  /** null: verbatim. */
  readonly view: string | null;
  readonly handle: string | null;
  /** Key of the earlier result that the view refers to: where that is gone, so is the view. */
  readonly base: string | null;
}

interface Shortened extends Decided {
  readonly view: string;
  readonly tokens: number;
  readonly level: number;
  readonly quality: number;
  /** JSON without its blanks: who could read the content can read it. */
  readonly isSameForm: boolean;
}

const AS_IT_IS = { level: 0, quality: 5, handle: null, base: null, isSameForm: true } as const;

export class ToolResultViews {
  readonly #unsent = { made: [] as MadeView[], opened: 0 };
  readonly #counter: TokenCounter;
  readonly #compressor: ViewCompressor;
  readonly #options: ViewOptions;
  readonly #decided = new LRUCache<string, Decided>({ max: KEPT_VIEWS, maxSize: KEPT_CHARS, sizeCalculation: sizeOf });
  /** Content hash → the first call whose result was shown in another form, or with something left out. */
  readonly #reformed = new LRUCache<string, string>({ max: KEPT_VIEWS });
  /** Tool calls of whose results something was left out: made again, they say that the view failed. */
  readonly #shortenedCalls = new LRUCache<string, true>({ max: KEPT_VIEWS });
  readonly #opened = new LRUCache<string, true>({ max: KEPT_VIEWS });
  readonly #raw = new LRUCache<string, string>({ maxSize: KEPT_CHARS, sizeCalculation: (text) => text.length + 1 });

  constructor(counter: TokenCounter, compressor: ViewCompressor, options: ViewOptions) {
    this.#counter = counter;
    this.#compressor = compressor;
    this.#options = options;
  }

  /** What `expand` gives back. */
  readRaw(handle: string): string | undefined {
    return this.#raw.get(handle);
  }

  /** Whether this is a call again for something that was shown shortened. */
  isRefetch(toolName: string, input: unknown): boolean {
    return this.#shortenedCalls.has(toolCallKey(toolName, input));
  }

  async apply(call: SdkCall): Promise<ViewedCall> {
    const isExpandOffered = offersExpand(call);
    const context: ViewContext = {
      isExpandOffered,
      task: taskOf(call.prompt),
      inputs: callInputs(call.prompt),
      made: [],
      opened: [],
      whole: new WholeResults(),
      isChanged: false,
      isHandleVisible: false,
    };
    const prompt: SdkMessage[] = [];
    for (const message of call.prompt) prompt.push(isToolMessage(message) ? await this.#shownMessage(message, context) : message);
    const { made, opened, isChanged, isHandleVisible } = context;
    const viewed = isChanged ? { ...call, prompt } : call;
    return {
      call: isExpandOffered && !isHandleVisible ? withoutExpandTool(viewed) : viewed,
      rawCall: isExpandOffered ? { ...withoutExpandTool(call), prompt: withoutExpandCalls(call.prompt) } : call,
      isExpandOffered,
      made: [...this.#unsent.made.splice(0), ...made],
      openedHandles: this.#takeUnsentOpened() + opened.filter((id) => this.#isNew(id)).length,
    };
  }

  /** The call was refused: the next one shows its views first. */
  handBack({ made, openedHandles }: ViewedCall): void {
    this.#unsent.made.push(...made);
    this.#unsent.opened += openedHandles;
  }

  #takeUnsentOpened(): number {
    const { opened } = this.#unsent;
    this.#unsent.opened = 0;
    return opened;
  }

  async #shownMessage(message: ToolMessage, context: ViewContext): Promise<ToolMessage> {
    const content: ToolMessage["content"] = [];
    for (const part of message.content) content.push(part.type === "tool-result" ? await this.#shown(part, context) : part);
    return { ...message, content };
  }

  async #shown(part: ToolResult, context: ViewContext): Promise<ToolResult> {
    if (context.isExpandOffered && part.toolName === EXPAND_NAME) {
      context.opened.push(part.toolCallId);
      context.isHandleVisible = true;
      return part;
    }
    const shown = await this.#viewOf(part, context);
    if (shown !== part) context.isChanged = true;
    return shown;
  }

  #isNew(toolCallId: string): boolean {
    if (this.#opened.has(toolCallId)) return false;
    this.#opened.set(toolCallId, true);
    return true;
  }

  async #viewOf(part: ToolResult, context: ViewContext): Promise<ToolResult> {
    const resultOf = { toolName: part.toolName, input: context.inputs.get(part.toolCallId) };
    context.whole.see(resultOf);
    const content = contentOf(part);
    if (content === null || this.#isVerbatim(part, content)) return part;
    const hash = sha256(content).toString("hex");
    const key = `${part.toolCallId}\n${hash}`;
    const known = this.#decided.get(key);
    const isStanding = known !== undefined && (known.base === null || context.whole.has(known.base));
    const decided = isStanding ? known : await this.#decide(part, content, hash, context);
    this.#decided.set(key, decided);
    if (decided.base === null && decided.handle === null) context.whole.add(key, resultOf, content);
    // The raw content comes with every call, so what a visible handle stands for is always at hand.
    if (decided.handle !== null) {
      this.#raw.set(decided.handle, content);
      context.isHandleVisible = true;
    }
    return decided.view === null ? part : withView(part, decided.view);
  }

  #isVerbatim({ toolName }: ToolResult, content: string): boolean {
    if (content.length < MIN_CHARS || this.#options.verbatimTools?.includes(toolName) === true) return true;
    return readsText(toolName) && !/^\s*[[{]/.test(content);
  }

  async #decide(part: ToolResult, content: string, hash: string, context: ViewContext): Promise<Decided> {
    const verbatim: Decided = { view: null, handle: null, base: null };
    const tokensIn = this.#counter.count(content);
    const made = (await this.#shorten(part, content, context)) ?? { view: content, tokens: tokensIn, ...AS_IT_IS };
    const first = this.#reformed.get(hash);
    // Who asks again for what was shown in another form may not have been able to read it: then it is given as it is.
    const isAskedAgain = first !== undefined && first !== part.toolCallId;
    if (isAskedAgain && !made.isSameForm) return verbatim;
    const relative = isAskedAgain ? null : this.#relative(content, made.tokens, context);
    const { view, tokens, level, quality, handle, base, isSameForm } = relative ?? made;
    if (tokens >= tokensIn) return verbatim;
    if (!isSameForm) this.#reformed.set(hash, part.toolCallId);
    if (handle !== null) this.#shortenedCalls.set(toolCallKey(part.toolName, context.inputs.get(part.toolCallId)), true);
    context.made.push({ toolName: part.toolName, level, tokensIn, tokensOut: tokens, isLossless: handle === null, quality });
    return { view, handle, base };
  }

  async #shorten(part: ToolResult, content: string, context: ViewContext): Promise<Shortened | null> {
    const level = this.#levelOf(part, this.#counter.count(content), context);
    const result = await this.#compressor.compress(content, undefined, undefined, { level, ...(level < 2 ? {} : context.task) });
    // At level 0 nothing can be had back, so nothing may be missing.
    if (result.outcome === "passthrough" || (level === 0 && !result.lossless)) return null;
    const handle = result.lossless ? null : handleOf(content);
    const view = handle === null ? result.view : `${result.view}\n${handleLine(handle)}`;
    const isSameForm = result.lossless && isJson(result.view);
    const quality = result.lossless ? 5 : result.quality;
    return { view, tokens: this.#counter.count(view), level: result.level, quality, handle, base: null, isSameForm };
  }

  #levelOf(part: ToolResult, tokensIn: number, { isExpandOffered }: ViewContext): 0 | 1 | 2 {
    const { level = 1, longFromTokens = LONG_FROM_TOKENS } = this.#options;
    return !isExpandOffered || tokensIn < longFromTokens || readsText(part.toolName) ? 0 : level;
  }

  #relative(content: string, tokens: number, { whole }: ViewContext): Shortened | null {
    const found = this.#options.level === 2 ? whole.relate(content, tokens, this.#counter) : null;
    return found === null ? null : { ...found, level: 2, quality: 5, handle: null, isSameForm: false };
  }
}

/** What is known of the call under way, and what comes of it. */
interface ViewContext {
  readonly isExpandOffered: boolean;
  readonly task: { readonly task?: string };
  readonly inputs: ReadonlyMap<string, unknown>;
  readonly made: MadeView[];
  readonly opened: string[];
  /** Results of this call so far that are shown whole. */
  readonly whole: WholeResults;
  isChanged: boolean;
  isHandleVisible: boolean;
}

function sizeOf({ view }: Decided): number {
  return (view?.length ?? 0) + 1;
}

function taskOf(prompt: SdkCall["prompt"]): { readonly task?: string } {
  const task = lastUserText(prompt);
  return task === undefined ? {} : { task };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function offersExpand({ tools }: SdkCall): boolean {
  return tools?.some((tool) => tool.type === "function" && tool.name === EXPAND_NAME && tool.description === EXPAND_DESCRIPTION) ?? false;
}

function withoutExpandTool({ tools, ...call }: SdkCall): SdkCall {
  const others = tools?.filter(({ name }) => name !== EXPAND_NAME) ?? [];
  if (others.length > 0) return { ...call, tools: others };
  const { toolChoice: _, ...rest } = call;
  return rest;
}

function withoutExpandCalls(prompt: SdkCall["prompt"]): SdkCall["prompt"] {
  return prompt.flatMap((message): SdkMessage[] => {
    if (message.role === "assistant") {
      const content = message.content.filter((part) => part.type !== "tool-call" || part.toolName !== EXPAND_NAME);
      return content.length === 0 ? [] : [{ ...message, content }];
    }
    if (message.role !== "tool") return [message];
    const content = message.content.filter((part) => part.type !== "tool-result" || part.toolName !== EXPAND_NAME);
    return content.length === 0 ? [] : [{ ...message, content }];
  });
}
