import { APICallError, generateText, streamText } from "ai";
import { MockLanguageModelV3, MockLanguageModelV4 } from "ai/test";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError, govern, ProcessLedger, type GovernDecision } from "../../../lib/ai-sdk/index.ts";
import { codeOf } from "./codeOf.ts";
import { mockModel, partsOf, usageOf } from "./mockAnswers.ts";

const NO_RETRY = { maxRetries: 0 } as const;

describe("govern", () => {
  test("books what a call used and passes its answer on", async () => {
    const model = govern(
      mockModel(() => ({ text: "Hello.", usage: [1_000, 100] })),
      { limits: { usd: "1" }, agent: "greeter" },
    );

    const { text } = await generateText({ model, prompt: "Greet." });

    const { balance, savings } = model.receipt();
    // 1 000 × 0.15 + 100 × 0.60 USD per million
    expect([text, balance.spentTokens, balance.spentUsd, balance.openUsd]).toEqual(["Hello.", 1_100, 210_000n, 0n]);
    expect([savings.paid.usd, savings.baseline.usd, savings.calls]).toEqual([210_000n, 210_000n, 1]);
    expect(model.receiptText()).toContain("receipt greeter   0.000210 USD of 1.00 USD\n");
    expect(model.receiptText()).toContain("limits hold in this process only and end with it");
  });

  test("refuses a call whose worst case does not fit before it reaches the model", async () => {
    const mock = mockModel(() => ({ text: "Hello." }));
    const model = govern(mock, { limits: { tokens: 4_000 } });

    expect(await codeOf(generateText({ model, prompt: "Greet." }))).toBe("BUDGET_EXCEEDED");
    expect([mock.doGenerateCalls.length, model.receipt().callsRefused, model.receipt().balance.spentTokens]).toEqual([0, 1, 0]);

    expect(await codeOf(generateText({ model, prompt: "Greet.", maxOutputTokens: 50 }))).toBe("none");
    expect(model.receipt().balance.spentTokens).toBe(110);
  });

  test("refuses a stream by its error part and onError, as the AI SDK does with every error", async () => {
    const mock = mockModel(() => ({ text: "Hello." }));
    const codes: unknown[] = [];
    const result = streamText({
      model: govern(mock, { limits: { tokens: 10 } }),
      prompt: "Greet.",
      onError: ({ error }) => {
        codes.push(AppError.is(error) ? error.code : error);
      },
    });

    await expect(result.text).rejects.toThrow("No output generated");
    expect([codes, mock.doStreamCalls]).toEqual([["BUDGET_EXCEEDED"], []]);
  });

  test("sets an output cap only where a limit needs one", async () => {
    const mock = mockModel(() => ({ text: "Hello." }));
    const prompt = "Greet.";

    await generateText({ model: govern(mock, { limits: { tokens: 100_000 } }), prompt });
    await generateText({ model: govern(mock, { limits: { tokens: 100_000 }, maxOutputTokens: 7 }), prompt });
    await generateText({ model: govern(mock, { limits: { tokens: 100_000 } }), prompt, maxOutputTokens: 9 });
    await generateText({ model: govern(mock), prompt });

    expect(mock.doGenerateCalls.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([4_096, 7, 9, undefined]);
  });

  test("counts a thinking budget that comes on top of the cap", async () => {
    const model = govern(
      mockModel(() => ({ text: "Hello." }), { provider: "anthropic.messages", modelId: "claude-sonnet-4-5" }),
      {
        limits: { tokens: 12_000 },
      },
    );
    const providerOptions = { anthropic: { thinking: { type: "enabled", budgetTokens: 10_000 } } };

    expect(await codeOf(generateText({ model, prompt: "Greet.", maxOutputTokens: 3_000, providerOptions }))).toBe("BUDGET_EXCEEDED");
    expect(await codeOf(generateText({ model, prompt: "Greet.", maxOutputTokens: 1_000, providerOptions }))).toBe("none");
  });

  test("refuses an unknown price under a money limit, and takes an own one", async () => {
    const house = mockModel(() => ({ text: "Hello.", usage: [1_000, 0] }), { provider: "house", modelId: "house-7b" });

    expect(await codeOf(generateText({ model: govern(house, { limits: { usd: "5" } }), prompt: "Greet." }))).toBe("PRICE_UNKNOWN");
    expect(house.doGenerateCalls).toHaveLength(0);

    const priced = govern(house, { limits: { usd: "5" }, price: { inputUsdPerMillion: 2, outputUsdPerMillion: 4 } });
    await generateText({ model: priced, prompt: "Greet." });
    expect(priced.receipt().balance.spentUsd).toBe(2_000_000n);
  });

  test("leaves an unknown price unknown where only tokens are limited", async () => {
    const model = govern(
      mockModel(() => ({ text: "Hello." }), { provider: "house", modelId: "house-7b" }),
      { limits: { tokens: 10_000 } },
    );

    await generateText({ model, prompt: "Greet." });

    expect([model.receipt().savings.paid.usd, model.receipt().balance.callsWithoutPrice]).toEqual([null, 1]);
    expect(model.receiptText()).toContain("1 call without a price");
  });

  test("refuses a tool that the provider runs under a limit: no worst case covers it", async () => {
    const mock = mockModel(() => ({ text: "Hello." }));
    const model = govern(mock, { limits: { tokens: 100_000 } });
    const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "Search." }] }];
    const tools = [{ type: "provider" as const, id: "openai.web_search" as const, name: "web_search", args: {} }];

    expect(await codeOf(model.doGenerate({ prompt, tools }))).toBe("PRICE_UNKNOWN");
    expect(await codeOf(govern(mock).doGenerate({ prompt, tools }))).toBe("none");
  });

  test("lets no schedule of 64 parallel calls start past the limit", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 300_000 }),
        fc.array(fc.nat({ max: 4_096 }), { minLength: 64, maxLength: 64 }),
        async (tokens, outputs) => {
          let index = 0;
          const mock = new MockLanguageModelV4({
            provider: "openai.responses",
            modelId: "gpt-4o-mini",
            doGenerate: async () => {
              const output = outputs[index++] ?? 0;
              await Promise.resolve();
              return {
                content: [{ type: "text", text: "ok" }],
                finishReason: { unified: "stop", raw: undefined },
                usage: usageOf([10, output]),
                warnings: [],
              };
            },
          });
          const decisions: GovernDecision[] = [];
          const model = govern(mock, { limits: { tokens }, onDecision: (decision) => decisions.push(decision) });
          const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "Go." }] }];

          await Promise.allSettled(outputs.map(() => model.doGenerate({ prompt })));

          let spent = 0;
          const open = new Map<string, number>();
          for (const decision of decisions) {
            if (decision.type === "reserved") open.set(decision.callId, decision.tokens);
            if (decision.type !== "settled") continue;
            open.delete(decision.callId);
            spent += decision.tokens;
          }
          const { balance, callsRefused } = model.receipt();
          expect(balance.spentTokens).toBeLessThanOrEqual(tokens);
          expect([balance.spentTokens, balance.openTokens, open.size]).toEqual([spent, 0, 0]);
          expect(mock.doGenerateCalls.length + callsRefused).toBe(64);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("releases a call that was refused before acceptance, and books one that may have been answered at its worst case", async () => {
    const failing = (statusCode: number): MockLanguageModelV4 =>
      new MockLanguageModelV4({
        provider: "openai.responses",
        modelId: "gpt-4o-mini",
        doGenerate: () => Promise.reject(new APICallError({ message: "no", url: "u", requestBodyValues: {}, statusCode })),
      });
    const limits = { tokens: 100_000 };
    const rejected = govern(failing(429), { limits });
    const unclear = govern(failing(504), { limits });

    await expect(generateText({ model: rejected, prompt: "Go.", ...NO_RETRY })).rejects.toThrow("no");
    await expect(generateText({ model: unclear, prompt: "Go.", ...NO_RETRY })).rejects.toThrow("no");

    expect(rejected.receipt().balance).toMatchObject({ spentTokens: 0, openTokens: 0 });
    expect(unclear.receipt().balance.spentTokens).toBeGreaterThan(4_096);
    expect(unclear.receipt().savings.unknown.callsAssumed).toBe(1);
  });

  test("reserves every try of the AI SDK anew", async () => {
    let tries = 0;
    const mock = mockModel(() => {
      tries += 1;
      if (tries < 3)
        throw new APICallError({
          message: "later",
          url: "u",
          requestBodyValues: {},
          statusCode: 503,
          responseHeaders: { "retry-after-ms": "1" },
        });
      return { text: "Hello." };
    });
    const reserved: GovernDecision[] = [];
    const model = govern(mock, { limits: { tokens: 100_000 }, onDecision: (decision) => reserved.push(decision) });

    await generateText({ model, prompt: "Go.", maxRetries: 2 });

    expect(reserved.filter(({ type }) => type === "reserved")).toHaveLength(3);
    expect(model.receipt().balance.spentTokens).toBe(110);
  });

  test("books usage that cannot be true as not reported", async () => {
    const model = govern(
      mockModel(() => ({ text: "Hello.", usage: [-5, 1] })),
      { limits: { tokens: 100_000 } },
    );

    await generateText({ model, prompt: "Go." });

    expect(model.receipt().balance.spentTokens).toBeGreaterThan(4_096);
    expect(model.receipt().savings.unknown.callsAssumed).toBe(1);
  });

  test("settles once a stream ends", async () => {
    const model = govern(
      mockModel(() => ({ text: "Hello.", usage: [1_000, 100] })),
      { limits: { usd: "1" } },
    );

    const result = streamText({ model, prompt: "Greet." });

    expect(await result.text).toBe("Hello.");
    expect(model.receipt().balance).toMatchObject({ spentUsd: 210_000n, openUsd: 0n });
  });

  test("books a stream that is aborted, broken off or given up at its worst case, once", async () => {
    const slow = (): { model: ReturnType<typeof govern>; push: () => void } => {
      let send: () => void = () => undefined;
      const mock = new MockLanguageModelV4({
        provider: "openai.responses",
        modelId: "gpt-4o-mini",
        doStream: () =>
          Promise.resolve({
            stream: new ReadableStream({
              start(controller) {
                for (const part of partsOf({ text: "Hel" }).slice(0, 3)) controller.enqueue(part);
                send = () => controller.error(new Error("the socket broke"));
              },
            }),
          }),
      });
      return { model: govern(mock, { limits: { tokens: 100_000 } }), push: () => send() };
    };
    const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "Go." }] }];

    const aborted = slow();
    const abort = new AbortController();
    await aborted.model.doStream({ prompt, abortSignal: abort.signal });
    expect(aborted.model.receipt().balance.openTokens).toBeGreaterThan(4_096);
    abort.abort();
    await Promise.resolve();

    const broken = slow();
    const reader = (await broken.model.doStream({ prompt })).stream.getReader();
    broken.push();
    await expect(reader.read()).rejects.toThrow("the socket broke");

    const cancelled = slow();
    const { stream } = await cancelled.model.doStream({ prompt });
    await stream.cancel("enough");

    for (const { model } of [aborted, broken, cancelled]) {
      const { balance, savings } = model.receipt();
      expect([balance.openTokens, savings.unknown.callsAssumed, savings.calls]).toEqual([0, 1, 1]);
      expect(balance.spentTokens).toBeGreaterThan(4_096);
    }
  });

  test("takes models of specification v3, and a ledger that several models share", async () => {
    const ledger = new ProcessLedger({ tokens: 10_000 });
    const v3 = new MockLanguageModelV3({
      provider: "openai.chat",
      modelId: "gpt-4o-mini",
      doGenerate: {
        content: [{ type: "text", text: "Old." }],
        finishReason: { unified: "stop", raw: undefined },
        usage: usageOf(),
        warnings: [],
      },
    });
    const old = govern(v3, { ledger });
    const young = govern(
      mockModel(() => ({ text: "New." })),
      { ledger },
    );

    expect((await generateText({ model: old, prompt: "Go." })).text).toBe("Old.");
    expect((await generateText({ model: young, prompt: "Go." })).text).toBe("New.");
    expect(ledger.balance().spentTokens).toBe(220);
    expect(old.receipt().savings.paid.tokens).toBe(110);
  });

  test.each([
    ["a negative limit", { limits: { tokens: -1 } }],
    ["a limit that is no number", { limits: { tokens: Number.NaN } }],
    ["an amount that is no amount", { limits: { usd: "five" } }],
    ["a negative amount", { limits: { usd: "-1" } }],
    ["an amount that is a number", { limits: { usd: 5 as unknown as string } }],
    ["an output cap of nothing", { maxOutputTokens: 0 }],
    ["a price that is no number", { price: { inputUsdPerMillion: Number.NaN, outputUsdPerMillion: 1 } }],
    ["limits beside a ledger", { limits: {}, ledger: new ProcessLedger() }],
  ])("says what is wrong with %s", (_, options) => {
    expect(() =>
      govern(
        mockModel(() => ({})),
        options,
      ),
    ).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
  });

  test("says that a model's name is not a model", () => {
    expect(() => govern("gpt-5" as never)).toThrow(/not a model's name/);
  });

  test("survives a listener that throws", async () => {
    const model = govern(
      mockModel(() => ({ text: "Hello." })),
      {
        onDecision: () => {
          throw new Error("listener");
        },
      },
    );

    expect((await generateText({ model, prompt: "Go." })).text).toBe("Hello.");
    expect(model.receipt().balance.spentTokens).toBe(110);
  });
});
