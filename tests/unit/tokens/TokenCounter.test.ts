import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { TokenCounter } from "../../../lib/tokens/TokenCounter.ts";

let counter: TokenCounter;
const plain = { disallowedSpecial: new Set<string>() };

beforeAll(async () => {
  counter = await TokenCounter.load();
});

const PROSE = "The quarterly report shows that revenue in the northern region grew by 12.4 % while costs stayed flat. ".repeat(30);
const JSON_TEXT = JSON.stringify(
  Array.from({ length: 80 }, (_, id) => ({ id, name: `Customer ${id}`, email: `c${id}@example.com`, total: id * 17.25 })),
);

describe("counting text", () => {
  test("is exactly o200k for ordinary prose, JSON and code", () => {
    const code = "export function add(left: number, right: number): number {\n  return left + right;\n}\n".repeat(40);
    for (const text of [PROSE, JSON_TEXT, code, "", "a", "Grüße aus Zürich, 東京から。"])
      expect(counter.count(text)).toBe(countTokens(text, plain));
  });

  test("is exactly o200k for random words", () => {
    fc.assert(
      fc.property(fc.lorem({ maxCount: 60 }), (text) => {
        expect(counter.count(text)).toBe(countTokens(text, plain));
      }),
    );
  });

  test.each(["a", "字", "ж", "!", " ", "\n", "-", "😀", "\u00a0"])("counts 50 000 times %j in less than a second", (character) => {
    const startedMs = performance.now();
    const tokens = counter.count(character.repeat(50_000 / character.length));
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(tokens).toBeGreaterThan(300);
  });

  test("is off by less than 1 % on a long unbroken run, and never below", () => {
    const run = Buffer.from(Array.from({ length: 9_000 }, (_, index) => (index * 7_919) % 251)).toString("base64");
    const exact = countTokens(run, plain);
    expect(counter.count(run)).toBeGreaterThanOrEqual(exact);
    expect(counter.count(run)).toBeLessThan(exact * 1.01);
  });

  test("takes special tokens as text and never throws on any string", () => {
    expect(counter.count("before <|endoftext|> and <|im_start|> after")).toBeGreaterThan(8);
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 3_000 }), (text) => counter.count(text) >= (text === "" ? 0 : 1)));
    expect(counter.count("\ud800 lone \udc00")).toBeGreaterThan(0);
  });

  test("multiplies by a factor for models with another vocabulary", () => {
    const exact = counter.count(PROSE);
    expect(counter.count(PROSE, { provider: "openai", model: "gpt-5-mini" })).toBe(exact);
    expect(counter.count(PROSE, { provider: "anthropic", model: "claude-sonnet-4-5" })).toBe(Math.ceil(exact * 1.15));
    expect(counter.count(PROSE, { provider: "anthropic", model: "claude-opus-5-5" })).toBe(Math.ceil(exact * 1.6));
    expect(counter.countUpper(PROSE, { provider: "mine", model: "llama3" })).toBe(Math.ceil(exact * 1.4));
    expect(counter.count(PROSE, { provider: "offline", model: "offline" })).toBe(exact);
  });
});

describe("counting a request", () => {
  const request = { provider: "openai", model: "gpt-5-mini", system: "Be brief.", messages: [{ role: "user", content: PROSE }] };

  test("covers system, messages, tools and output schema", () => {
    const bare = counter.countRequest(request).tokens;
    expect(bare).toBeGreaterThan(counter.count(PROSE) + counter.count("Be brief."));
    const schema = { type: "object", properties: { total: { type: "number", description: "sum of all invoices" } } };
    const tools = [{ name: "find_invoice", description: "Finds an invoice by its number.", inputSchema: schema }];
    expect(counter.countRequest({ ...request, tools }).tokens).toBeGreaterThan(bare + counter.count(JSON.stringify(schema)));
    expect(counter.countRequest({ ...request, outputSchema: schema }).tokens).toBeGreaterThan(bare + counter.count(JSON.stringify(schema)));
  });

  test("counts tool calls, tool results and files", () => {
    const messages = [
      { role: "assistant", content: [{ type: "tool-call", toolCallId: "1", toolName: "read", input: { path: PROSE } }] },
      { role: "tool", content: [{ type: "tool-result", toolCallId: "1", toolName: "read", output: { type: "text", value: PROSE } }] },
      { role: "user", content: [{ type: "image", image: new Uint8Array(10) }] },
    ];
    const { tokens, upperTokens } = counter.countRequest({ ...request, messages });
    expect(tokens).toBeGreaterThan(counter.count(PROSE) * 2 + 1_600);
    expect(upperTokens).toBeGreaterThan(tokens);
  });

  test("has an upper band that is never below the expected count", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 200 }), { maxLength: 6 }),
        fc.constantFrom("gpt-5", "claude-opus-5-5", "gemini-3.8-flash", "llama3"),
        (texts, model) => {
          const count = counter.countRequest({ model, messages: texts.map((content) => ({ role: "user", content })) });
          expect(count.upperTokens).toBeGreaterThanOrEqual(count.tokens);
        },
      ),
    );
  });

  test("learns from what the provider reports, and keeps what it reports within the band", async () => {
    const learning = await TokenCounter.load();
    const claude = { provider: "anthropic", model: "claude-opus-5-5", messages: [{ role: "user", content: PROSE }] };
    const truth = Math.round(learning.count(PROSE) * 1.32);
    for (let call = 0; call < 40; call += 1) learning.observeRequest(claude, truth + (call % 3));
    const { tokens, upperTokens } = learning.countRequest(claude);
    expect(Math.abs(tokens - truth) / truth).toBeLessThan(0.02);
    expect(upperTokens).toBeGreaterThanOrEqual(truth);
    expect(learning.calibration.takeChanged()).toMatchObject([
      { provider: "anthropic", model: "claude-opus-5-5", contentType: "prose", samples: 40 },
    ]);
    expect(learning.calibration.takeChanged()).toEqual([]);
  });
});
