// A worker process as its parent sees it: started with orders, watched, killed, frozen.
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ChildMessage, ChildOrders } from "./child/main.ts";

const MAIN = fileURLToPath(new URL("./child/main.ts", import.meta.url));

export class Child {
  readonly #process: ChildProcess;
  /** How it ended: a signal, or an exit code. */
  readonly ended: Promise<{ readonly signal: string | null; readonly code: number | null }>;
  readonly #heard = new Map<string, PromiseWithResolvers<void>>();
  #errors = "";
  #isEnded = false;

  constructor(orders: ChildOrders) {
    this.#process = fork(MAIN, [JSON.stringify(orders)], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    });
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += chunk.toString("utf8");
      if (orders.logLevel !== undefined) process.stderr.write(chunk);
    });
    this.#process.on("message", (message: ChildMessage) => this.#promise(message.type).resolve());
    this.ended = new Promise((resolve) => {
      this.#process.on("exit", (code, signal) => {
        this.#isEnded = true;
        resolve({ signal, code });
      });
    });
  }

  /** Rejects when the child ends first, other than by being killed. */
  async heard(type: ChildMessage["type"]): Promise<"heard" | "killed"> {
    const outcome = await Promise.race([this.#promise(type).promise, this.ended]);
    if (outcome === undefined) return "heard";
    if (outcome.signal === "SIGKILL") return "killed";
    throw new Error(`the child ended with ${outcome.signal ?? outcome.code} before it said ${type}: ${this.#errors.slice(-3_000)}`);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** SIGKILL, which nothing can catch. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }

  freeze(): void {
    this.#process.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process.kill("SIGCONT");
  }

  #promise(type: string): PromiseWithResolvers<void> {
    const found = this.#heard.get(type) ?? Promise.withResolvers<void>();
    this.#heard.set(type, found);
    return found;
  }
}
