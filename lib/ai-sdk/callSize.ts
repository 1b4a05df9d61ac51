// How large a call of the AI SDK is and can become: its input as counted, its output cap. It sends nothing.
import type { JsonObject } from "../core/json.ts";
import type { CountableRequest } from "../tokens/types.ts";
import type { SdkCall, SdkModel } from "./types.ts";

/** Names of AI SDK providers end in the kind of their endpoint: `openai.responses`, `google.generative-ai`. Prices and factors go by what is before. */
export function providerOf({ provider }: Pick<SdkModel, "provider">): string {
  const dot = provider.indexOf(".");
  return dot === -1 ? provider : provider.slice(0, dot);
}

export function countable(model: Pick<SdkModel, "provider" | "modelId">, { prompt, tools, responseFormat }: SdkCall): CountableRequest {
  const functions = (tools ?? []).flatMap((tool) =>
    tool.type === "function"
      ? [
          {
            name: tool.name,
            ...(tool.description === undefined ? {} : { description: tool.description }),
            inputSchema: tool.inputSchema as JsonObject,
          },
        ]
      : [],
  );
  const schema: unknown = responseFormat?.type === "json" ? responseFormat.schema : undefined;
  return {
    provider: providerOf(model),
    model: model.modelId,
    messages: prompt,
    ...(functions.length === 0 ? {} : { tools: functions }),
    ...(schema === undefined ? {} : { outputSchema: schema as JsonObject }),
  };
}

/** What @ai-sdk/anthropic takes when thinking is enabled without a budget. */
const DEFAULT_THINKING_TOKENS = 1_024;

/** Anthropic's thinking budget comes on top of `maxOutputTokens`; the other providers' reasoning is within it. */
export function thinkingTokens({ providerOptions }: SdkCall): number {
  const thinking = fieldOf(providerOptions?.["anthropic"], "thinking");
  if (fieldOf(thinking, "type") !== "enabled") return 0;
  const budget = fieldOf(thinking, "budgetTokens");
  return typeof budget === "number" && budget > 0 ? Math.ceil(budget) : DEFAULT_THINKING_TOKENS;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** The name of a tool that the provider runs itself: what it reads and charges is in no count of ours. */
export function providerRunTool({ tools }: SdkCall): string | null {
  return tools?.find((tool) => tool.type !== "function")?.name ?? null;
}
