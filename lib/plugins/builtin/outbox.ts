// Plugin `outbox`: hands messages over as files in a folder, exactly one per key. Sends nothing itself: whatever watches the folder does.
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { WorkspaceId } from "../../core/ids.ts";
import type { JsonValue } from "../../core/json.ts";
import { defineAction, definePlugin } from "../definePlugin.ts";
import { hashedIdempotencyKey } from "../idempotencyKey.ts";
import type { FileServices, Plugin } from "../types.ts";
import { jsonValue } from "./jsonValue.ts";

const MAX_MESSAGE_BYTES = 5_000_000;
const YEAR_HOURS = 365 * 24;

const message = z.object({
  id: z.string(),
  to: z.array(z.string()),
  subject: z.string().nullable(),
  body: jsonValue,
  channel: z.string(),
  delivered_at: z.string(),
});
const receipt = z.object({ id: z.string(), file: z.string(), delivered_at: z.string() });

type Message = z.output<typeof message>;

/** @param outboxOf the folder of a workspace's messages */
export function createOutboxPlugin(outboxOf: (workspaceId: WorkspaceId) => FileServices): Plugin {
  const deliver = defineAction({
    description: "Writes a message into the outbox; the same call never delivers twice",
    effect: "write",
    idempotency: { by: "natural", windowHours: YEAR_HOURS },
    params: z.strictObject({
      to: z.array(z.string().min(1)).default([]),
      subject: z.string().optional(),
      body: jsonValue,
      channel: z.string().min(1).default("default"),
    }),
    output: receipt,
    costUsd: 0,
    run: async ({ to, subject, body, channel }, context) => {
      const id = hashedIdempotencyKey(context.idempotencyKey);
      const delivered: Message = {
        id,
        to,
        subject: subject ?? null,
        body,
        channel,
        delivered_at: new Date(context.clock.nowMs()).toISOString(),
      };
      const bytes = Buffer.from(`${JSON.stringify(delivered, null, 2)}\n`);
      if (bytes.byteLength > MAX_MESSAGE_BYTES) {
        throw new AppError("PARAMS_INVALID", `the message has ${bytes.byteLength} bytes, more than ${MAX_MESSAGE_BYTES}`, {
          details: { field: "body" },
        });
      }
      context.signal.throwIfAborted();
      const outbox = outboxOf(context.workspaceId);
      // The name is the key: of two tries, crashed or at once, one finds the other's file.
      if (await outbox.createExclusive(fileOf(id), bytes)) return receiptOf(delivered);
      return receiptOf(await read(outbox, fileOf(id)));
    },
    verify: async (context) => {
      const id = hashedIdempotencyKey(context.idempotencyKey);
      const outbox = outboxOf(context.workspaceId);
      if ((await outbox.stat(fileOf(id))) === undefined) return { happened: false };
      return { happened: true, output: receiptOf(await read(outbox, fileOf(id))) };
    },
  });

  const list = defineAction({
    description: "Lists delivered messages, oldest first",
    effect: "read",
    idempotency: { by: "natural", windowHours: YEAR_HOURS },
    params: z.strictObject({ channel: z.string().optional(), limit: z.int().positive().max(1_000).default(100) }),
    output: z.object({ messages: z.array(message), is_truncated: z.boolean() }),
    costUsd: 0,
    run: async ({ channel, limit }, context) => {
      const outbox = outboxOf(context.workspaceId);
      const { entries, isTruncated } = await outbox.list(".", { recursive: false, limit: 10_000 });
      const found: Message[] = [];
      for (const { path } of entries.filter((entry) => entry.path.endsWith(".json"))) found.push(await read(outbox, path));
      const wanted = found.filter((delivered) => channel === undefined || delivered.channel === channel);
      wanted.sort((left, right) => left.delivered_at.localeCompare(right.delivered_at) || left.id.localeCompare(right.id));
      return { messages: wanted.slice(0, limit), is_truncated: isTruncated || wanted.length > limit };
    },
  });

  return definePlugin({
    name: "outbox",
    version: "1.0.0",
    description: "Messages handed over as files, one per key",
    actions: { deliver, list },
  });
}

function fileOf(id: string): string {
  return `${id}.json`;
}

function receiptOf({ id, delivered_at: deliveredAt }: Message): JsonValue {
  return { id, file: fileOf(id), delivered_at: deliveredAt };
}

async function read(outbox: FileServices, file: string): Promise<Message> {
  const result = message.safeParse(JSON.parse((await outbox.read(file, MAX_MESSAGE_BYTES)).toString("utf8")));
  if (result.success) return result.data;
  throw new AppError("FILE_UNREADABLE", `outbox file ${file} is not a message of ours: ${result.error.message}`, { details: { file } });
}
