// A real HTTP server on 127.0.0.1 for tests: handlers by "METHOD /path", and a record of what arrived.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export type Answer = (response: ServerResponse, arrival: Arrival) => void;

export class LoopbackServer implements AsyncDisposable {
  readonly arrivals: Arrival[] = [];
  readonly #server: Server;
  readonly #answers: Readonly<Record<string, Answer>>;

  private constructor(answers: Readonly<Record<string, Answer>>) {
    this.#answers = answers;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async open(answers: Readonly<Record<string, Answer>>): Promise<LoopbackServer> {
    const server = new LoopbackServer(answers);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = "", url: path = "", headers } = request;
    const arrival = { method, path, headers, body: Buffer.concat(chunks).toString("utf8") };
    this.arrivals.push(arrival);
    const answer = this.#answers[`${method} ${path.split("?")[0] ?? ""}`] ?? this.#answers[path.split("?")[0] ?? ""];
    if (answer !== undefined) answer(response, arrival);
    else response.writeHead(404).end("no such path");
  }
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

export function redirect(location: string, status = 302): Answer {
  return (response) => response.writeHead(status, { location }).end();
}

/** Takes the request and never answers. */
export const hang: Answer = () => undefined;
