import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../lib/core/clock.ts";
import { AppError } from "../../../lib/core/errors.ts";
import { AiSdkProvider } from "../../../lib/models/AiSdkProvider.ts";
import type { ModelRequest } from "../../../lib/models/types.ts";
import { testReservation } from "../../../lib/testing/testReservation.ts";
import { TokenCounter } from "../../../lib/tokens/TokenCounter.ts";
import { FakeModelServer, stream, success, type Shape } from "./fakeModelServer.ts";

let server: FakeModelServer;
const SHAPES: readonly Shape[] = ["openai-compatible", "openai", "anthropic", "google"];
const request: ModelRequest = {
  model: "test-model",
  system: "Be brief.",
  messages: [{ role: "user", content: "Say hello." }],
  maxOutputTokens: 128,
};

beforeAll(async () => {
  server = await FakeModelServer.start();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  server.seen.length = 0;
  server.answers.length = 0;
});

function provider(kind: Shape, extras: { takesJsonSchema?: boolean; counter?: TokenCounter; apiKey?: string } = {}): AiSdkProvider {
  const { counter, apiKey = "sk-test-secret-key-1234567890", ...rest } = extras;
  return new AiSdkProvider({
    settings: { name: "mine", kind, baseUrl: `${server.url}/v1`, apiKey, ...rest },
    clock: systemClock,
    ...(counter === undefined ? {} : { counter }),
  });
}

async function failureOf(call: Promise<unknown>): Promise<AppError> {
  const thrown = await call.then(
    () => new Error("did not fail"),
    (error: unknown) => error,
  );
  if (!AppError.is(thrown)) throw thrown;
  return thrown;
}

