// The thread of readDocument: reads the one document it is started with, answers, and is ended.
import { parentPort, workerData } from "node:worker_threads";
import { htmlText } from "./htmlText.ts";
import { mailText } from "./mailText.ts";
import { pdfText } from "./pdfText.ts";
import type { DocumentAnswer, DocumentText } from "./readDocument.ts";
import type { RecognisedDocument } from "./recogniseDocument.ts";

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
void answer(workerData as RecognisedDocument).then((message) => parentPort?.postMessage(message));

async function answer(document: RecognisedDocument): Promise<DocumentAnswer> {
  try {
    return { read: await read(document) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

async function read({ kind, content }: RecognisedDocument): Promise<DocumentText> {
  if (kind === "pdf") return pdfText(content as Uint8Array);
  if (kind === "mail") return { text: await mailText(content), pages: null };
  return { text: htmlText(typeof content === "string" ? content : Buffer.from(content).toString("utf8")), pages: null };
}
