// A `worker` process of the demo and the connection to it: started, asked, watched, killed. It knows nothing of the story.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import type { ExecutionEvent, SystemApi } from "../../systemApi.ts";
import type { Environment } from "../Cli.ts";
import { openFolder } from "../socket/openFolder.ts";
import { apiOver } from "../socket/SharedSystem.ts";
import type { SocketClient } from "../socket/SocketClient.ts";
import type { DemoFolder } from "./demoFolder.ts";

export interface DemoWorkerOptions {
  readonly folder: DemoFolder;
  readonly env: Environment;
  readonly clock: Clock;
  readonly isLive: boolean;
  /** Aborted: the process is killed, whatever it does. */
  readonly signal: AbortSignal;
}

const MAIN = fileURLToPath(new URL(`../main${path.extname(import.meta.url)}`, import.meta.url));
const MAX_STDERR_CHARS = 2_000;

export class DemoWorker {
  readonly api: SystemApi;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #client: SocketClient;

  private constructor(child: ChildProcess, client: SocketClient) {
    this.#child = child;
    this.#client = client;
    this.pid = child.pid ?? 0;
    this.api = apiOver(async (method, params) => client.call(method, params));
  }

  /** Resolves when the process claims executions and answers. */
  static async start(options: DemoWorkerOptions): Promise<DemoWorker> {
    const { folder, clock, isLive, signal } = options;
    const args = [MAIN, "worker", "--json", "--data", folder.data, ...(isLive ? ["--live"] : [])];
    const child = spawn(process.execPath, args, {
      cwd: folder.root,
      env: cleanEnvironment(options),
      stdio: ["ignore", "pipe", "pipe"],
      signal,
      killSignal: "SIGKILL",
    });
    try {
      await untilWorking(child);
      const backend = await openFolder({
        folder: folder.data,
        clock,
        createSystem: () => Promise.reject(new AppError("INTERNAL", "the demo's worker does not hold its data folder")),
      });
      if (backend.role === "owner") throw new AppError("INTERNAL", "the demo's worker does not hold its data folder");
      return new DemoWorker(child, backend.client);
    } catch (error) {
      child.kill("SIGKILL");
      await exited(child);
      throw error;
    }
  }

  subscribe(executionId: string, listener: (event: ExecutionEvent) => void): () => void {
    return this.#client.subscribe(executionId, listener);
  }

  /** kill -9: no handler of the process runs. @returns the signal that ended it, as the operating system reports it */
  async kill(): Promise<string> {
    this.#child.kill("SIGKILL");
    await exited(this.#child);
    // What the process had sent before is still read to its end.
    await this.#client.closed;
    return this.#child.signalCode ?? `exit ${this.#child.exitCode}`;
  }

  /** Asks it to hand over and end. */
  async stop(): Promise<void> {
    this.#client.close();
    this.#child.kill("SIGTERM");
    await exited(this.#child);
  }
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** The reader's own settings must not reach into the demo: another database, another model. */
function cleanEnvironment({ env, folder }: DemoWorkerOptions): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("NEURONFORGE_") && entry[0] !== "DATABASE_URL",
  );
  return { ...Object.fromEntries(kept), NEURONFORGE_FILES_ROOT: folder.root };
}

async function untilWorking(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-MAX_STDERR_CHARS)));
  createInterface({ input: child.stdout! }).on("line", (line) => {
    if (line.includes('"working"')) resolve();
    else stderr += `${line}\n`;
  });
  child.once("error", reject);
  child.once("exit", (code, signal) =>
    reject(new AppError("INTERNAL", `the demo's worker ended before it worked (${signal ?? `exit ${code}`}): ${stderr.trim()}`)),
  );
  await promise;
}
