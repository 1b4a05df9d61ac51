import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../lib/core/clock.ts";
import { AppError } from "../../../lib/core/errors.ts";
import { ProviderRegistry, type ProviderRegistryOptions } from "../../../lib/models/ProviderRegistry.ts";
import { ScriptedModel } from "../../../lib/testing/ScriptedModel.ts";
import { PriceBook } from "../../../lib/tokens/pricing.ts";
import { TokenCounter } from "../../../lib/tokens/TokenCounter.ts";

let counter: TokenCounter;
beforeAll(async () => {
  counter = await TokenCounter.load();
});

async function registry(options: Partial<ProviderRegistryOptions> = {}): Promise<ProviderRegistry> {
  return await ProviderRegistry.create({ providers: [], live: false, clock: systemClock, counter, ollamaUrl: null, ...options });
}

function resolved(from: ProviderRegistry, name?: string): string {
  const { provider, model } = from.resolve(name);
  return `${provider.name} ${model}`;
}

function errorOf(work: () => unknown): AppError {
  try {
    work();
  } catch (thrown) {
    if (AppError.is(thrown)) return thrown;
    throw thrown;
  }
  throw new Error("did not fail");
}

describe("the registry", () => {
  test("with nothing configured answers offline, even with keys in the environment", async () => {
    const empty = await registry({ foundKeys: { openai: "sk-1", anthropic: "sk-2", google: "k" } });
    expect(resolved(empty)).toBe("offline offline");
    expect(resolved(empty, "offline")).toBe("offline offline");
    expect(empty.resolve("offline").provider.isOffline).toBe(true);
    expect(errorOf(() => empty.resolve("gpt-5-mini"))).toMatchObject({ code: "MODEL_UNKNOWN" });
  });

  test("with live uses the keys that were found", async () => {
    const live = await registry({ live: true, foundKeys: { openai: "sk-1", google: null } });
    expect(live.providerNames).toEqual(["openai", "offline"]);
    expect(resolved(live)).toBe("openai gpt-5-mini");
    expect(resolved(live, "gpt-6-luna")).toBe("openai gpt-6-luna");
    expect(resolved(live, "offline")).toBe("offline offline");
  });

  test("resolves provider/model, bare names, and names with slashes", async () => {
    const two = await registry({
      providers: [
        { name: "router", kind: "openai-compatible", baseUrl: "https://openrouter.ai/api/v1", models: ["meta/llama-3.3", "shared"] },
        { name: "local", kind: "openai-compatible", baseUrl: "http://127.0.0.1:9/v1", models: ["llama3", "shared"] },
        { name: "claude", kind: "anthropic", apiKey: "k" },
      ],
      defaultModel: "local/llama3",
    });
    expect(resolved(two)).toBe("local llama3");
    expect(resolved(two, "router/meta/llama-3.3")).toBe("router meta/llama-3.3");
    expect(resolved(two, "meta/llama-3.3")).toBe("router meta/llama-3.3");
    expect(resolved(two, "llama3")).toBe("local llama3");
    expect(resolved(two, "claude-opus-5-5")).toBe("claude claude-opus-5-5");
    expect(resolved(two, "claude/some-new-model")).toBe("claude some-new-model");
    expect(errorOf(() => two.resolve("shared")).message).toContain("router/shared or local/shared");
  });

  test("says what was probably meant", async () => {
    const listed = await registry({ providers: [{ name: "work", kind: "openai", apiKey: "k", models: ["gpt-5-mini", "gpt-5"] }] });
    const error = errorOf(() => listed.resolve("work/gpt-5-mimi"));
    expect(error).toMatchObject({ code: "MODEL_UNKNOWN", details: { got: "work/gpt-5-mimi" } });
    expect(error.message).toContain("did you mean work/gpt-5-mini?");
    expect(errorOf(() => listed.resolve("ofline")).message).toContain("did you mean offline?");
    expect(errorOf(() => listed.resolve("zzzzzz")).message).not.toContain("did you mean");
  });

  test("puts a double before what is configured", async () => {
    const scripted = new ScriptedModel(["hi"], { name: "openai" });
    const doubled = await registry({
      custom: [{ provider: scripted, models: ["gpt-5-mini"] }],
      providers: [{ name: "openai", kind: "openai", apiKey: "k" }],
    });
    expect(doubled.resolve("openai/gpt-5-mini").provider).toBe(scripted);
    expect(resolved(doubled)).toBe("openai gpt-5-mini");
  });

  test("finds a local Ollama only when live is asked and nothing else is there, and knows no price for it", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end(JSON.stringify({ models: [{ name: "gpt-4o:latest" }] }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const ollamaUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await registry({ ollamaUrl });
    await registry({ ollamaUrl, live: true, foundKeys: { openai: "sk-1" } });
    expect(asked).toEqual([]);
    const found = await registry({ ollamaUrl, live: true });
    expect(asked).toEqual(["/api/tags"]);
    expect(resolved(found)).toBe("ollama gpt-4o:latest");
    const prices = await PriceBook.load({ providers: found.pricedProviders, nowMs: () => Date.now() });
    expect(prices.priceCall("ollama", "gpt-4o:latest", { inputTokens: 1, outputTokens: 1 })).toBeNull();
    server.close();
    await once(server, "close");
    expect(resolved(await registry({ ollamaUrl, live: true }))).toBe("offline offline");
  });
});
