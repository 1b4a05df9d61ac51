// The recorded tool loops of tau-bench as model calls: what went in, what came out, and what each call answered.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TokenCounter } from "../../lib/tokens/TokenCounter.ts";

interface Message {
  readonly role: string;
  readonly content: string | null;
  readonly name?: string;
  readonly tool_calls?: readonly { readonly function: { readonly name: string; readonly arguments: string } }[] | null;
}

export interface RecordedCall {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** What the call answered: a tool's name or `user`. */
  readonly condition: string;
  /** Tokens that came in since the call before: what one step ahead has to guess. */
  readonly newTokens: number;
}

/** Role and separators, as TokenCounter takes them. */
const MESSAGE_TOKENS = 4;
const REPLY_TOKENS = 3;

/** @returns null when the folder has no such file */
export async function readRecordedRuns(dataFolder: string, counter: TokenCounter): Promise<readonly (readonly RecordedCall[])[] | null> {
  let text: string;
  try {
    text = await readFile(join(dataFolder, "tau-airline.json"), "utf8");
  } catch {
    return null;
  }
  const runs = JSON.parse(text) as readonly { readonly traj: readonly Message[] }[];
  return runs.map(({ traj }) => callsOf(traj, counter));
}

function callsOf(messages: readonly Message[], counter: TokenCounter): readonly RecordedCall[] {
  const calls: RecordedCall[] = [];
  let inputTokens = REPLY_TOKENS;
  let newTokens = 0;
  let condition = "user";
  for (const message of messages) {
    const tokens = counter.count(textOf(message));
    if (message.role === "assistant") {
      calls.push({ inputTokens, outputTokens: tokens, condition, newTokens });
      newTokens = 0;
    } else {
      condition = message.role === "tool" ? (message.name ?? "tool") : message.role;
      newTokens += tokens + MESSAGE_TOKENS;
    }
    inputTokens += tokens + MESSAGE_TOKENS;
  }
  return calls;
}

function textOf({ content, tool_calls: toolCalls }: Message): string {
  const called = (toolCalls ?? []).map(({ function: { name, arguments: given } }) => `${name}${given}`);
  return [content ?? "", ...called].join("");
}
