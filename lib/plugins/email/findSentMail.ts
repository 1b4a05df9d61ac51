// Looks in the account's own folders for a mail that may have been sent. Changes nothing.
import type { ImapFlow } from "imapflow";
import { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { hashedIdempotencyKey } from "../idempotencyKey.ts";
import type { ActionContext } from "../types.ts";
import { KEY_HEADER } from "./composeMail.ts";
import type { MailAccount } from "./mailAccount.ts";
import type { MailServer } from "./mailServer.ts";
import { findSentFolder, withMailbox } from "./openMailbox.ts";

export interface FoundMail {
  readonly folder: string;
  readonly sizeBytes: number;
}

/**
 * In the folder of sent mail, then in the inbox, where it is when the account itself is among the recipients. Null proves
 * nothing: a provider that files what it sends does so seconds or minutes later.
 *
 * @throws AppError `CONNECTION_INVALID` without an IMAP server: then nobody can look
 */
export async function findSentMail(account: MailAccount, server: MailServer, context: ActionContext): Promise<FoundMail | null> {
  return withMailbox(server, context, async (client) => {
    const sent = await findSentFolder(client, account.sentFolder);
    const folders = [...new Set([...(sent === null ? [] : [sent]), "INBOX"])];
    for (const folder of folders) {
      const mail = await findIn(client, folder, hashedIdempotencyKey(context.idempotencyKey));
      if (mail !== null) return mail;
    }
    return null;
  });
}

/** Servers match a part of a header, so the domain of the Message-ID, which may have changed since, does not matter. */
async function findIn(client: ImapFlow, folder: string, id: string): Promise<FoundMail | null> {
  const lock = await client.getMailboxLock(folder, { readOnly: true });
  try {
    const uids = await client.search({ or: [{ header: { "message-id": id } }, { header: { [KEY_HEADER]: id } }] }, { uid: true });
    // `false` or nothing is a search that failed, which is not a search that found nothing.
    if (!Array.isArray(uids)) throw new AppError("UPSTREAM_UNAVAILABLE", `folder ${JSON.stringify(folder)} could not be searched`);
    const [uid] = uids;
    if (uid === undefined) return null;
    const message = await client.fetchOne(String(uid), { size: true }, { uid: true });
    return { folder, sizeBytes: message === false ? 0 : (message.size ?? 0) };
  } finally {
    lock.release();
  }
}

/** A copy for the folder of sent mail; says how that went and never fails: the mail itself is sent by then. */
export async function fileCopy(account: MailAccount, server: MailServer, bytes: Buffer, context: ActionContext): Promise<JsonObject> {
  const ended = new AbortController();
  const cancel = context.clock.schedule(COPY_TIMEOUT_MS, () => ended.abort(new Error(`not done after ${COPY_TIMEOUT_MS} ms`)));
  try {
    return await withMailbox(server, { signal: AbortSignal.any([context.signal, ended.signal]) }, async (client) => {
      const folder = await findSentFolder(client, account.sentFolder);
      if (folder === null) return { folder: null, failure: "the account has no folder of sent mail" };
      const filed = await client.append(folder, bytes, ["\\Seen"]);
      return { folder, failure: filed === false ? "the server did not take the copy" : null };
    });
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    context.log.warn({ error: failure }, "a mail was sent, but its copy was not filed");
    return { folder: null, failure };
  } finally {
    cancel();
  }
}

const COPY_TIMEOUT_MS = 10_000;
