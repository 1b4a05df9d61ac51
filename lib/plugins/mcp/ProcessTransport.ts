// Messages over the standard streams of a process of ours: bounded, in a group of its own, and never outliving us. Not for Windows.
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";
import { AppError } from "../../core/errors.ts";
import type { Clock } from "../../core/clock.ts";
import { decodeForeignJson } from "../../core/json.ts";
import { maskSecretText } from "../../core/redaction.ts";

export interface ProcessTransportOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** The whole environment; nothing of ours is added. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of one message. */
  readonly maxMessageBytes: number;
  readonly clock: Clock;
  /** Takes out of what it writes to its standard error what it was given. */
  readonly hide: (text: string) => string;
}

/** How long it has to end by itself once its input is closed, and then once it is asked to. */
const GRACE_MS = 500;
/** More than is shown, so that no secret is cut before it is hidden. */
const MAX_STDERR_CHARACTERS = 20_000;
const MAX_SHOWN_CHARACTERS = 300;
/** Some print a banner first; one that goes on and on speaks no protocol. */
const MAX_FOREIGN_LINES = 200;

/**
 * The shell becomes the command, so that its process is the head of the group. The watcher beside it reads a pipe whose
 * other end only we hold: it ends when we do, however we end, and then the watcher ends the whole group.
 */
const LAUNCHER = '(read -r _ <&3; kill -KILL 0) <&3 >/dev/null 2>&1 & exec 3<&-; exec "$@"';

export class ProcessTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  /** Why it ended, where it is known to be more than an end. */
  failure: AppError | undefined;
  readonly #options: ProcessTransportOptions;
  readonly #ended = Promise.withResolvers<void>();
  #child: ChildProcess | undefined;
  #chunks: Buffer[] = [];
  #pendingBytes = 0;
  #foreignLines = 0;
  #stderr = "";
  #hasExited = false;
  #isOver = false;

  constructor(options: ProcessTransportOptions) {
    this.#options = options;
  }

  /** The end of what the process wrote to its standard error, for messages. */
  get stderr(): string {
    return maskSecretText(this.#options.hide(this.#stderr))
      .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
      .trim()
      .slice(-MAX_SHOWN_CHARACTERS);
  }

  /** Its last words may still be on their way, but it hears no more. */
  get hasEnded(): boolean {
    return this.#hasExited || this.#isOver;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    const { command, args, folder, environment } = this.#options;
    const child = spawn("/bin/sh", ["-c", LAUNCHER, "sh", command, ...args], {
      cwd: folder,
      env: environment,
      detached: true,
      stdio: ["pipe", "pipe", "pipe", "pipe"],
    });
    this.#child = child;
    // A stream that breaks says so with an error, and one without a listener ends our process.
    for (const stream of child.stdio) stream?.on("error", () => undefined);
    // Whoever waits for an answer keeps the process alive; a server that rests does not.
    child.unref();
    for (const stream of child.stdio) if (stream instanceof Socket) stream.unref();
    const started = Promise.withResolvers<void>();
    child.once("spawn", () => started.resolve());
    child.once("error", (error) => {
      started.reject(error);
      this.#finish();
    });
    child.once("exit", (code, signal) => this.#onExit(code, signal));
    child.once("close", () => this.#finish());
    child.stdout.on("data", (chunk: Buffer) => this.#take(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString("utf8", Math.max(0, chunk.byteLength - MAX_STDERR_CHARACTERS))).slice(
        -MAX_STDERR_CHARACTERS,
      );
    });
    await started.promise;
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const input = this.#child?.stdin;
    if (input === null || input === undefined || this.hasEnded || !input.writable)
      throw Object.assign(new Error("the server has ended"), { code: "NOT_CONNECTED" });
    await new Promise<void>((resolve, reject) => {
      input.write(`${JSON.stringify(message)}\n`, (error) => (error === null || error === undefined ? resolve() : reject(error)));
    });
  }

  /** Ends the whole group: first by closing its input, then by asking, then by force. */
  async close(): Promise<void> {
    if (this.#child === undefined) return;
    this.#child.stdin?.end();
    if (await this.#endsWithin(GRACE_MS)) return;
    this.#kill("SIGTERM");
    if (!(await this.#endsWithin(GRACE_MS))) this.#kill("SIGKILL");
    await this.#ended.promise;
  }

  async #endsWithin(ms: number): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const cancel = this.#options.clock.schedule(ms, () => late.resolve(false), true);
    const ended = await Promise.race([this.#ended.promise.then(() => true), late.promise]);
    cancel();
    return ended;
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#chunks.push(rest.subarray(0, end));
      const size = this.#pendingBytes + end;
      rest = rest.subarray(end + 1);
      const line = Buffer.concat(this.#chunks);
      [this.#chunks, this.#pendingBytes] = [[], 0];
      if (size > this.#options.maxMessageBytes) {
        this.#tooLarge(size);
        return;
      }
      this.#read(line.toString("utf8"));
    }
    this.#chunks.push(rest);
    this.#pendingBytes += rest.byteLength;
    if (this.#pendingBytes > this.#options.maxMessageBytes) this.#tooLarge(this.#pendingBytes);
  }

  #read(line: string): void {
    if (line.trim() === "") return;
    let message: unknown;
    try {
      message = decodeForeignJson(line);
    } catch {
      message = undefined;
    }
    if (isMessage(message)) {
      this.onmessage?.(message);
      return;
    }
    this.#foreignLines += 1;
    if (this.#foreignLines > MAX_FOREIGN_LINES) this.#fail(this.#error("UPSTREAM_REJECTED", "it writes what are no messages"));
  }

  #tooLarge(bytes: number): void {
    const { maxMessageBytes } = this.#options;
    this.#fail(this.#error("OUTPUT_TOO_LARGE", `a message is larger than ${maxMessageBytes} bytes: at least ${bytes}`));
  }

  #fail(failure: AppError): void {
    this.failure ??= failure;
    [this.#chunks, this.#pendingBytes] = [[], 0];
    this.#kill("SIGKILL");
    this.#finish();
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#hasExited = true;
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    this.failure ??= this.#error("UPSTREAM_UNAVAILABLE", `it ended with ${how}${this.stderr === "" ? "" : `: ${this.stderr}`}`);
    // What it started itself goes with it. The watcher still holds the group's number, so it is nobody else's.
    this.#kill("SIGKILL");
    // Its last words may still be on their way; whoever left the group and holds the stream open is not waited for.
    this.#options.clock.schedule(GRACE_MS, () => this.#finish(), true);
  }

  #kill(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is gone already.
    }
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { stdin, stdout, stderr } = this.#child ?? {};
    const lifeline = this.#child?.stdio[3] as Writable | undefined;
    for (const stream of [stdin, stdout, stderr, lifeline]) stream?.destroy();
    this.#ended.resolve();
    this.onclose?.();
  }

  #error(code: "OUTPUT_TOO_LARGE" | "UPSTREAM_REJECTED" | "UPSTREAM_UNAVAILABLE", what: string): AppError {
    return new AppError(code, `MCP server ${this.#options.name}: ${what}`);
  }
}

/** Only as much as the client's own reading, which checks the rest, relies on. */
function isMessage(value: unknown): value is JSONRPCMessage {
  return typeof value === "object" && value !== null && "jsonrpc" in value && value.jsonrpc === "2.0";
}
