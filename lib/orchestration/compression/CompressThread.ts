// One thread for contents that would hold up everything else. Started when first needed; it keeps no process alive that waits for nothing.
import { Worker } from "node:worker_threads";
import { AppError, fromErrorRecord, type ErrorRecord } from "../../core/errors.ts";
import type { CompressedContent } from "../types.ts";
import type { CompressJob } from "./compressContent.ts";

export interface ThreadRequest {
  readonly id: number;
  readonly job: CompressJob;
}

export type ThreadAnswer =
  | { readonly id: number; readonly made: CompressedContent; readonly error?: undefined }
  | { readonly id: number; readonly error: ErrorRecord };

interface Waiting {
  readonly resolve: (made: CompressedContent) => void;
  readonly reject: (error: Error) => void;
}

/** The worker's file stands beside this one, in the same language: source in a checkout, JavaScript in the package. */
const WORKER = new URL(`./compressWorker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

export class CompressThread {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #lastId = 0;

  /** @throws AppError `INTERNAL` when the thread ends without an answer; what the job itself throws */
  run(job: CompressJob): Promise<CompressedContent> {
    const { promise, resolve, reject } = Promise.withResolvers<CompressedContent>();
    const worker = this.#start();
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, { resolve, reject });
    worker.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage({ id: this.#lastId, job } satisfies ThreadRequest);
    return promise;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(WORKER);
    worker.on("message", (answer: ThreadAnswer) => this.#answered(answer));
    worker.on("error", (error: unknown) => this.#ended(worker, String(error)));
    worker.on("exit", (code) => this.#ended(worker, `exit code ${code}`));
    this.#worker = worker;
    return worker;
  }

  #answered(answer: ThreadAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if (answer.error === undefined) waiting?.resolve(answer.made);
    else waiting?.reject(fromErrorRecord(answer.error));
  }

  #ended(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of lost) reject(new AppError("INTERNAL", `the compression thread ended: ${why}`));
  }
}
