// Params and outputs of plugin `email`. Every text that becomes part of a header is one line.
import { z } from "zod";
import { addressText, lineText } from "../email/mailAddress.ts";

const MAX_RECIPIENTS = 100;
const MAX_BODY_CHARACTERS = 10_000_000;
const MESSAGE_ID = /^<[^\s<>@]{1,250}@[^\s<>@]{1,250}>$/;
const CONTENT_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,60}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}$/;

const connection = z.string().min(1).max(64).default("email").describe("name of the stored mail account");
const addresses = z.array(addressText).max(MAX_RECIPIENTS);
const messageId = z.string().regex(MESSAGE_ID, "is not a Message-ID such as <id@host>");
const folder = lineText(500).min(1).default("INBOX");
const term = lineText(500).min(1).optional();
/** What `new Date` reads but a calendar does not know is refused by zod. */
const day = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).optional();

export const sendParams = z.strictObject({
  to: addresses.min(1),
  cc: addresses.default([]),
  bcc: addresses.default([]),
  reply_to: addressText.optional(),
  subject: lineText(900),
  text: z.string().max(MAX_BODY_CHARACTERS).describe("plain text; required also where there is html"),
  html: z.string().max(MAX_BODY_CHARACTERS).optional(),
  attachments: z
    .array(
      z.strictObject({
        path: lineText(2_000).min(1).describe("below the files root"),
        filename: lineText(200).min(1).optional(),
        content_type: z.string().regex(CONTENT_TYPE, "is not a media type such as text/csv").optional(),
      }),
    )
    .max(50)
    .default([]),
  in_reply_to: messageId.optional(),
  references: z.array(messageId).max(100).default([]),
  connection,
});
export type SendParams = z.output<typeof sendParams>;

export const sendOutput = z.object({
  message_id: z.string(),
  recipients: z.array(z.object({ address: z.string(), status: z.enum(["accepted", "refused", "unknown"]), reply: z.string().nullable() })),
  /** The server's acknowledgement; null when the mail was found afterwards. */
  reply: z.string().nullable(),
  size_bytes: z.number(),
  /** Null: no copy is filed by us. */
  copy: z.object({ folder: z.string().nullable(), failure: z.string().nullable() }).nullable(),
});

export const searchParams = z.strictObject({
  folder,
  from: term,
  to: term,
  subject: term,
  text: term,
  message_id: messageId.optional(),
  since: day.describe("received on or after this day"),
  before: day.describe("received before this day"),
  seen: z.boolean().optional(),
  limit: z.int().min(1).max(500).default(50),
  connection,
});

const address = z.object({ name: z.string(), address: z.string() });
const summary = z.object({
  uid: z.number(),
  message_id: z.string().nullable(),
  in_reply_to: z.string().nullable(),
  subject: z.string().nullable(),
  from: z.array(address),
  to: z.array(address),
  cc: z.array(address),
  date: z.string().nullable(),
  received_at: z.string().nullable(),
  size_bytes: z.number().nullable(),
  flags: z.array(z.string()),
  is_seen: z.boolean(),
});

export const searchOutput = z.object({
  messages: z.array(summary),
  total: z.number(),
  is_truncated: z.boolean(),
  uid_validity: z.string().nullable(),
});

export const fetchParams = z.strictObject({
  uid: z.int().min(1).max(4_294_967_295).describe("as `search` gives it"),
  folder,
  max_bytes: z.int().min(1).max(20_000_000).default(5_000_000),
  attachments: z.enum(["list", "content"]).default("list"),
  connection,
});

export const mailOutput = summary.extend({
  text: z.string().nullable(),
  html: z.string().nullable(),
  reply_to: z.string().nullable(),
  references: z.array(z.string()),
  attachments: z.array(
    z.object({
      filename: z.string().nullable(),
      content_type: z.string(),
      size_bytes: z.number(),
      content_base64: z.string().nullable(),
    }),
  ),
});
