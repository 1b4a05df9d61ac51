// How long one view takes on contents of up to 20 KB: DIR's payloads (texts cut to size), tool outputs of tau, generated logs. Warm, one process.
import { performance } from "node:perf_hooks";
import { row, type Row } from "../measure.ts";
import { readToolOutputs } from "./losslessTau.ts";
import { generateLogs } from "./oddValues.ts";
import { percent, readPayloads } from "./payloads.ts";
import type { Compress } from "./subject.ts";

const MAX_BYTES = 20_000;
const TOOL_OUTPUTS = 150;
const ROUNDS = 3;

interface Sample {
  readonly kind: string;
  readonly content: string;
  readonly task?: string;
}

export async function measureLatency(
  folder: string,
  compress: Compress,
): Promise<{ readonly rows: readonly Row[]; readonly table: readonly string[] }> {
  const samples = await readMix(folder);
  for (const { content, task } of samples) await compress({ content, ...(task === undefined ? {} : { task }) });
  const times: number[] = [];
  const slowest = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { kind, content, task } of samples) {
      // A blank more per round: no cache by content may answer.
      const request = { content: content + " ".repeat(round + 1), ...(task === undefined ? {} : { task }) };
      const start = performance.now();
      await compress(request);
      const ms = performance.now() - start;
      times.push(ms);
      slowest.set(kind, Math.max(slowest.get(kind) ?? 0, ms));
    }
  }
  times.sort((left, right) => left - right);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? Number.NaN;
  return {
    rows: [row("ms_p50", at(0.5), "ms", { goal: "<= 3" }), row("ms_p99", at(0.99), "ms", { goal: "<= 50" })],
    table: [
      `time (${samples.length} contents of up to 20 KB, ${times.length} views): p50 ${at(0.5).toFixed(2)} p90 ${at(0.9).toFixed(2)} p99 ${at(0.99).toFixed(2)} max ${at(1).toFixed(2)} ms`,
      ...[...slowest].map(
        ([kind, ms]) =>
          `  ${kind.padEnd(34)} slowest ${ms.toFixed(2)} ms, ${percent(samples.filter((one) => one.kind === kind).length / samples.length)} of the mix`,
      ),
    ],
  };
}

async function readMix(folder: string): Promise<readonly Sample[]> {
  const payloads = (await readPayloads(folder))
    .map(({ file, content, task }) => ({ kind: file, content: cutAtLine(content), task }))
    // JSON that was cut short is none.
    .filter(({ kind, content }) => !kind.endsWith(".json") || content.trimEnd().endsWith("}") || content.trimEnd().endsWith("]"));
  const outputs = (await readToolOutputs(folder)).filter((content) => content.length >= 1_000 && content.length <= MAX_BYTES);
  const step = Math.max(1, Math.floor(outputs.length / TOOL_OUTPUTS));
  const tools = outputs.filter((_, index) => index % step === 0).slice(0, TOOL_OUTPUTS);
  const logs = generateLogs(20, 9).map(({ content }) => ({ kind: "generated log", content: cutAtLine(content), task: "Find errors." }));
  return [...payloads, ...tools.map((content) => ({ kind: "tau tool output", content })), ...logs];
}

function cutAtLine(content: string): string {
  if (Buffer.byteLength(content) <= MAX_BYTES) return content;
  const head = Buffer.from(content)
    .subarray(0, MAX_BYTES)
    .toString("utf8")
    .replace(/\uFFFD+$/, "");
  const end = head.lastIndexOf("\n");
  return end > MAX_BYTES / 2 ? head.slice(0, end) : head;
}
