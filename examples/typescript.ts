// A workflow in TypeScript, run by the library: types check the steps, a plugin of our own does the work, a limit holds.
//   node examples/typescript.ts        (in a project of your own: import … from "neuronforge")
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { createSystem, defineAction, definePlugin, defineWorkflow, loadConfig, type JsonObject } from "../lib/index.ts";

const NOTES = [
  "The release is moved to Thursday because two checks fail.",
  "Support received forty tickets about the new login page.",
  "The office kitchen gets a new fridge.",
];

/** Reading costs nothing and may be repeated: that is declared, not guessed. */
const notes = definePlugin({
  name: "notes",
  version: "1.0.0",
  description: "Notes of the week",
  actions: {
    list: defineAction({
      description: "Lists the notes",
      effect: "read",
      idempotency: { by: "natural", windowHours: 24 },
      params: z.strictObject({}),
      output: z.object({ notes: z.array(z.string()) }),
      run: () => Promise.resolve({ notes: NOTES }),
    }),
  },
});

export const workflow = defineWorkflow({
  name: "week",
  steps: [
    { id: "read", type: "action", plugin: "notes", action: "list", params: {} },
    { id: "text", type: "transform", operation: "reduce", input: "{{read.notes}}", config: { reducer: "concat", separator: "\n" } },
    { id: "digest", type: "ai_processing", prompt: "Summarize the notes in two sentences.", input: "{{text}}", max_output_tokens: 200 },
  ],
  limits: { tokens: 2_000 },
});

export async function main(): Promise<JsonObject> {
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-example-"));
  try {
    const config = loadConfig({}, {}, { overrides: { dataFolder: join(folder, "data"), filesRoot: folder } });
    await using system = await createSystem({ config, plugins: [notes] });
    await system.work();
    const { executionId } = await system.start({ definition: { ...workflow } as unknown as JsonObject });
    const { status, output, tokens, limitTokens } = await system.wait(executionId);
    return { status, output, used: tokens.used, limit: limitTokens };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await main(), null, 2)}\n`);
