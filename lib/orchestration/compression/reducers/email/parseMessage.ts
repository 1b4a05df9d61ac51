// Takes one mail apart: headers, the text to read, names of attachments (RFC 5322, 2045–2047 as far as text needs them). It opens no attachment.
import { decodeBody, decodeWords } from "./mimeDecoding.ts";

export interface MailMessage {
  /** Names in lower case; of repeated headers the last (the one nearest the sender). */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  /** True when there was only an HTML part: `text` is its source. */
  readonly isHtml: boolean;
  readonly attachments: readonly string[];
}

interface Part {
  readonly headers: Map<string, string>;
  readonly body: string;
}

const HEADER = /^([A-Za-z][A-Za-z0-9-]{0,60}):[ \t]?(.*)$/;
const DEEPEST = 8;
const MOST_PARTS = 200;
const MOST_HEADER_LINES = 500;

/** Headers and body; a text that begins with no header is all body. */
export function splitHeaders(text: string): Part {
  const headers = new Map<string, string>();
  let at = 0;
  let name = "";
  for (let count = 0; count < MOST_HEADER_LINES && at < text.length; count++) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(at, end).replace(/\r$/, "");
    if (line === "") {
      at = end + 1;
      break;
    }
    if ((line.startsWith(" ") || line.startsWith("\t")) && name !== "") {
      headers.set(name, `${headers.get(name) ?? ""} ${line.trim()}`);
    } else {
      const match = HEADER.exec(line.slice(0, 4_000));
      if (match === null) break;
      name = (match[1] ?? "").toLowerCase();
      headers.set(name, match[2] ?? "");
    }
    at = end + 1;
  }
  return { headers, body: text.slice(at) };
}

/** A parameter of a structured header: `name="invoice.pdf"`, also in the form `name*=utf-8''…`. */
function parameter(value: string, name: string): string {
  const lower = value.toLowerCase();
  for (const key of [`${name}*=`, `${name}=`]) {
    const at = lower.indexOf(key);
    if (at < 0) continue;
    const rest = value.slice(at + key.length, at + key.length + 300);
    const raw = rest.startsWith('"') ? rest.slice(1, Math.max(1, rest.indexOf('"', 1))) : (rest.split(/[;\s]/, 1)[0] ?? "");
    if (!key.includes("*")) return decodeWords(raw);
    try {
      return decodeURIComponent(raw.replace(/^[\w-]*'[\w-]*'/, ""));
    } catch {
      return raw;
    }
  }
  return "";
}

function splitParts(body: string, boundary: string): string[] {
  const marker = `--${boundary}`;
  const parts: string[] = [];
  let start = -1;
  for (
    let at = body.startsWith(marker) ? 0 : body.indexOf(`\n${marker}`);
    at >= 0 && parts.length < MOST_PARTS;
    at = body.indexOf(`\n${marker}`, at + 1)
  ) {
    if (start >= 0) parts.push(body.slice(start, at));
    const line = body.indexOf("\n", at + 1);
    if (line < 0) return parts;
    start = line + 1;
    if (body.startsWith(`${marker}--`, body[at] === "\n" ? at + 1 : at)) return parts;
  }
  if (start >= 0) parts.push(body.slice(start));
  return parts;
}

interface Found {
  plain: string[];
  html: string[];
  attachments: string[];
}

function collectParts(part: Part, type: string, found: Found, depth: number): void {
  const boundary = parameter(type, "boundary");
  const parts = boundary === "" ? [] : splitParts(part.body, boundary);
  for (const inner of parts) collect(splitHeaders(inner), found, depth + 1);
  if (parts.length === 0) found.plain.push(part.body);
}

function collect(part: Part, found: Found, depth: number): void {
  const type = part.headers.get("content-type") ?? "text/plain";
  const kind = type.toLowerCase();
  if (kind.startsWith("multipart/") && depth < DEEPEST) {
    collectParts(part, type, found, depth);
    return;
  }
  const disposition = part.headers.get("content-disposition") ?? "";
  const name = parameter(disposition, "filename") || parameter(type, "name");
  const isText = kind.startsWith("text/") || !kind.includes("/");
  if (disposition.toLowerCase().startsWith("attachment") || !isText) {
    found.attachments.push(name || kind.split(";", 1)[0] || "unnamed");
    return;
  }
  const text = decodeBody(part.body, part.headers.get("content-transfer-encoding") ?? "", parameter(type, "charset"));
  (kind.startsWith("text/html") ? found.html : found.plain).push(text);
  if (name !== "") found.attachments.push(name);
}

export function parseMessage(source: string): MailMessage {
  const part = splitHeaders(source);
  const found: Found = { plain: [], html: [], attachments: [] };
  collect(part, found, 0);
  const plain = found.plain.join("\n\n");
  const isHtml = plain.trim() === "" && found.html.length > 0;
  return { headers: part.headers, text: isHtml ? found.html.join("\n") : plain, isHtml, attachments: found.attachments };
}
