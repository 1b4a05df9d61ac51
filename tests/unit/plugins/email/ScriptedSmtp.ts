// An SMTP server that misbehaves at one chosen moment: what smtp-server is too well-mannered to do.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

export type Moment = "connect" | "greeting" | "EHLO" | "MAIL" | "RCPT" | "DATA" | "content" | "dot";
/** `drop`: the connection is cut. `hang`: nothing more is said. A text: that is said. */
export type Deed = "drop" | "hang" | (string & {});

const USUAL: Readonly<Record<Exclude<Moment, "connect" | "content">, string>> = {
  greeting: "220 scripted",
  EHLO: "250 scripted",
  MAIL: "250 ok",
  RCPT: "250 ok",
  DATA: "354 go on",
  dot: "250 queued",
};

export class ScriptedSmtp implements AsyncDisposable {
  /** Contents that ended with a dot: a real server may deliver these whatever it answered. */
  readonly complete: string[] = [];
  readonly commands: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #reached = Promise.withResolvers<void>();
  readonly #moment: Moment;
  readonly #deed: Deed;

  private constructor(moment: Moment, deed: Deed) {
    this.#moment = moment;
    this.#deed = deed;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async open(moment: Moment, deed: Deed): Promise<ScriptedSmtp> {
    const peer = new ScriptedSmtp(moment, deed);
    await new Promise<void>((resolve) => peer.#server.listen(0, "127.0.0.1", resolve));
    return peer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves when the chosen moment has come. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    if (!this.#perform(socket, "connect") || !this.#perform(socket, "greeting")) return;
    let [text, isContent] = ["", false];
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (isContent) {
        if (!this.#perform(socket, "content")) return;
        const end = text.indexOf("\r\n.\r\n");
        if (end < 0) return;
        this.complete.push(text.slice(0, end));
        [text, isContent] = [text.slice(end + 5), false];
        if (!this.#perform(socket, "dot")) return;
      }
      for (let end = text.indexOf("\r\n"); end >= 0 && !isContent; end = text.indexOf("\r\n")) {
        const command = text.slice(0, end);
        text = text.slice(end + 2);
        this.commands.push(command);
        const verb = command.slice(0, 4).toUpperCase();
        if (verb === "QUIT") socket.end("221 bye\r\n");
        if (verb !== "QUIT" && !(verb in USUAL)) socket.write("502 unknown command\r\n");
        if (!(verb in USUAL)) continue;
        if (!this.#perform(socket, verb as Moment)) return;
        isContent = verb === "DATA" && (this.#moment !== "DATA" || this.#deed.startsWith("354"));
      }
    });
  }

  /** False: nothing goes on. */
  #perform(socket: Socket, moment: Moment): boolean {
    const isChosen = moment === this.#moment;
    if (isChosen) this.#reached.resolve();
    if (isChosen && this.#deed === "drop") {
      socket.destroy();
      return false;
    }
    if (isChosen && this.#deed === "hang") return false;
    const said = isChosen ? this.#deed : moment === "connect" || moment === "content" ? undefined : USUAL[moment];
    if (said !== undefined) socket.write(`${said}\r\n`);
    return true;
  }
}
