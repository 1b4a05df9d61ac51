// takeover_ms: after kill -9, how long until the next step runs: the embedded process restarted, or another worker already there.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { median, row, type Row } from "../measure.ts";

const STEPS = 400;
const GIVE_UP_MS = 40_000;

class Child {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  #onLine: (() => void) | null = null;

  constructor(steps: number, env: Readonly<Record<string, string>>) {
    this.process = spawn(process.execPath, [join(import.meta.dirname, "stepProcess.ts"), String(steps)], {
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { stdout } = this.process;
    if (stdout === null) throw new Error("no output to read");
    createInterface({ input: stdout }).on("line", (line) => {
      this.lines.push(line);
      this.#onLine?.();
    });
  }

  /** Resolves when a line that fits has come. */
  async until(fits: (lines: readonly string[]) => boolean): Promise<void> {
    const deadline = performance.now() + GIVE_UP_MS;
    while (!fits(this.lines)) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`nothing came within ${GIVE_UP_MS} ms`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onLine = resolve;
      const timer = setTimeout(resolve, left);
      await promise;
      clearTimeout(timer);
    }
  }

  async kill(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.process.on("exit", () => resolve());
    if (this.process.exitCode !== null || !this.process.kill("SIGKILL")) resolve();
    await promise;
  }
}

const stepsOf = (lines: readonly string[]): number => lines.filter((line) => line.startsWith("step")).length;

export async function measureEmbeddedTakeover(rounds: number): Promise<Row> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const folder = await mkdtemp(join(tmpdir(), "neuronforge-bench-"));
    const env = { NEURONFORGE_DATA: folder, NEURONFORGE_LOG_LEVEL: "error" };
    const first = new Child(STEPS, env);
    await first.until((lines) => stepsOf(lines) >= 5);
    await first.kill();
    const started = performance.now();
    const second = new Child(0, env);
    await second.until((lines) => stepsOf(lines) >= 1);
    times.push(performance.now() - started);
    await second.kill();
    await rm(folder, { recursive: true, force: true });
  }
  return row("takeover_ms.embedded", median(times), "ms", { goal: "<= 2000" });
}

export async function measureWorkerTakeover(databaseUrl: string, rounds: number): Promise<Row> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const env = { DATABASE_URL: databaseUrl, NEURONFORGE_LOG_LEVEL: "error" };
    const first = new Child(STEPS, env);
    await first.until((lines) => stepsOf(lines) >= 5);
    const second = new Child(0, env);
    await second.until((lines) => lines.includes("ready"));
    await first.kill();
    const killed = performance.now();
    await second.until((lines) => stepsOf(lines) >= 1);
    times.push(performance.now() - killed);
    await second.kill();
  }
  return row("takeover_ms.worker", median(times), "ms", { goal: "<= 15000" });
}
