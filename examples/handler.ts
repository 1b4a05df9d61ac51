// A handler of one's own for extract steps: phone numbers are written in one form before the rules read them. Run with and without it.
//   node examples/handler.ts        (in a project of your own: import … from "neuronforge")
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BaseHandler,
  createSystem,
  defineWorkflow,
  loadConfig,
  type HandlerContext,
  type StepOutput,
  type StepType,
  type WorkflowStep,
} from "../lib/index.ts";

export class ContactHandler extends BaseHandler {
  readonly intent = "extract";
  protected readonly stepTypes: readonly StepType[] = ["deterministic_extraction"];

  async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
    const raw = typeof context.input === "string" ? context.input : JSON.stringify(context.input);
    const found = raw.match(/\+?\d[\d ()/-]{5,20}\d/g) ?? [];
    let text = raw;
    for (const phone of found) text = text.replace(phone, phone.replaceAll(/[ ()/-]/g, ""));
    await this.trackMetrics({ phones: found.length }, context);
    const { output } = await context.perform({ input: text });
    return this.output(step, context, output);
  }
}

export const workflow = defineWorkflow({
  name: "contact",
  inputs: { card: { type: "string", default: "Name: Ada Byron\nPhone: +44 (20) 7946-0018" } },
  steps: [
    {
      id: "contact",
      type: "deterministic_extraction",
      input: "{{input.card}}",
      output_schema: { type: "object", fields: [{ name: "name" }, { name: "phone", required: true }] },
    },
  ],
});

export async function main(): Promise<{ off: object; on: object }> {
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-example-"));
  try {
    const config = loadConfig({}, {}, { overrides: { dataFolder: join(folder, "data"), filesRoot: folder } });
    await using system = await createSystem({ config, handlers: [new ContactHandler()] });
    await system.work();
    const run = async (isRouted: boolean): Promise<object> => {
      const { executionId } = await system.start({ definition: workflow, flags: { intent_routing_enabled: isRouted } });
      const { status, output, steps } = await system.wait(executionId);
      return { status, output, handler: steps[0]?.handler ?? null };
    };
    return { off: await run(false), on: await run(true) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await main(), null, 2)}\n`);
