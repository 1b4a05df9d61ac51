// Puts a memory block into the messages of a call: after what providers may cache for several calls, before the step's own data. It selects nothing.
import type { ModelMessage } from "ai";
import { memoryTextFor } from "./MemoryInjector.ts";
import type { MemoryBlock } from "./types.ts";

export interface PlacedMemory {
  readonly messages: readonly ModelMessage[];
  /** What was put in; empty when the messages say it all already. */
  readonly text: string;
}

type UserMessage = Extract<ModelMessage, { readonly role: "user" }>;
type UserPart = Exclude<UserMessage["content"], string>[number];

/** Only the first message of the user changes, and only by its own content: a loop that grows keeps its beginning. */
export function placeMemory(messages: readonly ModelMessage[], block: Pick<MemoryBlock, "sections">): PlacedMemory {
  const at = messages.findIndex(({ role }) => role === "user");
  const first = messages[at];
  if (first?.role !== "user") return { messages, text: "" };
  const text = memoryTextFor(block, textOf(first));
  if (text === "") return { messages, text };
  return { messages: messages.with(at, { ...first, content: withText(first.content, text) }), text };
}

function textOf({ content }: UserMessage): string {
  return typeof content === "string" ? content : content.map((part) => (part.type === "text" ? part.text : "")).join("\n");
}

function withText(content: UserMessage["content"], text: string): UserMessage["content"] {
  if (typeof content === "string") return text + content;
  const shared = content.findLastIndex((part) => part.providerOptions !== undefined);
  const part: UserPart = { type: "text", text };
  return [...content.slice(0, shared + 1), part, ...content.slice(shared + 1)];
}
