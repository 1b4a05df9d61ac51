// Hands one message to an SMTP server and says exactly what is known afterwards. Tries once.
import { Readable } from "node:stream";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import { AppError } from "../../core/errors.ts";
import type { ActionContext } from "../types.ts";
import { atFirstReached, type MailServer, shownReply, toServerError } from "./mailServer.ts";

export interface Submission {
  readonly from: string;
  readonly to: readonly string[];
  readonly bytes: Buffer;
}

export interface RecipientReport {
  readonly address: string;
  readonly status: "accepted" | "refused" | "unknown";
  /** What the server said when it refused. */
  readonly reply: string | null;
}

export interface SubmissionReport {
  readonly recipients: readonly RecipientReport[];
  readonly reply: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000;
/** All of it together: afterwards there must be time to file a copy before the action's own limit. */
export const SUBMIT_TIMEOUT_MS = 90_000;
const CHUNK_BYTES = 65_536;

/**
 * @throws AppError with `details.accepted`: `no` for every end before the last byte was handed over and for a final 5xx, since
 *   a server may deliver only what it acknowledged or could acknowledge; `maybe` from the last byte on
 */
export async function submitMail(server: MailServer, submission: Submission, context: ActionContext): Promise<SubmissionReport> {
  const { signal, clock } = context;
  signal.throwIfAborted();
  const { default: Connection } = await import("nodemailer/lib/smtp-connection");
  const late = new AbortController();
  const cancelTimeout = clock.schedule(SUBMIT_TIMEOUT_MS, () => late.abort(new Error(`not done after ${SUBMIT_TIMEOUT_MS} ms`)));
  const ended = AbortSignal.any([signal, late.signal]);
  try {
    return await atFirstReached(server, ended, async (address) =>
      submitAt(new Connection(connectionOptions(server, submission, address)), server, submission, ended),
    );
  } finally {
    cancelTimeout();
  }
}

function connectionOptions(server: MailServer, submission: Submission, address: string): SMTPConnection.Options {
  return {
    host: address,
    port: server.port,
    secure: server.security === "tls",
    requireTLS: server.security === "starttls",
    ignoreTLS: server.security === "none",
    servername: typeof server.tls.servername === "string" ? server.tls.servername : undefined,
    tls: server.tls,
    name: submission.from.slice(submission.from.lastIndexOf("@") + 1),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: IDLE_TIMEOUT_MS,
    socketCloseTimeout: 0,
    allowInternalNetworkInterfaces: true,
    maxResponseSize: 100_000,
    logger: false,
  };
}

async function submitAt(
  connection: SMTPConnection,
  server: MailServer,
  submission: Submission,
  signal: AbortSignal,
): Promise<SubmissionReport> {
  const conversation = new Conversation(connection, server, submission);
  const onAbort = (): void => conversation.end(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await conversation.run(signal);
  } finally {
    signal.removeEventListener("abort", onAbort);
    connection.close();
  }
}

type Stage = "connecting" | "logging in" | "naming the recipients" | "sending" | "waiting for the acknowledgement";

class Conversation {
  readonly #connection: SMTPConnection;
  readonly #server: MailServer;
  readonly #submission: Submission;
  readonly #broken = Promise.withResolvers<never>();
  #stage: Stage = "connecting";

