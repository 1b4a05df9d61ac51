// An ordinary agent of the AI SDK, governed in one line: a limit in dollars, shorter tool results, a receipt. Runs without a key or a network.
//   node examples/ai-sdk-agent.ts        (in a project of your own: import { govern } from "neuronforge/ai-sdk")
import { jsonSchema, tool, ToolLoopAgent } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { AppError, govern } from "../lib/ai-sdk/index.ts";

const orders = Array.from({ length: 25 }, (_, index) => ({
  id: `A-${1_000 + index}`,
  customer: "Press Office",
  status: index === 7 ? "late" : "sent",
  total: { amount: 20 + index, currency: "EUR" },
}));

const listOrders = tool({
  description: "Lists all orders.",
  inputSchema: jsonSchema<object>({ type: "object", properties: {} }),
  // As many interfaces answer: JSON with indentation.
  execute: () => JSON.stringify(orders, null, 2),
});

/** Stands for openai("gpt-4o-mini"): asks for the orders, then answers. */
function scriptedModel(): MockLanguageModelV4 {
  return new MockLanguageModelV4({
    provider: "openai.responses",
    modelId: "gpt-4o-mini",
    doGenerate: ({ prompt }) => {
      const hasOrders = prompt.some(({ role }) => role === "tool");
      const inputTokens = Math.ceil(JSON.stringify(prompt).length / 4);
      return Promise.resolve({
        content: hasOrders
          ? [{ type: "text", text: "Order A-1007 is late." }]
          : [{ type: "tool-call", toolCallId: "call-1", toolName: "listOrders", input: "{}" }],
        finishReason: { unified: hasOrders ? "stop" : "tool-calls", raw: undefined },
        usage: {
          inputTokens: { total: inputTokens, noCache: inputTokens, cacheRead: undefined, cacheWrite: undefined },
          outputTokens: { total: 12, text: 12, reasoning: undefined },
        },
        warnings: [],
      });
    },
  });
}

export async function main(): Promise<{ answer: string; receipt: string; refusal: string }> {
  const model = govern(scriptedModel(), { agent: "orders", limits: { usd: "0.01" } }); // the one line
  const agent = new ToolLoopAgent({ model, tools: { listOrders }, instructions: "You look after orders." });
  const { text } = await agent.generate({ prompt: "Which order is late?" });

  const poor = new ToolLoopAgent({ model: govern(scriptedModel(), { limits: { usd: "0.001" } }), tools: { listOrders } });
  const refusal = await poor.generate({ prompt: "Which order is late?" }).then(
    () => "nothing was refused",
    (error: unknown) => (AppError.is(error, "BUDGET_EXCEEDED") ? error.message : String(error)),
  );
  return { answer: text, receipt: model.receiptText(), refusal };
}

if (import.meta.main) {
  const { answer, receipt, refusal } = await main();
  process.stdout.write(`${answer}\n\n${receipt}\nwith a limit of 0.001 USD: ${refusal}\n`);
}
