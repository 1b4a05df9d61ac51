// Reads tool results out of an AI SDK prompt and puts views in their place. It decides nothing.
import type { SdkCall, SdkMessage } from "./types.ts";

export type ToolMessage = Extract<SdkMessage, { role: "tool" }>;
export type ToolResult = Extract<ToolMessage["content"][number], { type: "tool-result" }>;

export function isToolMessage(message: SdkMessage): message is ToolMessage {
  return message.role === "tool";
}

/** The text a model would read; null for errors, refusals and anything with files: those are never replaced. */
export function contentOf({ output }: ToolResult): string | null {
  if (output.type === "text") return output.value;
  if (output.type === "json") return JSON.stringify(output.value);
  if (output.type !== "content" || output.value.length !== 1) return null;
  const [only] = output.value;
  return only?.type === "text" ? only.text : null;
}

export function withView(part: ToolResult, view: string): ToolResult {
  const { output } = part;
  if (output.type === "content") {
    return {
      ...part,
      output: { ...output, value: output.value.map((piece) => (piece.type === "text" ? { ...piece, text: view } : piece)) },
    };
  }
  const options = output.providerOptions === undefined ? {} : { providerOptions: output.providerOptions };
  return { ...part, output: { type: "text", value: view, ...options } };
}

/** Arguments of every tool call of the prompt, by its id. */
export function callInputs(prompt: SdkCall["prompt"]): ReadonlyMap<string, unknown> {
  const inputs = new Map<string, unknown>();
  for (const message of prompt) {
    if (message.role !== "assistant") continue;
    for (const part of message.content) if (part.type === "tool-call") inputs.set(part.toolCallId, part.input);
  }
  return inputs;
}

export function toolCallKey(toolName: string, input: unknown): string {
  return `${toolName}\n${JSON.stringify(input ?? null)}`;
}

export function lastUserText(prompt: SdkCall["prompt"]): string | undefined {
  const message = prompt.findLast(({ role }) => role === "user");
  if (message?.role !== "user") return undefined;
  const text = message.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  return text === "" ? undefined : text;
}
