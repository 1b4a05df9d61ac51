// Searches a folder and takes messages apart. What a message says is data: nothing in it is followed, opened or run.
import type { FetchMessageObject, ImapFlow, MessageAddressObject, SearchObject } from "imapflow";
import type { ParsedMail } from "mailparser";
import { AppError } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";

export interface MailQuery {
  readonly folder: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly subject?: string | undefined;
  readonly text?: string | undefined;
  readonly message_id?: string | undefined;
  readonly since?: string | undefined;
  readonly before?: string | undefined;
  readonly seen?: boolean | undefined;
  readonly limit: number;
}

const MAX_TEXT_CHARACTERS = 1_000;
const MAX_ADDRESSES = 100;
const MAX_FLAGS = 50;
/** What is turned into text of a mail that has HTML only. */
const MAX_HTML_CHARACTERS = 2_000_000;

/** Newest first by UID. */
export async function searchMail(client: ImapFlow, query: MailQuery): Promise<JsonObject> {
  const lock = await client.getMailboxLock(query.folder, { readOnly: true });
  try {
    const found = await client.search(toSearch(query), { uid: true });
    if (!Array.isArray(found)) throw new AppError("UPSTREAM_REJECTED", `folder ${JSON.stringify(query.folder)} could not be searched`);
    const wanted = [...found].sort((left, right) => right - left).slice(0, query.limit);
    const messages: FetchMessageObject[] = [];
    if (wanted.length > 0) {
      const parts = { uid: true, envelope: true, flags: true, size: true, internalDate: true };
      for await (const message of client.fetch(wanted.join(","), parts, { uid: true })) messages.push(message);
    }
    messages.sort((left, right) => right.uid - left.uid);
    return {
      messages: messages.map(toSummary),
      total: found.length,
      is_truncated: found.length > wanted.length,
      uid_validity: client.mailbox === false ? null : String(client.mailbox.uidValidity),
    };
  } finally {
    lock.release();
  }
}

function toSearch({ from, to, subject, text, message_id: messageId, since, before, seen }: MailQuery): SearchObject {
  const search: SearchObject = {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(subject !== undefined && { subject }),
    ...(text !== undefined && { text }),
    ...(messageId !== undefined && { header: { "message-id": messageId } }),
    ...(since !== undefined && { since: new Date(since) }),
    ...(before !== undefined && { before: new Date(before) }),
    ...(seen !== undefined && { seen }),
  };
  return Object.keys(search).length === 0 ? { all: true } : search;
}

function toSummary({ uid, envelope, flags, size, internalDate }: FetchMessageObject): JsonObject {
  return {
    uid,
    message_id: clipped(envelope?.messageId),
    in_reply_to: clipped(envelope?.inReplyTo),
    subject: clipped(envelope?.subject),
    from: toAddresses(envelope?.from),
    to: toAddresses(envelope?.to),
    cc: toAddresses(envelope?.cc),
    date: isoOrNull(envelope?.date),
    received_at: isoOrNull(internalDate),
    size_bytes: size ?? null,
    flags: [...(flags ?? [])].slice(0, MAX_FLAGS),
    is_seen: flags?.has("\\Seen") ?? false,
  };
}

function toAddresses(given: readonly MessageAddressObject[] | undefined): JsonValue {
  return (given ?? []).slice(0, MAX_ADDRESSES).map(({ name, address }) => ({ name: clipped(name) ?? "", address: clipped(address) ?? "" }));
}

function clipped(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : text.slice(0, MAX_TEXT_CHARACTERS);
}

/** A server's date may be none at all. */
function isoOrNull(date: Date | string | undefined): string | null {
  if (date === undefined) return null;
  const at = new Date(date);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

export interface MailRequest {
  readonly folder: string;
  readonly uid: number;
  readonly max_bytes: number;
  readonly attachments: "list" | "content";
}

/** @throws AppError `NOT_FOUND`, `OUTPUT_TOO_LARGE` before anything of the message is loaded */
export async function fetchMail(client: ImapFlow, request: MailRequest): Promise<JsonObject> {
  const { folder, uid, max_bytes: maxBytes } = request;
  const lock = await client.getMailboxLock(folder, { readOnly: true });
  try {
    const head = await client.fetchOne(
      String(uid),
      { uid: true, envelope: true, flags: true, size: true, internalDate: true },
      { uid: true },
    );
    if (head === false) {
      throw new AppError("NOT_FOUND", `folder ${JSON.stringify(folder)} has no message with uid ${uid}`, { details: { field: "uid" } });
    }
    const sizeBytes = head.size ?? 0;
    if (sizeBytes > maxBytes) throw tooLarge(uid, sizeBytes, maxBytes);
    const whole = await client.fetchOne(String(uid), { source: { maxLength: maxBytes + 1 } }, { uid: true });
    const source = whole === false ? undefined : whole.source;
    if (source === undefined) throw new AppError("UPSTREAM_REJECTED", `the server did not give the message with uid ${uid}`);
    // Its own word on the size is not trusted.
    if (source.byteLength > maxBytes) throw tooLarge(uid, source.byteLength, maxBytes);
    return { ...toSummary(head), ...(await takeApart(source, request)) };
  } finally {
    lock.release();
  }
}

async function takeApart(source: Buffer, { attachments }: MailRequest): Promise<JsonObject> {
  const [parsed, { htmlText }] = await Promise.all([parse(source), import("../../operations/documents/htmlText.ts")]);
  const html = typeof parsed.html === "string" ? parsed.html : null;
  return {
    text: parsed.text ?? (html === null ? null : htmlText(html.slice(0, MAX_HTML_CHARACTERS))),
    html,
    reply_to: clipped(parsed.replyTo?.text),
    references: (typeof parsed.references === "string" ? [parsed.references] : (parsed.references ?? [])).slice(0, 100),
    attachments: parsed.attachments.map(({ filename, contentType, size, content }) => ({
      // A name only, whatever the sender made of it: never a path.
      filename: clipped(filename)?.replaceAll(/[/\\\p{Cc}]/gu, "_") ?? null,
      content_type: contentType,
      size_bytes: size,
      content_base64: attachments === "content" ? content.toString("base64") : null,
    })),
  };
}

/** @throws AppError `UPSTREAM_REJECTED` for one with more parts or longer headers than any honest message has */
async function parse(source: Buffer): Promise<ParsedMail> {
  const { simpleParser } = await import("mailparser");
  try {
    return await simpleParser(source, {
      skipHtmlToText: true,
      skipTextToHtml: true,
      skipImageLinks: true,
      skipTextLinks: true,
      keepCidLinks: true,
      checksumAlgo: false,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("UPSTREAM_REJECTED", `the message cannot be taken apart: ${reason}`, { cause });
  }
}

function tooLarge(uid: number, bytes: number, maxBytes: number): AppError {
  return new AppError("OUTPUT_TOO_LARGE", `message ${uid} has ${bytes} bytes, more than max_bytes ${maxBytes}`, {
    details: { field: "max_bytes", expected: `at most ${maxBytes} bytes`, got: `${bytes} bytes` },
  });
}
