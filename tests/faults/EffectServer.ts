// The outside world: an HTTP server that does effects and counts them, by key and by step. It goes on with what it was sent when the sender dies.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface SentEffect {
  readonly kind: string;
  readonly key: string;
  readonly executionId: string;
  readonly path: string;
  readonly atMs: number;
}

/** Longest time between receiving and doing: a receiver that is asked before may say "not done" and then do it. */
export const LONGEST_LATENCY_MS = 250;

export class EffectServer {
  readonly sent: SentEffect[] = [];
  readonly #server: Server;
  /** Effects of one key are done once where the receiver honours keys. */
  readonly #done = new Set<string>();
  url = "";

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<EffectServer> {
    const server = new EffectServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    server.url = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}`;
    return server;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  countOf(executionId: string, path: string): number {
    return this.sent.filter((effect) => effect.executionId === executionId && effect.path === path).length;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    if (request.method === "GET") {
      const executionId = url.searchParams.get("execution");
      const isSeen =
        executionId === null
          ? this.#done.has(url.searchParams.get("key") ?? "")
          : this.countOf(executionId, url.searchParams.get("path") ?? "") > 0;
      response.end(JSON.stringify({ seen: isSeen }));
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const effect = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Omit<SentEffect, "atMs">;
    // Some are done at once, some late: what was sent is done even when nobody waits for the answer any more.
    await delay(effect.key.charCodeAt(0) % 3 === 0 ? (effect.key.charCodeAt(1) * 7) % LONGEST_LATENCY_MS : 0);
    this.sent.push({ ...effect, atMs: performance.now() });
    this.#done.add(effect.key);
    response.end(JSON.stringify({ id: effect.key.slice(0, 8) }));
  }
}
