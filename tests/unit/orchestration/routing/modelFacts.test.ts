import { describe, expect, test } from "vitest";
import { nanoToUsd } from "../../../../lib/core/money.ts";
import { ProviderRegistry } from "../../../../lib/models/ProviderRegistry.ts";
import { createModelFacts } from "../../../../lib/orchestration/routing/modelFacts.ts";
import { ManualClock } from "../../../../lib/testing/ManualClock.ts";
import { PriceBook } from "../../../../lib/tokens/pricing.ts";
import { TokenCounter } from "../../../../lib/tokens/TokenCounter.ts";

const prices = await PriceBook.load({ nowMs: () => Date.UTC(2026, 0, 2) });
const providers = await ProviderRegistry.create({
  providers: [{ name: "openai", kind: "openai", apiKey: "test" }],
  live: false,
  clock: new ManualClock(),
  counter: await TokenCounter.load(),
});
const none = { input: null, output: null };

describe("createModelFacts", () => {
  test("tells what is served from what lacks a key and from what nobody knows", () => {
    const facts = createModelFacts({ providers, prices });

    expect(facts("gpt-4o", none)).toMatchObject({ state: "served", windowTokens: 128_000, isHealthy: true, costUsd: null });
    expect(facts("claude-haiku-4-5", none).state).toBe("no_key");
    expect(facts("anthropic/claude-haiku-4-5", none).state).toBe("no_key");
    expect(facts("gpd-4o", none).state).toBe("unknown");
    expect(facts("gpt-4o", { input: 1_000, output: null }).costUsd).toBeNull();
  });

  test.each([
    [1_000, 500],
    [1_734, 0],
    [0, 100],
    [199_999, 321],
    [123_456, 4_000],
  ])("prices %s + %s tokens as the price book does", (input, output) => {
    const facts = createModelFacts({ providers, prices });
    const exact = prices.priceCall("openai", "gpt-4o", { inputTokens: input, outputTokens: output });

    expect(facts("gpt-4o", { input, output }).costUsd).toBeCloseTo(nanoToUsd(exact ?? 0n), 8);
    expect(facts("openai/gpt-4o", { input, output }).costUsd).toBeCloseTo(nanoToUsd(exact ?? 0n), 8);
  });

  test("leaves an unknown price unknown, and asks for each size once", () => {
    let asked = 0;
    const counting = { contextWindowTokens: () => null, priceCall: () => ((asked += 1), null) };
    const facts = createModelFacts({ providers, prices: counting });

    expect(facts("openai/own", { input: 10, output: 10 }).costUsd).toBeNull();
    expect(facts("openai/own", { input: 20, output: 10 }).costUsd).toBeNull();
    expect(asked).toBe(2);
  });

  test("asks the breaker each time, and whoever knows more", () => {
    let isOpen = false;
    const breakers = { mayCall: ({ provider }: { readonly provider: string }) => !isOpen || provider !== "openai" };
    const facts = createModelFacts({ providers, prices, breakers, capabilities: () => ({ takesTools: false, modalities: ["text"] }) });

    expect(facts("gpt-4o", none)).toMatchObject({ isHealthy: true, takesTools: false, modalities: ["text"] });
    isOpen = true;
    expect(facts("gpt-4o", none).isHealthy).toBe(false);
  });

  test("does not hide a fault of the registry", () => {
    const broken = {
      resolve: (): never => {
        throw new TypeError("broken");
      },
    };

    expect(() => createModelFacts({ providers: broken, prices })("gpt-4o", none)).toThrow("broken");
  });
});
