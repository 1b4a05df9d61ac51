// `npm run bench:engine [-- --json] [--quick]`: the engine's figures with their goals and baselines. README.md says how to read them.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Database } from "../../lib/db/Database.ts";
import { openDatabase } from "../../lib/db/openDatabase.ts";
import { ensureTemplate } from "../../lib/db/template.ts";
import { QUEUE_TEMPLATE } from "../../lib/pilot/prepareQueue.ts";
import { createTestDatabase } from "../../lib/testing/createTestDatabase.ts";
import { measureBytes } from "./bytesPerStep.ts";
import { measureCommitLatency } from "./commitLatency.ts";
import { printRows, row, type Row } from "../measure.ts";
import { measureExample, measureHelp, measureIdle } from "./processes.ts";
import { measureResume } from "./resume.ts";
import { startEmbedded, startServer } from "./server.ts";
import { measureEmbeddedTakeover, measureWorkerTakeover } from "./takeover.ts";
import { measureThroughput } from "./throughput.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    embedded: { type: "boolean", default: false },
    data: { type: "string" },
  },
});
const rounds = options.quick ? 1 : 5;
const executions = options.quick ? 300 : 2_000;

const server = await startServer(process.env["DATABASE_URL"]);
process.stderr.write(`rows named postgres: the server ${server.origin}\n`);
const folder = await mkdtemp(join(tmpdir(), "neuronforge-bench-"));
const onServer = (): Promise<Database> => createTestDatabase({ ...QUEUE_TEMPLATE, serverUrl: server.url });
let folders = 0;
const onPglite = (): Promise<Database> => {
  folders += 1;
  return openDatabase({ kind: "pglite", folder: join(folder, String(folders)) }, { template: () => ensureTemplate(QUEUE_TEMPLATE) });
};

const rows: Row[] = [];
async function measure(names: readonly string[], work: () => Promise<Row | readonly Row[]>): Promise<void> {
  try {
    const measured = await work();
    rows.push(...(Array.isArray(measured) ? (measured as readonly Row[]) : [measured as Row]));
  } catch (error) {
    process.stderr.write(`${names.join(", ")}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    rows.push(...names.map((name) => row(name, null, "")));
  }
  if (!options.json) for (const one of rows.slice(-names.length)) process.stderr.write(`${one.name} ${one.value}\n`);
}

try {
  await measure(["steps_ratio.postgres", "steps_per_second.postgres"], async () => {
    await using db = await onServer();
    return await measureThroughput(db, "postgres", { executions, rounds, goal: ">= 0.35" });
  });
  if (options.embedded) {
    await measure(["steps_ratio.embedded", "steps_per_second.embedded"], async () => {
      const embedded = await startEmbedded();
      try {
        await using db = await createTestDatabase({ ...QUEUE_TEMPLATE, serverUrl: embedded.url });
        return await measureThroughput(db, "embedded", { executions, rounds });
      } finally {
        await embedded.stop();
      }
    });
  }
  await measure(["steps_ratio.pglite", "steps_per_second.pglite"], async () => {
    await using db = await onPglite();
    return await measureThroughput(db, "pglite", { executions, rounds, goal: ">= 0.08" });
  });
  await measure(["commit_ratio.postgres"], async () => {
    await using db = await onServer();
    return await measureCommitLatency(db, "postgres", rounds);
  });
  await measure(["commit_ratio.pglite"], async () => {
    await using db = await onPglite();
    return await measureCommitLatency(db, "pglite", rounds);
  });
  await measure(["bytes_ratio.1kb", "bytes_ratio.16kb", "bytes_growth"], () => measureBytes(onServer));
  await measure(["resume_ms"], () => measureResume(onServer, rounds));
  await measure(["takeover_ms.embedded"], () => measureEmbeddedTakeover(options.quick ? 1 : 3));
  await measure(["takeover_ms.worker"], async () => measureWorkerTakeover(await server.freshDatabase(), options.quick ? 1 : 3));
  await measure(["help_ratio"], () => measureHelp(options.quick ? 3 : 11));
  await measure(["example_ms"], () => measureExample(options.quick ? 1 : 5));
  await measure(["idle_cpu_percent"], async () => measureIdle(await server.freshDatabase()));
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

printRows("engine", rows, options.json);
