// What the thread of readDocument answers: the text of a document of any kind, or why there is none. Never rejects.
import { htmlText } from "./htmlText.ts";
import { mailText } from "./mailText.ts";
import { pdfText } from "./pdfText.ts";
import type { RecognisedDocument } from "./recogniseDocument.ts";

export interface DocumentText {
  readonly text: string;
  /** null: the document has none. */
  readonly pages: number | null;
}

export type DocumentAnswer = { readonly read: DocumentText } | { readonly fault: string };

export async function answerDocument(document: RecognisedDocument): Promise<DocumentAnswer> {
  try {
    return { read: await read(document) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

async function read({ kind, content }: RecognisedDocument): Promise<DocumentText> {
  if (kind === "pdf") return pdfText(typeof content === "string" ? Buffer.from(content, "latin1") : content);
  if (kind === "mail") return { text: await mailText(content), pages: null };
  return { text: htmlText(typeof content === "string" ? content : Buffer.from(content).toString("utf8")), pages: null };
}
