// The few IMAP commands that plugin `email` uses, over mails in memory, and the ways in which a server misbehaves. Tests against a real one: tests/peers.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

export interface KeptMail {
  readonly folder: string;
  readonly raw: string;
}

/** `hang`: says nothing after the login. `huge`: announces a literal of gigabytes. `drop`: cuts the connection on a search. */
export type ImapFault = "none" | "hang" | "huge" | "drop";

export class ImapPeer implements AsyncDisposable {
  readonly mails: KeptMail[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #fault: ImapFault;

  private constructor(fault: ImapFault) {
    this.#fault = fault;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      const session = new Session(this.mails, socket, this.#fault);
      socket.on("data", (chunk: Buffer) => session.take(chunk.toString("latin1")));
      socket.write("* OK [CAPABILITY IMAP4rev1] ready\r\n");
    });
  }

  static async open(fault: ImapFault = "none"): Promise<ImapPeer> {
    const peer = new ImapPeer(fault);
    await new Promise<void>((resolve) => peer.#server.listen(0, "127.0.0.1", resolve));
    return peer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

class Session {
  readonly #mails: KeptMail[];
  readonly #socket: Socket;
  readonly #fault: ImapFault;
  #text = "";
  #folder = "";

  constructor(mails: KeptMail[], socket: Socket, fault: ImapFault) {
    this.#mails = mails;
    this.#socket = socket;
    this.#fault = fault;
  }

  take(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf("\r\n"); end >= 0; end = this.#text.indexOf("\r\n")) {
      const line = this.#text.slice(0, end);
      const literal = /\{(\d+)\+?\}$/.exec(line);
      if (literal === null) {
        this.#text = this.#text.slice(end + 2);
        this.#answer(line, "");
        continue;
      }
      const size = Number(literal[1]);
      // What follows the literal ends the command.
      const isWhole = this.#text.length >= end + 2 + size + 2;
      if (!isWhole) {
        if (!line.includes("+}") && this.#text.length === end + 2) this.#socket.write("+ go on\r\n");
        return;
      }
      const content = this.#text.slice(end + 2, end + 2 + size);
      this.#text = this.#text.slice(end + 2 + size + 2);
      this.#answer(line, content);
    }
  }

  #answer(line: string, literal: string): void {
    const [tag = "", ...words] = line.split(" ");
    const verb = verbOf(words);
    if (this.#fault === "hang" && verb !== "LOGIN") return;
    if (this.#fault === "drop" && verb === "SEARCH") this.#socket.destroy();
    if (this.#fault === "huge" && verb === "FETCH") {
      this.#socket.write("* 1 FETCH (UID 1 BODY[] {4000000000}\r\n");
      return;
    }
    if (verb === "SELECT" || verb === "EXAMINE") this.#folder = unquote(words.slice(1).join(" "));
    if (verb === "APPEND") this.#mails.push({ folder: unquote(words[1] ?? ""), raw: literal });
    for (const said of this.#details(verb, words)) this.#socket.write(`* ${said}\r\n`, "latin1");
    this.#socket.write(`${tag} OK done\r\n`);
  }

  #details(verb: string, words: readonly string[]): string[] {
    const mails = this.#mails.filter(({ folder }) => folder === this.#folder);
    if (verb === "CAPABILITY") return ["CAPABILITY IMAP4rev1"];
    // With no pattern it is asked for the delimiter only.
    if (verb === "LIST" && unquote(words[2] ?? "") === "") return ['LIST (\\Noselect) "/" ""'];
    if (verb === "LIST") return ['LIST (\\HasNoChildren) "/" INBOX', 'LIST (\\HasNoChildren \\Sent) "/" Sent'];
    if (verb === "SELECT" || verb === "EXAMINE")
      return [`${mails.length} EXISTS`, "FLAGS (\\Seen)", "OK [UIDVALIDITY 7] ok", "OK [UIDNEXT 99] ok"];
    if (verb === "SEARCH") {
      const wanted = words.flatMap((word, at) => (word.toUpperCase().endsWith("HEADER") ? [unquote(words[at + 2] ?? "")] : []));
      const found = mails.flatMap(({ raw }, at) => (wanted.length === 0 || wanted.some((term) => raw.includes(term)) ? [at + 1] : []));
      return [`SEARCH ${found.join(" ")}`.trim()];
    }
    if (verb !== "FETCH") return [];
    const isWhole = words.join(" ").includes("BODY");
    return listed(words[2] ?? "").flatMap((uid) => {
      const raw = mails[uid - 1]?.raw;
      if (raw === undefined) return [];
      const body = isWhole ? ` BODY[]<0> {${raw.length}}\r\n${raw}` : "";
      return [
        `${uid} FETCH (UID ${uid} FLAGS () RFC822.SIZE ${raw.length} ENVELOPE (NIL "a mail" NIL NIL NIL NIL NIL NIL NIL NIL)${body})`,
      ];
    });
  }
}

function listed(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split(":").map(Number);
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
}

function verbOf([first = "", second = ""]: readonly string[]): string {
  return (first.toUpperCase() === "UID" ? second : first).toUpperCase();
}

function unquote(text: string): string {
  return text.replaceAll(/["()]/g, "");
}