describe.each(SHAPES)("a provider that speaks %s", (kind) => {
  test("answers with text and the usage it reported", async () => {
    server.answers.push(success(kind, "Hello.", { input: 20, output: 3, cached: 8 }));
    const result = await provider(kind).call(request, testReservation({ outputCapTokens: 128 }));
    expect(result).toMatchObject({
      text: "Hello.",
      finishReason: "stop",
      provider: "mine",
      model: "test-model",
      isOffline: false,
      output: null,
      toolCalls: [],
    });
    expect(result.usage).toMatchObject({ inputTokens: 20, outputTokens: 3, cacheReadTokens: 8 });
    expect(result.latencyMs).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(server.seen[0]?.body)).toContain("128");
  });

  test("is asked once on 429 and passes on when to come back", async () => {
    server.answers.push({
      status: 429,
      headers: { "retry-after": "7" },
      body: { type: "error", error: { type: "rate_limit_error", message: "slow down", code: 429, status: "X" } },
    });
    const error = await failureOf(provider(kind).call(request, testReservation()));
    expect(error).toMatchObject({
      code: "RATE_LIMITED",
      retry: { afterMs: 7_000 },
      details: { mayHaveSpent: false, outputTextReceived: 0, status: 429 },
    });
    expect(server.seen).toHaveLength(1);
  });

  test("is unavailable on 500, with nothing spent, and after 504 with maybe something", async () => {
    server.answers.push({ status: 500, body: { type: "error", error: { type: "api_error", message: "boom", code: 500, status: "X" } } });
    expect(await failureOf(provider(kind).call(request, testReservation()))).toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      retry: "later",
      details: { mayHaveSpent: false },
    });
    server.answers.push({ status: 504, body: {} });
    expect(await failureOf(provider(kind).call(request, testReservation()))).toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      details: { mayHaveSpent: true },
    });
    expect(server.seen).toHaveLength(2);
  });

  test("never quotes the key that was refused with 401", async () => {
    server.answers.push({
      status: 401,
      body: {
        type: "error",
        error: {
          type: "authentication_error",
          message: "Incorrect API key provided: sk-test-secret-key-1234567890",
          code: 401,
          status: "X",
        },
      },
    });
    const error = await failureOf(provider(kind).call(request, testReservation()));
    expect(error).toMatchObject({ code: "CONNECTION_MISSING", details: { mayHaveSpent: false } });
    expect(error.message).not.toContain("secret");
  });

  test("streams, and reports usage at the end", async () => {
    server.answers.push(stream(kind, ["Hel", "lo."], { usage: { input: 11, output: 2 } }));
    const pieces: string[] = [];
    const result = await provider(kind).call({ ...request, onDelta: (text) => pieces.push(text) }, testReservation());
    expect(pieces.join("")).toBe("Hello.");
    expect(result).toMatchObject({ text: "Hello.", usage: { inputTokens: 11, outputTokens: 2 } });
  });

  test("aborted in the middle of a stream tells how much had arrived", async () => {
    server.answers.push(stream(kind, ["one ", "two "], "hang"));
    const abort = new AbortController();
    const received: string[] = [];
    const onDelta = (text: string): void => {
      received.push(text);
      if (received.join("") === "one two ") abort.abort();
    };
    const error = await failureOf(provider(kind).call({ ...request, signal: abort.signal, onDelta }, testReservation()));
    expect(error).toMatchObject({ code: "EXECUTION_CANCELLED", details: { mayHaveSpent: true, outputTextReceived: 8 } });
  });

  test("that fails in the middle of its answer may have spent", async () => {
    const { events = [] } = stream(kind, ["one "], "hang");
    server.answers.push({ events: [...events, { type: "error", error: { type: "overloaded_error", message: "overloaded", code: 529 } }] });
    const error = await failureOf(provider(kind).call({ ...request, onDelta: () => undefined }, testReservation()));
    expect(error.details).toMatchObject({ mayHaveSpent: true, outputTextReceived: 4 });
  });

  test("whose answer takes too long ends with the signal's own error, and may have spent", async () => {
    server.answers.push({ hang: true });
    const abort = new AbortController();
    const call = provider(kind).call({ ...request, signal: abort.signal }, testReservation());
    while (server.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    abort.abort(new AppError("STEP_TIMEOUT", "step s1 took longer than 50 ms"));
    expect(await failureOf(call)).toMatchObject({
      code: "STEP_TIMEOUT",
      message: "step s1 took longer than 50 ms",
      details: { mayHaveSpent: true },
    });
  });
});

