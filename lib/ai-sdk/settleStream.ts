// Watches a model's stream and says once how it ended. Parts pass through unchanged and at the reader's pace.
import type { SdkStream, SdkUsage } from "./types.ts";

type Part = SdkStream["stream"] extends ReadableStream<infer Piece> ? Piece : never;

export interface StreamEnd {
  /** Absent: it ended before the model reported any. */
  readonly usage: SdkUsage | undefined;
  readonly toolCalls: readonly { readonly toolName: string; readonly input: string }[];
  /** Characters of output that arrived. */
  readonly outputTextReceived: number;
  /** Set when the stream broke or carried an error. */
  readonly error?: unknown;
}

/** @param settle called exactly once: at the end, at an error, at an abort, or when the reader gives up */
export function settleStream(
  stream: ReadableStream<Part>,
  signal: AbortSignal | undefined,
  settle: (end: StreamEnd) => Promise<void>,
): ReadableStream<Part> {
  const reader = stream.getReader();
  const seen = new SeenParts();
  let settling: Promise<void> | undefined;
  const finish = (): Promise<void> => (settling ??= settle(seen.end()));
  // Who aborts may neither read on nor cancel: without this the reservation would stay open for ever.
  const onAbort = (): void => {
    seen.error ??= signal?.reason ?? new Error("aborted");
    void finish();
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  const end = async (): Promise<void> => {
    signal?.removeEventListener("abort", onAbort);
    await finish();
  };
  return new ReadableStream<Part>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            await end();
            controller.close();
            return;
          }
          seen.add(value);
          // Booked before the reader learns of the end: its next call sees the balance.
          if (value.type === "finish") await end();
          controller.enqueue(value);
        } catch (error) {
          seen.error = error;
          await end();
          controller.error(error);
        }
      },
      async cancel(reason) {
        seen.error ??= reason ?? new Error("the reader gave up");
        await end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

class SeenParts {
  error: unknown;
  #usage: SdkUsage | undefined;
  readonly #toolCalls: { toolName: string; input: string }[] = [];
  #received = 0;

  add(part: Part): void {
    if (part.type === "finish") this.#usage = part.usage;
    else if (part.type === "error") this.error = part.error;
    else if (part.type === "tool-call") this.#toolCalls.push(part);
    else if (part.type === "text-delta" || part.type === "reasoning-delta" || part.type === "tool-input-delta") {
      this.#received += part.delta.length;
    }
  }

  end(): StreamEnd {
    const base = { usage: this.#usage, toolCalls: this.#toolCalls, outputTextReceived: this.#received };
    return this.error === undefined ? base : { ...base, error: this.error };
  }
}
