// `npm run bench:compression [-- --data DIR] [--json] [--calibrate] [--only NAME,…] [--quick]`: what compression saves and what survives it. README.md says how to read it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { decodeLossless } from "../../lib/orchestration/compression/lossless.ts";
import { TokenCompressor } from "../../lib/orchestration/TokenCompressor.ts";
import { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { printRows, row, type Row } from "../measure.ts";
import { measureHtml } from "./html.ts";
import { measureLatency } from "./latency.ts";
import { measureLossless } from "./losslessTau.ts";
import { measureOddValues } from "./oddValues.ts";
import { measurePayloads } from "./payloads.ts";
import { measurePeers } from "./peers.ts";
import { measureReliability } from "./reliability.ts";
import { measureSquad } from "./squad.ts";
import type { Compress } from "./subject.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    data: { type: "string" },
    calibrate: { type: "boolean", default: false },
    only: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});
const DEFAULT_FOLDER = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const folder = options.data ?? (existsSync(DEFAULT_FOLDER) ? DEFAULT_FOLDER : undefined);
const SQUAD_QUESTIONS = 420;

if (options.calibrate) {
  // In a process of its own and before anything is measured: this one has loaded the table that it replaces.
  const file = fileURLToPath(import.meta.url);
  const fitted = spawnSync(process.execPath, [path.join(path.dirname(file), "calibrate.ts")], { stdio: ["ignore", 2, 2] });
  if (fitted.status !== 0) process.exit(1);
  const rest = process.argv.slice(2).filter((argument) => argument !== "--calibrate");
  process.exit(spawnSync(process.execPath, [file, ...rest], { stdio: "inherit" }).status ?? 1);
}

const counter = await TokenCounter.load();
const compressor = await TokenCompressor.create();
const compress: Compress = async ({ content, task, targetTokens, quality, level }) =>
  compressor.compress(content, targetTokens, quality, {
    ...(task === undefined ? {} : { task }),
    ...(level === undefined ? {} : { level }),
  });

interface Part {
  readonly name: string;
  readonly rows: readonly string[];
  /** Measured without the data folder too. */
  readonly isSelfContained?: true;
  readonly measure: (data: string) => Promise<{ readonly rows: readonly Row[]; readonly table: readonly string[] }>;
}

const PARTS: readonly Part[] = [
  {
    name: "payloads",
    rows: ["saving_mean", "recall", "recall_critical", "grew"],
    measure: async (data) => measurePayloads(data, counter, compress),
  },
  { name: "lossless", rows: ["lossless_saving"], measure: async (data) => measureLossless(data, counter, compress, decodeLossless) },
  {
    name: "squad",
    rows: [30, 40, 50, 70, 85].map((saving) => `squad_recall.${saving}`),
    measure: async (data) => measureSquad(data, counter, compress, { count: options.quick ? 120 : SQUAD_QUESTIONS }),
  },
  {
    name: "odd",
    rows: ["odd_values_kept"],
    measure: async (data) => measureOddValues(data, counter, compress),
  },
  { name: "peers", rows: ["peer_saving", "peer_visible"], measure: async (data) => measurePeers(data, counter, compress) },
  { name: "html", rows: ["html_recall_delta", "html_tokens_ratio"], measure: async (data) => measureHtml(data, counter, compress) },
  {
    name: "reliability",
    rows: ["q_reliability"],
    isSelfContained: true,
    measure: async (data) => measureReliability(data === "" ? undefined : data, compress, { share: options.quick ? 0.3 : 1 }),
  },
  { name: "latency", rows: ["ms_p50", "ms_p99"], measure: async (data) => measureLatency(data, compress) },
];

const wanted = options.only?.split(",");
const rows: Row[] = [];
for (const part of PARTS) {
  if (wanted !== undefined && !wanted.includes(part.name)) continue;
  rows.push(...(await measurePart(part)));
}
printRows("compression", rows, options.json);

async function measurePart({ name, rows, isSelfContained, measure }: Part): Promise<readonly Row[]> {
  const missing = rows.map((one) => row(one, null, ""));
  if (folder === undefined && isSelfContained !== true) {
    process.stderr.write(`${name}: no data folder; give one with --data DIR\n`);
    return missing;
  }
  try {
    const measured = await measure(folder ?? "");
    if (!options.json) process.stdout.write(`${measured.table.join("\n")}\n\n`);
    return measured.rows;
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return missing;
  }
}
