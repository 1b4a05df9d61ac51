// The system as a command sees it, wherever it lives: in this process (which then owns the data folder, or uses a server's
// PostgreSQL) or behind the owner's socket. When the owner ends, this process takes the folder and goes on.
import type { Clock } from "../../core/clock.ts";
import type { ExecutionEvent, System, SystemApi } from "../../systemApi.ts";
import type { SocketClient } from "./SocketClient.ts";
import type { SocketServer } from "./SocketServer.ts";
import { API_METHODS, isOwnerClosing, isOwnerGone, type ApiMethod } from "./socketProtocol.ts";
import { within } from "./within.ts";

export interface OwnerBackend {
  readonly role: "owner";
  readonly system: System;
  /** Absent on PostgreSQL: everyone connects to it directly. */
  readonly server?: SocketServer;
  /** Frees the data folder. */
  release(): Promise<void>;
}

export interface ClientBackend {
  readonly role: "client";
  readonly client: SocketClient;
}

export type Backend = OwnerBackend | ClientBackend;

export interface SharedSystemOptions {
  readonly backend: Backend;
  /** Finds the system again: as owner if the folder is free, else behind the new owner. */
  readonly reopen: () => Promise<Backend>;
  readonly clock: Clock;
  readonly talk: (text: string) => void;
  /** The command that goes on with an execution, for people. */
  readonly resumeCommand: (executionId: string) => string;
}

/** An owner that ends leaves the folder within this time, or the socket breaks. */
const LEAVE_TIMEOUT_MS = 10_000;
/** Requests of other processes get this long to finish when the owner leaves. */
const DRAIN_TIMEOUT_MS = 5_000;
/** Owners may follow each other; more than this many during one call is no coincidence. */
const MAX_TAKEOVERS = 5;

/** Every method of the API over one function that carries calls out. */
export function apiOver(call: (method: ApiMethod, params: readonly unknown[]) => Promise<unknown>): SystemApi {
  const methods = Object.keys(API_METHODS) as readonly ApiMethod[];
  // The map holds exactly the API's methods (its type says so), and each passes its arguments on unchanged.
  return Object.fromEntries(
    methods.map((method) => [method, async (...params: readonly unknown[]) => call(method, params)]),
  ) as unknown as SystemApi;
}

export class SharedSystem {
  readonly api: SystemApi;
  readonly #options: SharedSystemOptions;
  readonly #subscribers = new Map<
    object,
    { readonly executionId: string; readonly listener: (event: ExecutionEvent) => void; stop: () => void }
  >();
  #backend: Backend;
  #reopening: Promise<void> | undefined;
  #isWorking = false;
  #closing: Promise<void> | undefined;

  constructor(options: SharedSystemOptions) {
    this.#options = options;
    this.#backend = options.backend;
    this.api = apiOver(async (method, params) => this.#call(method, params));
  }

  get role(): "owner" | "client" {
    return this.#backend.role;
  }

  /** Claims and runs executions: here when this process owns the folder, else the owner does. */
  async work(): Promise<void> {
    this.#isWorking = true;
    if (this.#backend.role === "owner") await this.#backend.system.work();
    else await this.#backend.client.call("work", []);
  }

  /** Resolves at once for an owner; for a client when the present owner has left. */
  async ownerLeft(): Promise<void> {
    if (this.#backend.role === "client") await this.#backend.client.closed;
  }

  /** Looks for the system again after {@link ownerLeft}. */
  async takeOver(): Promise<void> {
    await this.#reopen(this.#backend);
  }

  subscribe(executionId: string, listener: (event: ExecutionEvent) => void): () => void {
    const key = {};
    this.#subscribers.set(key, { executionId, listener, stop: this.#subscribeNow(executionId, listener) });
    return () => {
      this.#subscribers.get(key)?.stop();
      this.#subscribers.delete(key);
    };
  }

  /** Hands over what this process holds and frees the folder. What others started here stays queued, and that is said. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#reopening?.catch(() => undefined);
    const backend = this.#backend;
    if (backend.role === "client") return backend.client.close();
    const { server, system } = backend;
    if (server !== undefined) {
      await within(this.#options.clock, DRAIN_TIMEOUT_MS, server.drain());
      await this.#sayWhatStaysQueued(server, system);
    }
    try {
      await system.close();
    } finally {
      // Cuts the connections of other processes: for them the sign that the folder is free.
      await backend.release();
    }
  }

  async #sayWhatStaysQueued(server: SocketServer, system: System): Promise<void> {
    for (const executionId of server.startedByOthers) {
      try {
        const { status, waitingFor } = await system.report(executionId);
        const isUnderWay = status === "running" || status === "queued" || (status === "waiting" && waitingFor === "delay");
        if (!isUnderWay) continue;
        this.#options.talk(
          `execution ${executionId}, started by another command, is handed over: it stays queued and durable; go on with\n  ${this.#options.resumeCommand(executionId)}`,
        );
      } catch {
        // It was pruned, or the database is gone: there is nothing to hand over, and closing goes on.
      }
    }
  }

  async #call(method: ApiMethod, params: readonly unknown[]): Promise<unknown> {
    for (let takeovers = 0; ; takeovers += 1) {
      const backend = this.#backend;
      try {
        return await dispatch(backend, method, params);
      } catch (thrown) {
        const mayRepeat = isOwnerClosing(thrown) || (isOwnerGone(thrown) && isRepeatable(method, params));
        if (backend.role === "owner" || !mayRepeat || takeovers >= MAX_TAKEOVERS) throw thrown;
        await this.#reopen(backend);
      }
    }
  }

  /** Calls that fail together take over together. */
  #reopen(old: Backend): Promise<void> {
    if (this.#backend !== old) return this.#reopening ?? Promise.resolve();
    this.#reopening ??= this.#reopenNow(old).finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #reopenNow(old: Backend): Promise<void> {
    if (old.role === "client") {
      await within(this.#options.clock, LEAVE_TIMEOUT_MS, old.client.closed);
      old.client.close();
    }
    this.#backend = await this.#options.reopen();
    this.#options.talk(
      this.#backend.role === "owner"
        ? "the process that held the data folder has ended: this one goes on"
        : "another process holds the data folder now: going on with it",
    );
    for (const subscriber of this.#subscribers.values()) subscriber.stop = this.#subscribeNow(subscriber.executionId, subscriber.listener);
    if (this.#isWorking) await this.work();
  }

  #subscribeNow(executionId: string, listener: (event: ExecutionEvent) => void): () => void {
    const backend = this.#backend;
    return backend.role === "owner" ? backend.system.subscribe(executionId, listener) : backend.client.subscribe(executionId, listener);
  }
}

async function dispatch(backend: Backend, method: ApiMethod, params: readonly unknown[]): Promise<unknown> {
  if (backend.role === "client") return backend.client.call(method, params);
  const call = backend.system[method] as (...given: readonly unknown[]) => Promise<unknown>;
  return call.apply(backend.system, [...params]);
}

function isRepeatable(method: ApiMethod, params: readonly unknown[]): boolean {
  if (API_METHODS[method] === "repeatable") return true;
  const [request] = params;
  // Starting twice under one key is starting once.
  return method === "start" && typeof request === "object" && request !== null && "idempotencyKey" in request;
}