  constructor(connection: SMTPConnection, server: MailServer, submission: Submission) {
    this.#connection = connection;
    this.#server = server;
    this.#submission = submission;
    // Before anybody waits for it.
    this.#broken.promise.catch(() => undefined);
    connection.on("error", (error: unknown) => this.#broken.reject(error));
    connection.on("end", () => this.#broken.reject(new Error("the connection was closed")));
  }

  async run(signal: AbortSignal): Promise<SubmissionReport> {
    try {
      // It may have ended while the library was loaded.
      signal.throwIfAborted();
      await this.#step((done) => this.#connection.connect(done));
      await this.#logIn();
      return await this.#send();
    } catch (error) {
      throw this.#describe(error);
    }
  }

  end(reason: unknown): void {
    this.#broken.reject(reason);
    this.#connection.close();
  }

  async #logIn(): Promise<void> {
    this.#stage = "logging in";
    const { login } = this.#server;
    if (login === null) return;
    // Named, so that no server can ask for a way of its own.
    const { user, password } = login;
    await this.#step((done) => this.#connection.login({ user, pass: password, credentials: { user, pass: password } }, done));
  }

  async #send(): Promise<SubmissionReport> {
    const { from, to, bytes } = this.#submission;
    this.#stage = "naming the recipients";
    const sent = Promise.withResolvers<{ readonly response: string; readonly rejectedErrors?: readonly object[] | undefined }>();
    this.#connection.send({ from, to: [...to], size: bytes.byteLength }, this.#messageStream(bytes), (error, info) => {
      if (error !== null && error !== undefined) sent.reject(error);
      else if (info === undefined) sent.reject(new Error("no answer"));
      else sent.resolve({ response: info.response ?? "", rejectedErrors: info.rejectedErrors });
    });
    const { response, rejectedErrors } = await Promise.race([sent.promise, this.#broken.promise]);
    return { recipients: this.#reportRecipients(rejectedErrors ?? []), reply: shownReply(response, this.#server) };
  }

  /** Read only after the server asked for the content; its end is the moment from which the server may deliver. */
  #messageStream(bytes: Buffer): Readable {
    let offset = 0;
    const onRead = (stream: Readable): void => {
      this.#stage = "sending";
      if (offset >= bytes.byteLength) {
        this.#stage = "waiting for the acknowledgement";
        stream.push(null);
        return;
      }
      const chunk = bytes.subarray(offset, offset + CHUNK_BYTES);
      offset += chunk.byteLength;
      stream.push(chunk);
    };
    return new Readable({
      read() {
        onRead(this);
      },
    });
  }

  #reportRecipients(errors: readonly object[]): RecipientReport[] {
    const refused = new Map(errors.map((error) => [textOf(error, "recipient"), shownReply(textOf(error, "response"), this.#server)]));
    return this.#submission.to.map((address) => {
      const reply = refused.get(address);
      return { address, status: reply === undefined ? "accepted" : "refused", reply: reply ?? null };
    });
  }

  async #step(work: (done: (error?: unknown) => void) => void): Promise<void> {
    const ended = Promise.withResolvers<void>();
    work((error) => {
      if (error === undefined || error === null) ended.resolve();
      else ended.reject(error);
    });
    await Promise.race([ended.promise, this.#broken.promise]);
  }

  #describe(thrown: unknown): AppError {
    const stage = this.#stage;
    const status = statusOf(thrown);
    const accepted = stage === "waiting for the acknowledgement" && !(status >= 500) ? "maybe" : "no";
    const refused = refusalsOf(thrown).map(
      (error) => `${textOf(error, "recipient")}: ${shownReply(textOf(error, "response"), this.#server)}`,
    );
    if (AppError.is(thrown)) return new AppError(thrown.code, thrown.message, { details: { ...thrown.details, accepted }, cause: thrown });
    const failed = toServerError(thrown, this.#server, {
      accepted,
      when: stage,
      isLogin: stage === "logging in" && status >= 500,
      details: { ...(status > 0 && { smtpStatus: status }), ...(refused.length > 0 && { recipients: refused }) },
    });
    if (status < 500 || failed.code === "UPSTREAM_REJECTED") return failed;
    return new AppError("UPSTREAM_REJECTED", failed.message, { details: failed.details });
  }
}

function statusOf(error: unknown): number {
  const value: unknown = typeof error === "object" && error !== null && "responseCode" in error ? error.responseCode : 0;
  return typeof value === "number" ? value : 0;
}

function refusalsOf(error: unknown): readonly object[] {
  const found: unknown = typeof error === "object" && error !== null && "rejectedErrors" in error ? error.rejectedErrors : [];
  return Array.isArray(found) ? found.filter((refusal): refusal is object => typeof refusal === "object" && refusal !== null) : [];
}

function textOf(error: object, field: "recipient" | "response"): string {
  const value: unknown = (error as Readonly<Record<string, unknown>>)[field];
  return typeof value === "string" ? value : "";
}
