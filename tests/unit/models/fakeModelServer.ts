// Real HTTP on loopback in the shapes of three providers. Answers what the test queued, and keeps what it was sent.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Shape = "openai" | "anthropic" | "google" | "openai-compatible";

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Server-sent events; with `hang` the connection then stays open. */
  readonly events?: readonly unknown[];
  readonly hang?: boolean;
  /** Cuts the connection without an answer. */
  readonly cut?: boolean;
}

export interface SeenRequest {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Record<string, unknown>;
}

export class FakeModelServer implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  readonly answers: FakeAnswer[] = [];
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async start(): Promise<FakeModelServer> {
    const fake = new FakeModelServer();
    fake.#server.listen(0, "127.0.0.1");
    await once(fake.#server, "listening");
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    this.seen.push({
      url: request.url ?? "",
      headers: request.headers,
      body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
    });
    const answer = this.answers.shift() ?? { status: 500, body: { error: { message: "nothing queued" } } };
    if (answer.cut === true) response.destroy();
    else send(answer, response);
  }
}

function send(answer: FakeAnswer, response: ServerResponse): void {
  const { status = 200, headers, body, events, hang } = answer;
  response.writeHead(status, { "content-type": events === undefined ? "application/json" : "text/event-stream", ...headers });
  response.flushHeaders();
  for (const event of events ?? []) {
    const named = typeof event === "object" && event !== null && "type" in event ? `event: ${String(event.type)}\n` : "";
    response.write(`${named}data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`);
  }
  if (hang !== true) response.end(events === undefined ? JSON.stringify(body) : "");
}

interface FakeUsage {
  readonly input: number;
  readonly output: number;
  readonly cached?: number;
}

const SUCCESS: Readonly<Record<Shape, (text: string, usage: FakeUsage | null) => object>> = {
  "openai-compatible": (text, usage) => ({
    id: "c1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
    ...(usage === null ? {} : { usage: chatUsage(usage) }),
  }),
  openai: (text, usage) => ({
    ...RESPONSE,
    status: "completed",
    output: [responseMessage(text)],
    ...(usage === null ? {} : { usage: responseUsage(usage) }),
  }),
  anthropic: (text, usage) => ({
    type: "message",
    id: "a1",
    role: "assistant",
    model: "m",
    content: [{ type: "text", text }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: {
      input_tokens: (usage?.input ?? 0) - (usage?.cached ?? 0),
      output_tokens: usage?.output ?? 0,
      cache_read_input_tokens: usage?.cached ?? 0,
    },
  }),
  google: (text, usage) => ({
    candidates: [{ content: { role: "model", parts: [{ text }] }, finishReason: "STOP", index: 0 }],
    ...(usage === null ? {} : { usageMetadata: geminiUsage(usage) }),
  }),
};

const RESPONSE = { id: "r1", object: "response", created_at: 1, model: "m" };

const START: Readonly<Record<Shape, (pieces: readonly string[], usage: FakeUsage) => unknown[]>> = {
  "openai-compatible": (pieces) => pieces.map((content) => chatChunk([{ index: 0, delta: { content }, finish_reason: null }])),
  openai: (pieces) => [
    { type: "response.created", response: { ...RESPONSE, status: "in_progress" } },
    { type: "response.output_item.added", output_index: 0, item: { ...responseMessage(""), status: "in_progress", content: [] } },
    ...pieces.map((delta) => ({ type: "response.output_text.delta", item_id: "m1", output_index: 0, content_index: 0, delta })),
  ],
  anthropic: (pieces, usage) => [
    {
      type: "message_start",
      message: {
        id: "a1",
        type: "message",
        role: "assistant",
        model: "m",
        content: [],
        stop_reason: null,
        usage: { input_tokens: usage.input, output_tokens: 1 },
      },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...pieces.map((text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })),
  ],
  google: (pieces) => pieces.map((text) => ({ candidates: [{ content: { role: "model", parts: [{ text }] }, index: 0 }] })),
};

const END: Readonly<Record<Shape, (text: string, usage: FakeUsage) => unknown[]>> = {
  "openai-compatible": (_text, usage) => [
    chatChunk([{ index: 0, delta: {}, finish_reason: "stop" }]),
    { ...chatChunk([]), usage: chatUsage(usage) },
    "[DONE]",
  ],
  openai: (text, usage) => [
    { type: "response.output_item.done", output_index: 0, item: responseMessage(text) },
    {
      type: "response.completed",
      response: { ...RESPONSE, status: "completed", output: [responseMessage(text)], usage: responseUsage(usage) },
    },
  ],
  anthropic: (_text, usage) => [
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: usage.output } },
    { type: "message_stop" },
  ],
  google: (_text, usage) => [
    {
      candidates: [{ content: { role: "model", parts: [{ text: "" }] }, finishReason: "STOP", index: 0 }],
      usageMetadata: geminiUsage(usage),
    },
  ],
};

/** A success in the given shape; usage null = not reported (Anthropic always reports). */
export function success(shape: Shape, text: string, usage: FakeUsage | null): FakeAnswer {
  return { body: SUCCESS[shape](text, usage) };
}

/** Pieces of text as a stream; without an end, the connection hangs. */
export function stream(shape: Shape, pieces: readonly string[], end: { usage: FakeUsage } | "hang"): FakeAnswer {
  if (end === "hang") return { events: START[shape](pieces, { input: 0, output: 0 }), hang: true };
  return { events: [...START[shape](pieces, end.usage), ...END[shape](pieces.join(""), end.usage)] };
}

function chatChunk(choices: readonly unknown[]): object {
  return { id: "c1", object: "chat.completion.chunk", created: 1, model: "m", choices };
}

function chatUsage({ input, output, cached = 0 }: FakeUsage): object {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

function responseMessage(text: string): object {
  return { type: "message", id: "m1", status: "completed", role: "assistant", content: [{ type: "output_text", text, annotations: [] }] };
}

function responseUsage({ input, output, cached = 0 }: FakeUsage): object {
  return {
    input_tokens: input,
    output_tokens: output,
    input_tokens_details: { cached_tokens: cached },
    output_tokens_details: { reasoning_tokens: 0 },
  };
}

function geminiUsage({ input, output, cached = 0 }: FakeUsage): object {
  return { promptTokenCount: input, candidatesTokenCount: output, totalTokenCount: input + output, cachedContentTokenCount: cached };
}
