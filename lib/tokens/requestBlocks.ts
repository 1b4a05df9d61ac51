// Takes a model request apart into the blocks that a provider bills. It does not count them.
import type { CountableRequest } from "./types.ts";

export interface RequestBlocks {
  readonly texts: readonly string[];
  /** Tokens that come on top of the texts: wrapping of messages and tools, images, files. */
  readonly overheadTokens: number;
  readonly upperOverheadTokens: number;
}

/** Role and separators of a message: 3 to 4 tokens with OpenAI; others document nothing and measure alike. */
const MESSAGE_TOKENS = 4;
const REPLY_TOKENS = 3;
const TOOL_TOKENS = 8;
/** A hidden system prompt comes with tools: about 550 tokens with Claude, 24 with GPT-5. */
const TOOLS_TOKENS_CLAUDE = 550;
const TOOLS_TOKENS_OTHER = 24;
/** A large picture after the providers' own scaling; high-resolution modes take several times as much. */
const IMAGE_TOKENS = 1_600;
const UPPER_IMAGE_TOKENS = 6_000;
/** Documents: providers bill text and a picture per page, with about 40 KB and at most 4 000 tokens a page. */
const FILE_BYTES_PER_TOKEN = 20;
const FILE_MIN_TOKENS = 4_000;
const FILE_TYPES = new Set<unknown>(["image", "file", "reasoning-file"]);

export function requestBlocks(request: CountableRequest): RequestBlocks {
  const collector = new BlockCollector();
  if (request.system !== undefined) collector.text(request.system);
  for (const message of request.messages) {
    collector.overhead(MESSAGE_TOKENS, MESSAGE_TOKENS + 2);
    collector.content(message.content);
  }
  const tools = request.tools ?? [];
  if (tools.length > 0) {
    const isClaude = request.model.toLowerCase().includes("claude") || request.provider === "anthropic";
    const hidden = isClaude ? TOOLS_TOKENS_CLAUDE : TOOLS_TOKENS_OTHER;
    collector.overhead(hidden + tools.length * TOOL_TOKENS, hidden * 1.5 + tools.length * TOOL_TOKENS * 2);
  }
  for (const tool of tools) {
    collector.text(`${tool.name}\n${tool.description ?? ""}`);
    collector.text(JSON.stringify(tool.inputSchema));
  }
  if (request.outputSchema !== undefined) {
    // Where a provider does not take a schema it is written into the prompt, with a sentence before it.
    collector.text(JSON.stringify(request.outputSchema));
    collector.overhead(TOOL_TOKENS * 2, TOOL_TOKENS * 8);
  }
  collector.overhead(REPLY_TOKENS + (request.system === undefined ? 0 : MESSAGE_TOKENS), REPLY_TOKENS + MESSAGE_TOKENS * 2);
  return { texts: collector.texts, overheadTokens: Math.ceil(collector.mean), upperOverheadTokens: Math.ceil(collector.upper) };
}

class BlockCollector {
  readonly texts: string[] = [];
  mean = 0;
  upper = 0;

  text(text: string): void {
    if (text !== "") this.texts.push(text);
  }

  overhead(mean: number, upper: number): void {
    this.mean += mean;
    this.upper += upper;
  }

  content(content: unknown): void {
    if (typeof content === "string") this.text(content);
    else if (Array.isArray(content)) for (const part of content) this.#part(part);
    else if (content !== undefined && content !== null) this.text(JSON.stringify(content));
  }

  #part(part: unknown): void {
    if (typeof part !== "object" || part === null) return this.content(part);
    if ("text" in part && typeof part.text === "string") return this.text(part.text);
    const type = "type" in part ? part.type : undefined;
    if (FILE_TYPES.has(type)) return this.#file(part);
    if (type === "tool-call" && "input" in part) return this.#toolCall(part);
    if (type === "tool-result" && "output" in part) {
      this.overhead(TOOL_TOKENS, TOOL_TOKENS * 2);
      return this.#toolOutput(part.output);
    }
    return this.text(JSON.stringify(part));
  }

  #toolCall(part: { readonly input: unknown; readonly toolName?: unknown }): void {
    this.overhead(TOOL_TOKENS, TOOL_TOKENS * 2);
    if (typeof part.toolName === "string") this.text(part.toolName);
    this.text(JSON.stringify(part.input ?? null));
  }

  #toolOutput(output: unknown): void {
    if (typeof output !== "object" || output === null || !("value" in output)) return this.text(JSON.stringify(output ?? null));
    if (typeof output.value === "string") return this.text(output.value);
    if ("type" in output && output.type === "content") return this.content(output.value);
    return this.text(JSON.stringify(output.value ?? null));
  }

  #file(part: object): void {
    const mediaType = "mediaType" in part && typeof part.mediaType === "string" ? part.mediaType : "";
    const isImage = ("type" in part && part.type === "image") || mediaType.startsWith("image/");
    if (isImage) return this.overhead(IMAGE_TOKENS, UPPER_IMAGE_TOKENS);
    const tokens = Math.max(FILE_MIN_TOKENS, sizeOf("data" in part ? part.data : undefined) / FILE_BYTES_PER_TOKEN);
    return this.overhead(tokens, tokens * 2);
  }
}

function sizeOf(data: unknown): number {
  if (typeof data === "string") return data.length;
  if (data instanceof Uint8Array || data instanceof ArrayBuffer) return data.byteLength;
  return typeof data === "object" && data !== null && "data" in data ? sizeOf(data.data) : 0;
}
