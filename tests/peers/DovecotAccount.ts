// A mailbox of its own on the server that `.ci/dovecot.sh start` started; its facts come in the variable DOVECOT.
import { ImapFlow } from "imapflow";
import { randomId } from "../../lib/core/ids.ts";
import type { JsonObject } from "../../lib/core/json.ts";

interface Facts {
  readonly port: number;
  readonly tlsPort: number;
  readonly password: string;
  readonly cert: string;
  readonly key: string;
}

const given = process.env["DOVECOT"];

/** Undefined: there is no server, and the tests that need one are skipped. */
export const dovecot: Facts | undefined = given === undefined || given === "" ? undefined : (JSON.parse(given) as Facts);

export class DovecotAccount {
  readonly user = `u${randomId()}`;
  readonly #facts: Facts;

  constructor() {
    if (dovecot === undefined) throw new Error("DOVECOT is not set; `.ci/dovecot.sh start` prints what it holds");
    this.#facts = dovecot;
  }

  imap(security: "tls" | "starttls" | "none" = "none", more: JsonObject = {}): JsonObject {
    const { port, tlsPort, password, cert } = this.#facts;
    const secured = security === "none" ? {} : { ca: cert };
    return {
      host: security === "none" ? "127.0.0.1" : "localhost",
      port: security === "tls" ? tlsPort : port,
      security,
      user: this.user,
      password,
      ...secured,
      ...more,
    };
  }

  /** As a server does when mail arrives, or when it keeps a copy of what it sent. */
  async put(folder: string, raw: string, flags: readonly string[] = []): Promise<void> {
    await this.#with(async (client) => client.append(folder, raw.replaceAll(/\r?\n/g, "\r\n"), [...flags]));
  }

  async count(folder: string): Promise<number> {
    return this.#with(async (client) => {
      const status = await client.status(folder, { messages: true });
      return status === false ? 0 : (status.messages ?? 0);
    });
  }

  async #with<T>(work: (client: ImapFlow) => Promise<T>): Promise<T> {
    const { port, password } = this.#facts;
    const client = new ImapFlow({
      host: "127.0.0.1",
      port,
      secure: false,
      doSTARTTLS: false,
      auth: { user: this.user, pass: password },
      logger: false,
    });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.logout();
    }
  }
}
