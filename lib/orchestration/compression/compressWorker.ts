// The other end of CompressThread: compresses what it is sent, one content after the other, with a token counter of its own.
import { parentPort } from "node:worker_threads";
import { systemClock } from "../../core/clock.ts";
import { toErrorRecord } from "../../core/errors.ts";
import { TokenCounter } from "../../tokens/TokenCounter.ts";
import { compressContent } from "./compressContent.ts";
import type { ThreadAnswer, ThreadRequest } from "./CompressThread.ts";

const counter = TokenCounter.load();

parentPort?.on("message", ({ id, job }: ThreadRequest) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  void answer(id, job).then((message) => parentPort?.postMessage(message));
});

async function answer(id: number, job: ThreadRequest["job"]): Promise<ThreadAnswer> {
  try {
    return { id, made: compressContent(job, { counter: await counter, now: () => systemClock.monotonicMs() }) };
  } catch (error) {
    return { id, error: toErrorRecord(error) };
  }
}
