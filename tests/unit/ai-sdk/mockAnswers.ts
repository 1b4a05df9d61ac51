// Answers for the AI SDK's own mock models, in the shape of its specification v4. Not a model.
import { MockLanguageModelV4 } from "ai/test";
import type { SdkAnswer, SdkCall, SdkStream, SdkUsage } from "../../../lib/ai-sdk/types.ts";

export interface Answer {
  readonly text?: string;
  readonly toolCalls?: readonly { readonly toolName: string; readonly input: object }[];
  /** Absent: 100 in, 10 out. null: none is reported. */
  readonly usage?: readonly [input: number, output: number] | null;
}

type Script = (call: SdkCall, index: number) => Answer;
type Part = SdkStream["stream"] extends ReadableStream<infer Piece> ? Piece : never;

/** A model of OpenAI's name, so that its price is known. */
export function mockModel(script: Script, { provider = "openai.responses", modelId = "gpt-4o-mini" } = {}): MockLanguageModelV4 {
  let index = 0;
  const next = (call: SdkCall): Answer => script(call, index++);
  return new MockLanguageModelV4({
    provider,
    modelId,
    doGenerate: (call) => Promise.resolve(answerOf(next(call))),
    doStream: (call) => Promise.resolve({ stream: streamOf(partsOf(next(call))) }),
  });
}

export function answerOf({ text, toolCalls = [], usage }: Answer): SdkAnswer {
  const calls = toolCalls.map(({ toolName, input }, index) => ({
    type: "tool-call" as const,
    toolCallId: `${toolName}-${JSON.stringify(input)}-${index}`,
    toolName,
    input: JSON.stringify(input),
  }));
  return {
    content: [...(text === undefined ? [] : [{ type: "text" as const, text }]), ...calls],
    finishReason: { unified: calls.length > 0 ? "tool-calls" : "stop", raw: undefined },
    usage: usageOf(usage),
    warnings: [],
  };
}

export function usageOf(usage: Answer["usage"] = [100, 10]): SdkUsage {
  const [input, output] = usage ?? [undefined, undefined];
  return {
    inputTokens: { total: input, noCache: input, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: output, text: output, reasoning: undefined },
  };
}

export function partsOf(answer: Answer): Part[] {
  const { content, finishReason, usage } = answerOf(answer);
  const pieces = content.flatMap((part): Part[] => {
    if (part.type === "text") {
      return [
        { type: "text-start", id: "1" },
        { type: "text-delta", id: "1", delta: part.text },
        { type: "text-end", id: "1" },
      ];
    }
    return part.type === "tool-call" ? [part] : [];
  });
  return [{ type: "stream-start", warnings: [] }, ...pieces, { type: "finish", usage, finishReason }];
}

export function streamOf(parts: readonly Part[]): ReadableStream<Part> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}
