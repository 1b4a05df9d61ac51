// An agent of the AI SDK whose limit lasts: each call is booked in a database, so a restart goes on where the last run stopped. No key, no network.
//   node examples/ai-sdk-system.ts FOLDER      run it again: the limit is what is left   (yours: import from "neuronforge" and "neuronforge/ai-sdk")
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateText } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { AppError, govern } from "../lib/ai-sdk/index.ts";
import { createSystem, loadConfig } from "../lib/index.ts";

/** Stands for openai("gpt-4o-mini"). */
function scriptedModel(): MockLanguageModelV4 {
  return new MockLanguageModelV4({
    provider: "openai.responses",
    modelId: "gpt-4o-mini",
    doGenerate: () =>
      Promise.resolve({
        content: [{ type: "text", text: "Order A-1007 is late." }],
        finishReason: { unified: "stop", raw: undefined },
        usage: {
          inputTokens: { total: 12, noCache: 12, cacheRead: undefined, cacheWrite: undefined },
          outputTokens: { total: 300, text: 300, reasoning: undefined },
        },
        warnings: [],
      }),
  });
}

export interface Run {
  readonly answers: number;
  /** Why it stopped. */
  readonly refusal: string;
  readonly spentUsd: number;
  readonly executionId: string | null;
  readonly paidUsd: number | null;
}

/** As one process does it: open, call until the limit is reached or three times, look at the receipt, close. */
export async function run(folder: string): Promise<Run> {
  await using system = await createSystem({ config: loadConfig({ NEURONFORGE_DATA: folder, NEURONFORGE_LOG_LEVEL: "silent" }) });
  const model = govern(scriptedModel(), { system, agent: "orders", tags: ["support"], limits: { usd: "0.001" }, maxOutputTokens: 400 });
  let answers = 0;
  let refusal = "nothing was refused";
  try {
    for (; answers < 3; answers += 1) await generateText({ model, prompt: "Which order is late?", maxRetries: 0 });
  } catch (error) {
    if (!AppError.is(error, "BUDGET_EXCEEDED")) throw error;
    refusal = error.message;
  }
  await model.close();
  const { executionId } = model.receipt();
  const paidUsd = executionId === null ? null : (await system.receipt(executionId)).paidUsd;
  const [budget] = await system.listBudgets();
  return { answers, refusal, spentUsd: budget?.spentUsd ?? 0, executionId, paidUsd };
}

if (import.meta.main) {
  const folder = process.argv[2] ?? (await mkdtemp(join(tmpdir(), "neuronforge-example-")));
  for (const when of ["first run ", "after a restart"]) {
    const { answers, refusal, spentUsd, executionId, paidUsd } = await run(folder);
    process.stdout.write(
      `${when}: ${answers} answers, ${paidUsd} USD (execution ${executionId}); agent so far ${spentUsd} USD\n  ${refusal}\n`,
    );
  }
  process.stdout.write(`receipts: NEURONFORGE_DATA=${folder} node lib/cli/main.ts executions receipt ID\n`);
}
