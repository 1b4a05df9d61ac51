// Makes the bytes of one message. Sends nothing; reads attachments through the file jail only.
import { AppError } from "../../core/errors.ts";
import type { ActionContext } from "../types.ts";
import { hashedIdempotencyKey } from "../idempotencyKey.ts";
import type { MailAddress } from "./mailAddress.ts";

export const MAX_MESSAGE_BYTES = 25_000_000;

/** Beside the Message-ID, which some submission servers replace by their own. */
export const KEY_HEADER = "X-NeuronForge-Key";

export interface MailContent {
  readonly from: MailAddress;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly replyTo: MailAddress | null;
  readonly subject: string;
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly inReplyTo: string | undefined;
  readonly references: readonly string[];
  readonly attachments: readonly {
    readonly path: string;
    readonly filename?: string | undefined;
    readonly content_type?: string | undefined;
  }[];
}

export interface ComposedMail {
  readonly messageId: string;
  readonly bytes: Buffer;
}

/** The same for every try of one call, and of no other; the part before the `@` alone tells it. */
export function messageIdOf(key: string, from: MailAddress): string {
  return `<${hashedIdempotencyKey(key)}@${from.address.slice(from.address.lastIndexOf("@") + 1)}>`;
}

/** @throws AppError `PARAMS_INVALID` when it is larger than {@link MAX_MESSAGE_BYTES}; what reading a file throws */
export async function composeMail(content: MailContent, context: ActionContext): Promise<ComposedMail> {
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  const messageId = messageIdOf(context.idempotencyKey, content.from);
  const attachments = await readAttachments(content.attachments, context);
  const composer = new MailComposer({
    messageId,
    date: new Date(context.clock.nowMs()),
    from: toParts(content.from),
    to: content.to.map(toParts),
    cc: content.cc.map(toParts),
    subject: content.subject,
    text: content.text,
    html: content.html,
    references: [...content.references],
    headers: { [KEY_HEADER]: hashedIdempotencyKey(context.idempotencyKey) },
    attachments,
    ...(content.replyTo !== null && { replyTo: toParts(content.replyTo) }),
    ...(content.inReplyTo !== undefined && { inReplyTo: content.inReplyTo }),
    // Everything is given as bytes: neither a path nor an address in some field may be followed.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const bytes = await composer.compile().build();
  if (bytes.byteLength > MAX_MESSAGE_BYTES) throw tooLarge("text", bytes.byteLength);
  return { messageId, bytes };
}

async function readAttachments(given: MailContent["attachments"], { files }: ActionContext) {
  const read = [];
  let total = 0;
  for (const [index, { path, filename, content_type: contentType }] of given.entries()) {
    const content = await files.read(path, MAX_MESSAGE_BYTES);
    total += content.byteLength;
    if (total > MAX_MESSAGE_BYTES) throw tooLarge(`attachments[${index}]`, total);
    read.push({ content, filename: filename ?? path.slice(path.lastIndexOf("/") + 1), ...(contentType !== undefined && { contentType }) });
  }
  return read;
}

function tooLarge(field: string, bytes: number): AppError {
  return new AppError("PARAMS_INVALID", `${field}: the message has ${bytes} bytes, more than ${MAX_MESSAGE_BYTES}`, {
    details: { field, expected: `at most ${MAX_MESSAGE_BYTES} bytes`, got: `${bytes} bytes`, accepted: "no" },
  });
}

/** As parts and never as text: the library need not parse, and cannot parse otherwise than we did. */
function toParts({ name, address }: MailAddress): { name: string; address: string } {
  return { name, address };
}
