import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PriceBook } from "../../../lib/tokens/pricing.ts";

const NOW_MS = Date.UTC(2026, 9, 1);
const book = await PriceBook.load({ nowMs: () => NOW_MS });
const usage = { inputTokens: 1_000_000, outputTokens: 1_000_000 };

describe("a price", () => {
  test("comes from the bundled tables, cache classes apart", () => {
    expect(book.priceCall("openai", "gpt-5-mini", usage)).toBe(2_250_000_000n);
    const cached = { inputTokens: 1_000, outputTokens: 100, cacheReadTokens: 500, cacheWriteTokens: 200 };
    expect(book.priceCall("anthropic", "claude-sonnet-4-5", cached)).toBe(3_300_000n);
    expect(book.contextWindowTokens("openai", "gpt-5-mini")).toBe(400_000);
  });

  test("is unknown, not zero, for models and providers that no table knows", () => {
    for (const [provider, model] of [
      ["openai", "no-such-model"],
      ["ollama", "gpt-4o"],
      ["local-server", "gpt-4o"],
      ["mycorp", "claude-opus-5-5"],
      ["openai", "ft:gpt-4o:acme::1"],
    ] as const) {
      expect(book.priceCall(provider, model, usage), `${provider}/${model}`).toBeNull();
      expect(book.worstCaseUsd(provider, model, { upperInputTokens: 1, outputCapTokens: 1 }), `${provider}/${model}`).toBeNull();
      expect(book.contextWindowTokens(provider, model), `${provider}/${model}`).toBeNull();
    }
  });

  test("is known to be nothing for the offline and the scripted model", () => {
    expect(book.priceCall("offline", "offline", usage)).toBe(0n);
    expect(book.worstCaseUsd("scripted", "anything", { upperInputTokens: 9, outputCapTokens: 9 })).toBe(0n);
  });

  test("of a configured provider depends on its address, not on its name", async () => {
    const configured = await PriceBook.load({
      nowMs: () => NOW_MS,
      providers: [
        { name: "openai", kind: "openai-compatible", baseUrl: "http://127.0.0.1:8080/v1" },
        { name: "fast", kind: "openai-compatible", baseUrl: "https://api.groq.com/openai/v1" },
        { name: "work", kind: "anthropic" },
        { name: "spoof", kind: "openai-compatible", baseUrl: "http://127.0.0.1/https://api.openai.com" },
      ],
    });
    expect(configured.priceCall("openai", "gpt-4o", usage)).toBeNull();
    expect(configured.priceCall("spoof", "gpt-4o", usage)).toBeNull();
    expect(configured.priceCall("fast", "llama-3.3-70b-versatile", usage)).toBe(1_380_000_000n);
    expect(configured.priceCall("work", "claude-opus-5-5", usage)).toBe(24_000_000_000n);
  });

  test("that an operator set wins from its moment on", async () => {
    const price = {
      provider: "ollama",
      model: "llama3",
      cacheReadUsdPerMillion: null,
      cacheWriteUsdPerMillion: 3,
      contextWindowTokens: 8_192,
    };
    const overridden = await PriceBook.load({
      nowMs: () => NOW_MS,
      overrides: [
        { ...price, effectiveAtMs: NOW_MS - 10, inputUsdPerMillion: 1, outputUsdPerMillion: 2 },
        { ...price, effectiveAtMs: NOW_MS - 5, inputUsdPerMillion: 0, outputUsdPerMillion: 0.5 },
        { ...price, effectiveAtMs: NOW_MS + 5, inputUsdPerMillion: 9, outputUsdPerMillion: 9 },
      ],
    });
    expect(overridden.priceCall("ollama", "llama3", usage)).toBe(500_000_000n);
    expect(overridden.worstCaseUsd("ollama", "llama3", { upperInputTokens: 1_000_000, outputCapTokens: 0 })).toBe(3_000_000_000n);
    expect(overridden.contextWindowTokens("ollama", "llama3")).toBe(8_192);
  });
});

describe("the worst case", () => {
  const models = [
    ["openai", "gpt-5-mini"],
    ["openai", "gpt-6-luna"],
    ["openai", "gpt-4o"],
    ["anthropic", "claude-opus-5-5"],
    ["anthropic", "claude-sonnet-4-5"],
    ["google", "gemini-2.5-pro"],
    ["google", "gemini-3.8-flash"],
    ["deepseek", "deepseek-chat"],
    ["deepseek", "deepseek-v4-pro"],
  ] as const;

  test("is never below what any usage within it costs, whenever it is billed that day", async () => {
    let nowMs = NOW_MS;
    const moving = await PriceBook.load({ nowMs: () => nowMs });
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.record({
          input: fc.nat(1_000_000),
          output: fc.nat(100_000),
          read: fc.double({ min: 0, max: 1, noNaN: true }),
          write: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        fc.nat(23),
        ([provider, model], call, hours) => {
          nowMs = NOW_MS;
          const worst = moving.worstCaseUsd(provider, model, { upperInputTokens: call.input, outputCapTokens: call.output });
          nowMs = NOW_MS + hours * 3_600_000;
          const cacheReadTokens = Math.floor(call.input * call.read);
          const cacheWriteTokens = Math.floor((call.input - cacheReadTokens) * call.write);
          const actual = moving.priceCall(provider, model, {
            inputTokens: call.input,
            outputTokens: call.output,
            cacheReadTokens,
            cacheWriteTokens,
          });
          expect(actual).not.toBeNull();
          expect(worst! >= actual!, `${model}: ${worst} >= ${actual}`).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("takes the long-context price only when the input can reach it", () => {
    const short = book.worstCaseUsd("google", "gemini-2.5-pro", { upperInputTokens: 1_000, outputCapTokens: 0 });
    const long = book.worstCaseUsd("google", "gemini-2.5-pro", { upperInputTokens: 300_000, outputCapTokens: 0 });
    expect(short).toBe(1_250_000n);
    expect(long).toBe(750_000_000n);
  });
});
