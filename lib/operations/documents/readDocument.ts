// A document's text, read in a thread of its own: bounded in time and memory, because documents are made by others. What cannot be read is an error that says why.
import { Worker } from "node:worker_threads";
import { systemClock, type Clock } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import type { DocumentAnswer, DocumentText } from "./answerDocument.ts";
import { htmlText } from "./htmlText.ts";
import { MAX_DOCUMENT_BYTES, type RecognisedDocument } from "./recogniseDocument.ts";

export interface ReadOptions {
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** @defaultValue 20 000 */
  readonly limitMs?: number;
}

/** The worker's file stands beside this one, in the same language: source in a checkout, JavaScript in the package. */
const WORKER = new URL(`./documentWorker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
const MAX_HEAP_MB = 512;
/** What the thread holds beside its heap, such as unpacked streams: no limit of threads counts it. */
const MEBIBYTE = 1_048_576;
const MAX_BUFFER_BYTES = 512 * MEBIBYTE;
const LOOK_MS = 50;
/** A page of this size is read in a few milliseconds: starting a thread takes longer. */
const SMALL_HTML_CHARACTERS = 200_000;

/** @throws AppError `DOCUMENT_UNREADABLE`; the signal's reason */
export async function readDocument(document: RecognisedDocument, options: ReadOptions = {}): Promise<DocumentText> {
  const { clock = systemClock, signal, limitMs = 20_000 } = options;
  const { kind, content } = document;
  if (content.length > MAX_DOCUMENT_BYTES) throw unreadable(kind, `it has ${content.length} bytes, at most ${MAX_DOCUMENT_BYTES} are read`);
  if (kind === "html" && typeof content === "string" && content.length <= SMALL_HTML_CHARACTERS)
    return { text: htmlText(content), pages: null };
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<DocumentAnswer>();
  const worker = new Worker(WORKER, { workerData: document, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } });
  const stopWatching = watchBuffers(worker, clock, () =>
    resolve({ fault: `it takes more than ${MAX_BUFFER_BYTES / MEBIBYTE} MiB of memory` }),
  );
  const cancel = clock.schedule(limitMs, () => resolve({ fault: `it was not read within ${limitMs} ms` }), true);
  const onAbort = (): void => reject(signal?.reason as Error);
  signal?.addEventListener("abort", onAbort, { once: true });
  worker.on("message", (answer: DocumentAnswer) => resolve(answer));
  worker.on("error", (error: unknown) => resolve({ fault: String(error) }));
  worker.on("exit", (code) => resolve({ fault: `reading it ended with code ${code}` }));
  try {
    const answer = await promise;
    if ("fault" in answer) throw unreadable(kind, answer.fault);
    return answer.read;
  } finally {
    cancel();
    stopWatching();
    signal?.removeEventListener("abort", onAbort);
    await worker.terminate();
  }
}

/** The thread itself is too busy to look. Returns what ends the watch. */
function watchBuffers(worker: Worker, clock: Clock, onOutgrown: () => void): () => void {
  let isOver = false;
  let cancel: (() => void) | undefined;
  const look = async (): Promise<void> => {
    // One that has ended cannot be asked, and says so elsewhere.
    const statistics = await worker.getHeapStatistics().catch(() => undefined);
    if (isOver || statistics === undefined) return;
    if (statistics.external_memory > MAX_BUFFER_BYTES) onOutgrown();
    else lookLater();
  };
  const lookLater = (): void => {
    cancel = clock.schedule(LOOK_MS, () => void look());
  };
  lookLater();
  return () => {
    isOver = true;
    cancel?.();
  };
}

function unreadable(kind: string, why: string): AppError {
  return new AppError("DOCUMENT_UNREADABLE", `the ${kind} could not be read: ${why}`, { details: { got: kind } });
}
