// Speaks to the owner of the data folder. One connection, no retry, no takeover: SharedSystem decides those.
import type { Duplex } from "node:stream";
import { fromErrorRecord, type AppError } from "../../core/errors.ts";
import type { ExecutionEvent } from "../../systemApi.ts";
import { LineReader } from "./LineReader.ts";
import { MAX_REQUEST_BYTES, ownerGone, PROTOCOL_VERSION, requestTooLarge, type Response } from "./socketProtocol.ts";

interface Pending {
  readonly method: string;
  resolve(result: unknown): void;
  reject(error: AppError): void;
}

export class SocketClient {
  /** Resolves when the owner has ended the connection, or died. */
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<number, (event: ExecutionEvent) => void>();
  #lastId = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
    const reader = new LineReader({ maxBytes: Number.MAX_SAFE_INTEGER, onLine: (line) => this.#receive(line), onTooLong: () => undefined });
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
    socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        for (const pending of this.#pending.values()) pending.reject(ownerGone(pending.method));
        this.#pending.clear();
        resolve();
      });
    });
  }

  /** @throws AppError `CONFLICT` when owner and client are of different versions */
  async hello(): Promise<void> {
    await this.call("hello", [{ protocol: PROTOCOL_VERSION }]);
  }

  /** @throws AppError what the owner threw; `UPSTREAM_UNAVAILABLE` when it ended before it answered */
  call(method: string, params: readonly unknown[]): Promise<unknown> {
    if (this.#socket.destroyed || !this.#socket.writable) return Promise.reject(ownerGone(method));
    this.#lastId += 1;
    const id = this.#lastId;
    const line = `${JSON.stringify({ id, method, params })}\n`;
    if (Buffer.byteLength(line) > MAX_REQUEST_BYTES) return Promise.reject(requestTooLarge());
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { method, resolve, reject });
    this.#socket.write(line);
    return promise;
  }

  subscribe(executionId: string, listener: (event: ExecutionEvent) => void): () => void {
    this.#lastId += 1;
    const subscription = this.#lastId;
    this.#listeners.set(subscription, listener);
    // Events are for display: when the owner is gone there are none, and that is no error.
    this.call("subscribe", [subscription, executionId]).catch(() => undefined);
    return () => {
      this.#listeners.delete(subscription);
      this.call("unsubscribe", [subscription]).catch(() => undefined);
    };
  }

  close(): void {
    this.#socket.end();
    this.#socket.destroy();
  }

  #receive(line: string): void {
    let response: Response;
    try {
      response = JSON.parse(line) as Response;
    } catch {
      // Whoever listens there does not speak our protocol.
      this.#socket.destroy();
      return;
    }
    if ("event" in response) {
      this.#listeners.get(response.subscription)?.(response.event);
      return;
    }
    // An answer without an id is to a request that could not be read. We send none such, so the other side is not ours.
    if (response.id === null) return void this.#socket.destroy();
    const pending = this.#pending.get(response.id);
    this.#pending.delete(response.id);
    if (pending === undefined) return;
    if ("error" in response) pending.reject(fromErrorRecord(response.error));
    else pending.resolve(response.result);
  }
}