describe("a provider", () => {
  test("that reports no usage yields null, not zero", async () => {
    for (const kind of ["openai-compatible", "openai", "google"] as const) {
      server.answers.push(success(kind, "Hello.", null));
      expect((await provider(kind).call(request, testReservation())).usage).toBeNull();
    }
  });

  test("whose connection breaks may have spent; one that cannot be reached has not", async () => {
    server.answers.push({ cut: true });
    expect(await failureOf(provider("openai-compatible").call(request, testReservation()))).toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      details: { mayHaveSpent: true },
    });
    const closed = await FakeModelServer.start();
    const { url } = closed;
    await closed[Symbol.asyncDispose]();
    const nowhere = new AiSdkProvider({
      settings: { name: "x", kind: "openai-compatible", baseUrl: url },
      clock: systemClock,
    });
    expect(await failureOf(nowhere.call(request, testReservation()))).toMatchObject({
      code: "UPSTREAM_UNAVAILABLE",
      details: { mayHaveSpent: false },
    });
  });

  test("without a key is not asked, whatever the environment holds", async () => {
    const before = process.env["OPENAI_API_KEY"];
    process.env["OPENAI_API_KEY"] = "sk-from-the-environment";
    const error = await failureOf(provider("openai", { apiKey: "" }).call(request, testReservation()));
    if (before === undefined) delete process.env["OPENAI_API_KEY"];
    else process.env["OPENAI_API_KEY"] = before;
    expect(error).toMatchObject({ code: "CONNECTION_MISSING", details: { mayHaveSpent: false } });
    expect(server.seen).toHaveLength(0);
  });

  test.each([
    [400, "This model's maximum context length is 8192 tokens", "CONTEXT_OVERFLOW"],
    [400, "blocked by our content policy", "MODEL_REFUSED"],
    [400, "temperature must be below 2", "MODEL_FAILED"],
    [404, "model not found", "MODEL_UNKNOWN"],
    [429, "You exceeded your current quota: insufficient_quota", "UPSTREAM_REJECTED"],
    [529, "overloaded", "UPSTREAM_UNAVAILABLE"],
  ] as const)("turns HTTP %i %s into %s", async (status, message, code) => {
    server.answers.push({ status, body: { error: { message } } });
    expect(await failureOf(provider("openai-compatible").call(request, testReservation()))).toMatchObject({
      code,
      details: { mayHaveSpent: false },
    });
  });

  test("passes tools on, runs none, and returns the calls", async () => {
    const message = {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "t1", type: "function", function: { name: "find", arguments: '{"id":7}' } }],
    };
    server.answers.push({
      body: {
        id: "c",
        object: "chat.completion",
        created: 1,
        model: "m",
        choices: [{ index: 0, message, finish_reason: "tool_calls" }],
        usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
      },
    });
    const tools = [{ name: "find", description: "Finds by id.", inputSchema: { type: "object", properties: { id: { type: "number" } } } }];
    const result = await provider("openai-compatible").call({ ...request, tools }, testReservation());
    expect(result).toMatchObject({ finishReason: "tool-calls", toolCalls: [{ id: "t1", name: "find", arguments: { id: 7 } }] });
    expect(server.seen[0]?.body["tools"]).toMatchObject([{ function: { name: "find" } }]);
  });

  test("asks for JSON by schema, or in words where the server takes none, and never fails on a bad answer", async () => {
    const outputSchema = { type: "object", properties: { total: { type: "number" } }, required: ["total"] };
    server.answers.push(
      success("openai-compatible", '```json\n{"total": 3}\n```', { input: 1, output: 1 }),
      success("openai-compatible", '{"total": 4}', { input: 1, output: 1 }),
      success("openai-compatible", "sorry", { input: 1, output: 1 }),
    );
    const first = await provider("openai-compatible").call({ ...request, outputSchema }, testReservation());
    expect(first.output).toEqual({ total: 3 });
    expect(JSON.stringify(server.seen[0]?.body["messages"])).toContain("JSON Schema");
    const second = await provider("openai-compatible", { takesJsonSchema: true }).call({ ...request, outputSchema }, testReservation());
    expect(second.output).toEqual({ total: 4 });
    expect(server.seen[1]?.body["response_format"]).toMatchObject({ type: "json_schema" });
    const third = await provider("openai-compatible").call({ ...request, outputSchema }, testReservation());
    expect(third).toMatchObject({ output: null, text: "sorry", usage: { inputTokens: 1 } });
  });

  test("fetches no address that a message names", async () => {
    const messages: ModelRequest["messages"] = [
      { role: "user", content: [{ type: "file", data: new URL(`${server.url}/secret`), mediaType: "image/png" }] },
    ];
    await failureOf(provider("openai-compatible").call({ ...request, messages }, testReservation()));
    expect(server.seen.filter((seen) => seen.url === "/secret")).toHaveLength(0);
  });

  test("teaches the counter what its tokens weigh", async () => {
    const counter = await TokenCounter.load();
    const messages: ModelRequest["messages"] = [
      { role: "user", content: "The report says that all is well in the north and in the south. ".repeat(20) },
    ];
    const counted = counter.countRequest({ ...request, provider: "mine", messages }).tokens;
    server.answers.push(success("openai-compatible", "ok", { input: counted * 2, output: 1 }));
    await provider("openai-compatible", { counter }).call({ ...request, messages }, testReservation());
    expect(counter.countRequest({ ...request, provider: "mine", messages }).tokens).toBeGreaterThan(counted * 1.2);
  });
});
