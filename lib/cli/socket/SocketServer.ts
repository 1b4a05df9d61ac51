// Serves the owner's system to other processes over connections it is given. It does not listen: the folder lock does.
// One connection's bad input, death or slowness never reaches another's, nor the owner's own work.
import type { Duplex } from "node:stream";
import { AppError, toErrorRecord } from "../../core/errors.ts";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import type { System } from "../../systemApi.ts";
import { LineReader } from "./LineReader.ts";
import {
  isApiMethod,
  MAX_REQUEST_BYTES,
  ownerClosing,
  PROTOCOL_VERSION,
  requestTooLarge,
  type Request,
  type Response,
} from "./socketProtocol.ts";

/** Progress events are dropped for a reader that lags this far behind; they are not durable anyway. */
const MAX_UNREAD_EVENT_BYTES = 4_000_000;

/** Methods after which somebody counts on the owner to do the work. */
const NEEDS_WORK = new Set(["start", "wait", "resume", "fork"]);
/** Methods that put an execution into the owner's hands: it says at its end what became of them. */
const STARTS = new Set(["start", "resume", "fork"]);

export class SocketServer {
  readonly #system: System;
  readonly #connections = new Set<Connection>();
  readonly #running = new Set<Promise<void>>();
  readonly #started = new Set<string>();
  readonly #leave = Promise.withResolvers<never>();
  #work: Promise<void> | undefined;
  #isClosing = false;

  constructor(system: System) {
    this.#system = system;
    this.#leave.promise.catch(() => undefined);
  }

  /** Executions that other processes started or resumed here. */
  get startedByOthers(): readonly string[] {
    return [...this.#started];
  }

  serve(socket: Duplex): void {
    const connection = new Connection(socket, (request) => this.#accept(connection, request));
    this.#connections.add(connection);
    socket.on("close", () => {
      connection.dispose();
      this.#connections.delete(connection);
    });
  }

  /** Refuses what is new, answers whoever waits with "ask the next owner", lets what is under way finish. */
  async drain(): Promise<void> {
    this.#isClosing = true;
    this.#leave.reject(ownerClosing());
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    // Whoever frees the folder cuts the connections: the last answers must be out by then.
    await Promise.all([...this.#connections].map(async (connection) => connection.flush()));
  }

  #accept(connection: Connection, request: Request): void {
    const done = this.#answer(connection, request).finally(() => this.#running.delete(done));
    this.#running.add(done);
  }

  async #answer(connection: Connection, request: Request): Promise<void> {
    const { id, method } = request;
    try {
      if (this.#isClosing) throw ownerClosing();
      connection.send({ id, result: (await this.#perform(connection, request)) ?? null });
    } catch (thrown) {
      connection.send({ id, error: toErrorRecord(thrown) });
      if (method === "hello") connection.end();
    }
  }

  async #perform(connection: Connection, { method, params }: Request): Promise<unknown> {
    if (method === "hello") return connection.greet(params[0]);
    if (!connection.isGreeted) throw new AppError("USAGE", `the first request must be hello, got ${method}`);
    if (method === "subscribe") return connection.subscribe(this.#system, params);
    if (method === "unsubscribe") return connection.unsubscribe(params[0]);
    if (method === "work") return this.#startWork();
    if (!isApiMethod(method))
      throw new AppError("USAGE", `unknown method ${JSON.stringify(method.slice(0, 100))}`, {
        hint: "owner and client are of different versions: end the older process",
      });
    if (NEEDS_WORK.has(method)) await this.#startWork();
    // Parameters come as the client's TypeScript had them; the system checks what a person gave.
    const call = this.#system[method] as (...given: readonly JsonValue[]) => Promise<unknown>;
    const result = call.apply(this.#system, [...params]);
    const answer = method === "wait" ? await Promise.race([result, this.#leave.promise]) : await result;
    if (STARTS.has(method) && isJsonObject(answer) && typeof answer["executionId"] === "string") this.#started.add(answer["executionId"]);
    return answer;
  }

  #startWork(): Promise<void> {
    this.#work ??= this.#system.work();
    return this.#work;
  }
}

class Connection {
  isGreeted = false;
  readonly #socket: Duplex;
  readonly #subscriptions = new Map<number, () => void>();

  constructor(socket: Duplex, onRequest: (request: Request) => void) {
    this.#socket = socket;
    const reader = new LineReader({
      maxBytes: MAX_REQUEST_BYTES,
      onLine: (line) => {
        const read = readRequest(line);
        if ("error" in read) this.send(read);
        else onRequest(read);
      },
      onTooLong: () => this.send({ id: null, error: toErrorRecord(requestTooLarge()) }),
    });
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
    // The peer's death is told by "close"; an error without a listener would end the owner.
    socket.on("error", () => undefined);
  }

  send(response: Response): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    if ("event" in response && this.#socket.writableLength > MAX_UNREAD_EVENT_BYTES) return;
    this.#socket.write(`${JSON.stringify(response)}\n`);
  }

  greet(hello: JsonValue | undefined): { readonly protocol: number; readonly processId: number } {
    const offered = isJsonObject(hello) ? hello["protocol"] : undefined;
    if (offered !== PROTOCOL_VERSION) {
      throw new AppError(
        "CONFLICT",
        `the data folder's owner speaks protocol ${PROTOCOL_VERSION}, this command ${JSON.stringify(offered ?? null)}`,
        { hint: "end the older process, then run the command again" },
      );
    }
    this.isGreeted = true;
    return { protocol: PROTOCOL_VERSION, processId: process.pid };
  }

  subscribe(system: System, [subscription, executionId]: readonly JsonValue[]): true {
    if (typeof subscription !== "number" || typeof executionId !== "string")
      throw new AppError("USAGE", "subscribe takes a number and an execution id");
    this.unsubscribe(subscription);
    this.#subscriptions.set(
      subscription,
      system.subscribe(executionId, (event) => this.send({ subscription, event })),
    );
    return true;
  }

  unsubscribe(subscription: JsonValue | undefined): true {
    if (typeof subscription === "number") {
      this.#subscriptions.get(subscription)?.();
      this.#subscriptions.delete(subscription);
    }
    return true;
  }

  async flush(): Promise<void> {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.once("close", () => resolve());
    this.#socket.write("", () => resolve());
    await promise;
  }

  end(): void {
    this.#socket.end();
  }

  dispose(): void {
    for (const stop of this.#subscriptions.values()) stop();
    this.#subscriptions.clear();
  }
}

function readRequest(line: string): Request | Extract<Response, { error: unknown }> {
  let id: number | null = null;
  try {
    const document: unknown = JSON.parse(line);
    if (!isJsonObject(document)) throw new AppError("USAGE", "a request must be a JSON object");
    const { id: given, method, params } = document;
    if (typeof given !== "number") throw new AppError("USAGE", "a request needs a number as id");
    id = given;
    if (typeof method !== "string") throw new AppError("USAGE", "a request needs a text as method");
    if (!Array.isArray(params) || params.length > 8) throw new AppError("USAGE", "a request needs an array of at most 8 params");
    return { id, method, params: params as readonly JsonValue[] };
  } catch (thrown) {
    const error = AppError.is(thrown) ? thrown : new AppError("USAGE", "a request is not valid JSON", { cause: thrown });
    return { id, error: toErrorRecord(error) };
  }
}
