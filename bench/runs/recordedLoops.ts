// Recorded agent runs as the model calls they were made of. It measures nothing.
import { readFile } from "node:fs/promises";
import type { SdkMessage } from "../../lib/ai-sdk/types.ts";

interface RecordedMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string | null;
  readonly name?: string;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly name: string; readonly arguments: string } }[];
}

export interface RecordedAnswer {
  readonly text: string;
  /** Arguments of the tool calls it made. */
  readonly inputs: readonly unknown[];
}

/** One model call: all messages before the assistant's, and what the assistant then said. */
export interface RecordedCall {
  readonly prompt: SdkMessage[];
  readonly answer: RecordedAnswer;
}

/** @returns per run its calls in order; null when the file is missing */
export async function readRecordedLoops(file: string): Promise<readonly (readonly RecordedCall[])[] | null> {
  try {
    const runs = JSON.parse(await readFile(file, "utf8")) as readonly { readonly traj: readonly RecordedMessage[] }[];
    return runs.map(({ traj }) => callsOf(traj));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

function callsOf(messages: readonly RecordedMessage[]): RecordedCall[] {
  const prompt = messages.map(toPrompt);
  return messages.flatMap((message, index) =>
    message.role === "assistant" ? [{ prompt: prompt.slice(0, index), answer: answerOf(message) }] : [],
  );
}

function answerOf({ content, tool_calls: toolCalls = [] }: RecordedMessage): RecordedAnswer {
  return { text: content ?? "", inputs: toolCalls.map((call) => JSON.parse(call.function.arguments) as unknown) };
}

function toPrompt(message: RecordedMessage): SdkMessage {
  const { role, content, name = "", tool_call_id: toolCallId = "", tool_calls: toolCalls = [] } = message;
  const text = content ?? "";
  if (role === "system") return { role, content: text };
  if (role === "user") return { role, content: [{ type: "text", text }] };
  if (role === "tool") {
    return { role, content: [{ type: "tool-result", toolCallId, toolName: name, output: { type: "text", value: text } }] };
  }
  const calls = toolCalls.map((call) => ({
    type: "tool-call" as const,
    toolCallId: call.id,
    toolName: call.function.name,
    input: JSON.parse(call.function.arguments) as unknown,
  }));
  return { role, content: [...(text === "" ? [] : [{ type: "text" as const, text }]), ...calls] };
}
