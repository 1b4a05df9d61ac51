// One IMAP session for one piece of work: opened, bounded, closed. Reads; the only thing it can change is adding a copy to a folder.
import type { ImapFlow, ImapFlowOptions } from "imapflow";
import { AppError } from "../../core/errors.ts";
import type { ActionContext } from "../types.ts";
import { atFirstReached, type MailServer, toServerError } from "./mailServer.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000;
/** A line of answers, a header block or a whole message. */
export const MAX_LITERAL_BYTES = 30_000_000;
const MAX_RESPONSE_TOKENS = 500_000;

/** @throws AppError as {@link toServerError} makes it; the signal's reason when aborted */
export async function withMailbox<T>(
  server: MailServer,
  { signal }: Pick<ActionContext, "signal">,
  work: (client: ImapFlow) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const { ImapFlow: Client } = await import("imapflow");
  return atFirstReached(server, signal, async (address) => withMailboxAt(new Client(clientOptions(server, address)), server, signal, work));
}

function clientOptions(server: MailServer, address: string): ImapFlowOptions {
  return {
    host: address,
    port: server.port,
    secure: server.security === "tls",
    doSTARTTLS: server.security === "starttls",
    ...(typeof server.tls.servername === "string" && { servername: server.tls.servername }),
    tls: server.tls,
    auth: server.login === null ? undefined : { user: server.login.user, pass: server.login.password },
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: IDLE_TIMEOUT_MS,
    maxLineLength: MAX_LITERAL_BYTES,
    maxLiteralSize: MAX_LITERAL_BYTES,
    maxResponseSize: 2 * MAX_LITERAL_BYTES,
    maxResponseTokens: MAX_RESPONSE_TOKENS,
    disableAutoIdle: true,
    disableCompression: true,
    clientInfo: { name: "neuronforge" },
    logger: false,
  };
}

async function withMailboxAt<T>(
  client: ImapFlow,
  server: MailServer,
  signal: AbortSignal,
  work: (client: ImapFlow) => Promise<T>,
): Promise<T> {
  // It may have ended while the library was loaded.
  signal.throwIfAborted();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  // Without a listener an error of the socket would end the process.
  client.on("error", (error: unknown) => broken.reject(error));
  client.on("close", () => broken.reject(new Error("the connection was closed")));
  const onAbort = (): void => {
    broken.reject(signal.reason);
    client.close();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([client.connect(), broken.promise]);
    return await Promise.race([work(client), broken.promise]);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (AppError.is(error)) throw error;
    throw describe(error, server);
  } finally {
    signal.removeEventListener("abort", onAbort);
    client.close();
  }
}

function describe(error: unknown, server: MailServer): AppError {
  const facts = typeof error === "object" && error !== null ? (error as Readonly<Record<string, unknown>>) : {};
  const isLogin = facts["authenticationFailed"] === true;
  const status = facts["responseStatus"];
  const said = facts["responseText"];
  if (!isLogin && (status === "NO" || status === "BAD")) {
    const failed = toServerError(new Error(typeof said === "string" ? said : status), server, {
      accepted: "no",
      when: "which refused",
    });
    return new AppError("UPSTREAM_REJECTED", failed.message, { details: failed.details });
  }
  return toServerError(error, server, { accepted: "no", when: isLogin ? "logging in" : "reading", isLogin });
}

/** The folder of sent mail: the account's own word, else the server's mark, else "Sent" where there is one. */
export async function findSentFolder(client: ImapFlow, stated: string | undefined): Promise<string | null> {
  if (stated !== undefined) return stated;
  const folders = await client.list();
  const marked = folders.find(({ specialUse }) => specialUse === "\\Sent");
  return (marked ?? folders.find(({ path }) => path === "Sent"))?.path ?? null;
}
