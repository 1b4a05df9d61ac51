// A real SMTP server (smtp-server) on 127.0.0.1 for tests: keeps what it accepted, refuses whom it is told to refuse.
import type { AddressInfo } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerEnvelope, type SMTPServerOptions } from "smtp-server";

export interface AcceptedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly parsed: ParsedMail;
}

export class SmtpPeer implements AsyncDisposable {
  readonly accepted: AcceptedMail[] = [];
  readonly logins: string[] = [];
  readonly #server: SMTPServer;

  private constructor(options: SMTPServerOptions, refused: ReadonlyMap<string, number>) {
    this.#server = new SMTPServer({
      authOptional: true,
      allowInsecureAuth: true,
      disableReverseLookup: true,
      disabledCommands: ["STARTTLS"],
      logger: false,
      closeTimeout: 100,
      onAuth: ({ username = "", password }, _session, done) => {
        this.logins.push(username);
        if (password === "right") done(null, { user: username });
        else done(Object.assign(new Error(`wrong password ${String(password)}`), { responseCode: 535 }));
      },
      onRcptTo: ({ address }, _session, done) => {
        const responseCode = refused.get(address);
        done(responseCode === undefined ? null : Object.assign(new Error("no such mailbox"), { responseCode }));
      },
      onData: (stream, { envelope }, done) => void this.#keep(stream, envelope, done),
      ...options,
    });
    // Clients that go away in the middle are what some tests are about.
    this.#server.on("error", () => undefined);
  }

  static async open(options: SMTPServerOptions = {}, refused: Readonly<Record<string, number>> = {}): Promise<SmtpPeer> {
    const peer = new SmtpPeer(options, new Map(Object.entries(refused)));
    await new Promise<void>((resolve) => peer.#server.listen(0, "127.0.0.1", resolve));
    return peer;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  async #keep(stream: SMTPServerDataStream, envelope: SMTPServerEnvelope, done: (error: null, reply: string) => void): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
    const to = envelope.rcptTo.map(({ address }) => address);
    this.accepted.push({ from, to, raw: raw.toString("utf8"), parsed: await simpleParser(raw) });
    done(null, "queued as 42");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
