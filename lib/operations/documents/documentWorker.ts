// The thread of readDocument: reads the one document it is started with, answers, and is ended. All it does is in answerDocument.ts.
import { parentPort, workerData } from "node:worker_threads";
import { answerDocument } from "./answerDocument.ts";
import type { RecognisedDocument } from "./recogniseDocument.ts";

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
void answerDocument(workerData as RecognisedDocument).then((message) => parentPort?.postMessage(message));
