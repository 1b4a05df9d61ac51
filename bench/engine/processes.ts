// help_ratio, example_ms, idle_cpu_percent: whole processes from outside.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { median, row, type Row } from "../measure.ts";

const CLI = join(import.meta.dirname, "../../lib/cli/main.ts");
/** Linux counts process time in these. */
const TICKS_PER_SECOND = 100;
const SETTLE_MS = 6_000;
const WATCH_MS = 10_000;

async function timed(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const started = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn(process.execPath, [...args], { stdio: "ignore", env: { ...process.env, ...env } });
  child.on("error", reject);
  child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${args.join(" ")} ended with ${code}`))));
  await promise;
  return performance.now() - started;
}

export async function measureHelp(rounds: number): Promise<Row> {
  const ratios: number[] = [];
  const bare: number[] = [];
  await timed([CLI, "--help"]);
  for (let round = 0; round < rounds; round += 1) {
    const baseline = await timed(["-e", "0"]);
    bare.push(baseline);
    ratios.push((await timed([CLI, "--help"])) / baseline);
  }
  return row("help_ratio", median(ratios), "ratio", { goal: "<= 5", baseline: 1 });
}

export async function measureExample(rounds: number): Promise<Row> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const folder = await mkdtemp(join(tmpdir(), "neuronforge-bench-"));
    times.push(await timed([CLI, "run", join(import.meta.dirname, "five-steps.yaml"), "--data", folder, "--quiet"], { DATABASE_URL: "" }));
    await rm(folder, { recursive: true, force: true });
  }
  return row("example_ms", median(times), "ms", { goal: "<= 3000" });
}

/** Null where there is no /proc to read. */
export async function measureIdle(databaseUrl: string): Promise<Row> {
  const child = spawn(process.execPath, [CLI, "worker", "--quiet"], {
    stdio: "ignore",
    env: { ...process.env, DATABASE_URL: databaseUrl },
  });
  try {
    await pause(SETTLE_MS);
    const before = await cpuTicks(child.pid ?? 0);
    await pause(WATCH_MS);
    const after = await cpuTicks(child.pid ?? 0);
    const percent = before === null || after === null ? null : ((after - before) / TICKS_PER_SECOND / (WATCH_MS / 1000)) * 100;
    return row("idle_cpu_percent", percent, "% of a core", { goal: "<= 1" });
  } finally {
    child.kill("SIGKILL");
  }
}

async function cpuTicks(pid: number): Promise<number | null> {
  try {
    // utime and stime are the 14th and 15th fields; the second one may hold spaces, so count from its closing bracket.
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return null;
  }
}
