// Tells what document a value holds: PDF, mail or HTML, as text, base64, data URL or an object around them. Reads nothing of its content.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";

export type DocumentKind = "pdf" | "mail" | "html";

export interface RecognisedDocument {
  readonly kind: DocumentKind;
  /** Text of HTML and mail as it came; bytes of what came in base64. */
  readonly content: string | Uint8Array;
}

/** Bytes of one document, as base64 four thirds of it. */
export const MAX_DOCUMENT_BYTES = 50_000_000;

const CONTENT_KEYS = ["content_base64", "contentBase64", "base64", "content", "data", "body"];
const TYPE_KEYS = ["media_type", "mediaType", "mime_type", "mimeType", "content_type", "contentType", "type"];
const NAME_KEYS = ["filename", "file_name", "name", "path"];
const KIND_OF_TYPE: Readonly<Record<string, DocumentKind>> = { "application/pdf": "pdf", "message/rfc822": "mail", "text/html": "html" };
const KIND_OF_ENDING: Readonly<Record<string, DocumentKind>> = { pdf: "pdf", eml: "mail", html: "html", htm: "html" };

/** null: it is no document that needs to be read first. Plain text, JSON and CSV need not. */
export function recogniseDocument(value: JsonValue): RecognisedDocument | null {
  if (typeof value === "string") return recogniseText(value, null);
  if (!isJsonObject(value)) return null;
  const content = textAt(value, CONTENT_KEYS);
  if (content === undefined) return null;
  const type = textAt(value, TYPE_KEYS)?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const ending = /\.([a-z]{3,4})$/.exec(textAt(value, NAME_KEYS)?.toLowerCase() ?? "")?.[1] ?? "";
  const stated = KIND_OF_TYPE[type] ?? KIND_OF_ENDING[ending] ?? null;
  return recogniseText(content, stated);
}

function textAt(value: JsonObject, keys: readonly string[]): string | undefined {
  const found = keys.map((key) => value[key]).find((member) => typeof member === "string");
  return typeof found === "string" ? found : undefined;
}

const DATA_URL = /^data:([a-z]{1,30}\/[a-z0-9.+-]{1,60})(?:;[a-z0-9=-]{1,40}){0,5};base64,/i;
/** `%PDF-` in base64. */
const PDF_BASE64 = "JVBERi0";
const MAIL_HEADER = /^(?:from|to|subject|date|received|message-id|return-path|mime-version|delivered-to):\s?\S/i;
const HEADER_LINE = /^(?:[A-Za-z][A-Za-z0-9-]{0,60}:|[ \t])/;

function recogniseText(text: string, stated: DocumentKind | null): RecognisedDocument | null {
  const url = DATA_URL.exec(text.slice(0, 300));
  if (url !== null) return recogniseBase64(text.slice(url[0].length), KIND_OF_TYPE[url[1]?.toLowerCase() ?? ""] ?? null);
  if (text.startsWith(PDF_BASE64)) return recogniseBase64(text, "pdf");
  if (text.startsWith("%PDF-")) return { kind: "pdf", content: Buffer.from(text, "latin1") };
  if (stated !== null && stated !== "html" && isBase64(text)) return recogniseBase64(text, stated);
  if (/^\s{0,100}<(?:!doctype html|html|head|body|table|div|main|article|section)\b/i.test(text.slice(0, 300)))
    return { kind: "html", content: text };
  if (stated === "mail" || isMail(text)) return { kind: "mail", content: text };
  return stated === "html" ? { kind: stated, content: text } : null;
}

function recogniseBase64(payload: string, kind: DocumentKind | null): RecognisedDocument | null {
  const found = kind ?? (payload.startsWith(PDF_BASE64) ? "pdf" : null);
  return found === null ? null : { kind: found, content: Buffer.from(payload, "base64") };
}

function isBase64(text: string): boolean {
  // Without spaces at the end of the pattern, which would be tried from each of many.
  return text.length >= 8 && /^[A-Za-z0-9+/\s]+={0,2}$/.test(text.trimEnd());
}

/** At least three lines of headers, among them one that only mail has, before the first empty line. */
function isMail(text: string): boolean {
  const head = text.slice(0, 20_000).split(/\r?\n\r?\n/, 1)[0] ?? "";
  const lines = head.split(/\r?\n/);
  if (lines.length < 3 || !lines.every((line) => HEADER_LINE.test(line))) return false;
  const known = lines.filter((line) => MAIL_HEADER.test(line)).length;
  return known >= 3 && /^(?:message-id|received|mime-version|return-path):/im.test(head);
}
