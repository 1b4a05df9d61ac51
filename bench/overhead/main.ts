// `npm run bench:overhead [-- --json] [--quick]`: what governance adds to a step on PostgreSQL, commits included. README.md says how to read it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { loadConfig } from "../../lib/config/loadConfig.ts";
import type { JsonObject, JsonValue } from "../../lib/core/json.ts";
import { silentLogger } from "../../lib/core/logger.ts";
import { createSystem } from "../../lib/system.ts";
import type { System } from "../../lib/systemApi.ts";
import { ScriptedModel } from "../../lib/testing/ScriptedModel.ts";
import { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { startServer } from "../engine/server.ts";
import { median, percentile, printRows, row, type Row } from "../measure.ts";
import { largePage, mixedContents } from "./contents.ts";

const { values: options } = parseArgs({
  options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false }, data: { type: "string" } },
});
const rounds = options.quick ? 3 : 12;
const STEPS = 24;
const ON: JsonObject = { orchestration_intents_enabled: true, token_governance_enabled: true };

const server = await startServer(process.env["DATABASE_URL"]);
const folder = await mkdtemp(join(tmpdir(), "neuronforge-bench-"));
try {
  printRows("overhead", await measure(), options.json);
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<Row[]> {
  const counter = await TokenCounter.load();
  const databaseUrl = await server.freshDatabase();
  const config = loadConfig(
    { DATABASE_URL: databaseUrl },
    {},
    { cwd: folder, overrides: { dataFolder: "data", secretKeyFile: "key", defaultModel: "openai/gpt-4o" } },
  );
  const model = new ScriptedModel(() => ({ text: "Done." }), { name: "openai", counter });
  await using system = await createSystem({ config, logger: silentLogger, providers: [{ provider: model }] });
  await system.work();
  const short = Array.from({ length: STEPS }, (_, index): JsonValue => `Note ${index}: the shipment arrives on Monday.`);
  const plain = await compare(system, "short", short);
  const mixed = await compare(system, "mixed", mixedContents(STEPS));
  const delay = await loopDelayMs(system);
  return [
    row("step_ms_p50", plain.p50, "ms", { goal: "<= 2", baseline: plain.direct }),
    row("step_ms_p99", plain.p99, "ms", { goal: "<= 20", baseline: plain.direct }),
    row("compress_step_ms_p50", mixed.p50, "ms", { goal: "<= 5", baseline: mixed.direct }),
    row("compress_step_ms_p99", mixed.p99, "ms", { goal: "<= 50", baseline: mixed.direct }),
    row("loop_delay_ms_p99", delay, "ms", { goal: "<= 20" }),
  ];
}

interface Overhead {
  /** Governed steps less the median of direct ones. */
  readonly p50: number;
  readonly p99: number;
  /** Median of direct steps. */
  readonly direct: number;
}

/** The same steps, flags off and on in turn. */
async function compare(system: System, name: string, contents: readonly JsonValue[]): Promise<Overhead> {
  await runSteps(system, name, contents, {});
  await runSteps(system, name, contents, ON);
  const direct: number[] = [];
  const governed: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    direct.push(...(await runSteps(system, name, contents, {})));
    governed.push(...(await runSteps(system, name, contents, ON)));
  }
  const base = median(direct);
  return { p50: median(governed) - base, p99: percentile(governed, 0.99) - base, direct: base };
}

/** @returns milliseconds of each step, from its start to its commit; the model answers at once */
async function runSteps(system: System, name: string, contents: readonly JsonValue[], flags: JsonObject): Promise<number[]> {
  const steps = contents.map((_content, index) => ({
    id: `s${index}`,
    type: "ai_processing" as const,
    prompt: "Which entries failed or are late, and what do they amount to?",
    input: `{{input.contents[${index}]}}`,
  }));
  const definition = { name: `overhead ${name}`, steps, maxConcurrency: 1 };
  const took: number[] = [];
  const { executionId } = await system.start({ definition, inputs: { contents: [...contents] }, flags });
  const stop = system.subscribe(executionId, (event) => {
    if (event.type === "step_finished" && event.ms !== undefined) took.push(event.ms);
  });
  const report = await system.wait(executionId);
  stop();
  if (report.status !== "completed") throw new Error(`${name} ended as ${report.status}: ${report.error?.message ?? ""}`);
  return took;
}

/** How late the event loop is while pages of 200 KB are among what steps read. */
async function loopDelayMs(system: System): Promise<number> {
  const contents = [...mixedContents(12), largePage(), largePage(), largePage(), largePage()];
  await runSteps(system, "pages", contents, ON);
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  for (let round = 0; round < rounds; round += 1) await runSteps(system, "pages", contents, ON);
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}
