// A workflow in TypeScript, run by the library: types check the steps, a limit holds.
//   node examples/typescript.ts        (in a project of your own: import … from "neuronforge")
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystem, defineWorkflow, loadConfig } from "../lib/index.ts";

export const workflow = defineWorkflow({
  name: "week",
  inputs: {
    notes: {
      type: "array",
      default: [
        "The release is moved to Thursday because two checks fail.",
        "Support received forty tickets about the new login page.",
        "The office kitchen gets a new fridge.",
      ],
    },
  },
  steps: [
    { id: "text", type: "transform", operation: "reduce", input: "{{input.notes}}", config: { reducer: "concat", separator: "\n" } },
    { id: "digest", type: "ai_processing", prompt: "Summarize the notes in two sentences.", input: "{{text}}", max_output_tokens: 200 },
    { id: "save", type: "action", plugin: "files", action: "write", params: { path: "week.txt", content: "{{digest}}" } },
  ],
  limits: { tokens: 2_000 },
  output: "{{digest}}",
});

export async function main(): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-example-"));
  try {
    const config = loadConfig({}, {}, { overrides: { dataFolder: join(folder, "data"), filesRoot: folder } });
    await using system = await createSystem({ config });
    await system.work();
    const { executionId } = await system.start({ definition: workflow });
    const { status, output, tokens, limitTokens } = await system.wait(executionId);
    const file = await readFile(join(folder, "week.txt"), "utf8");
    return { status, output, file, used: tokens.used, limit: limitTokens };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await main(), null, 2)}\n`);
