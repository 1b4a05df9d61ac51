// The connection to one MCP server: made when it is needed, made anew when it broke, closed with us. Decides nothing about tools.
import type { CallToolResult, Client, Transport } from "@modelcontextprotocol/client";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import type { StreamFetch } from "../../core/guardedStream.ts";
import type { Secret } from "../types.ts";
import type { McpProcess, McpServerConfig } from "../../config/McpServerConfig.ts";
import { describeMcpFailure } from "./describeMcpFailure.ts";
import type { McpTool } from "./McpTool.ts";
import { ProcessTransport } from "./ProcessTransport.ts";

export interface McpSessionOptions {
  readonly settings: McpServerConfig;
  readonly clock: Clock;
  /** Guarded against private addresses. */
  readonly fetch: StreamFetch;
  /** @throws AppError `CONNECTION_MISSING` */
  readonly secretOf: (name: string) => Promise<Secret>;
  readonly maxMessageBytes: number;
}

const MAX_TOOLS = 500;
const MAX_PAGES = 20;
const CLIENT_INFO = { name: "neuronforge", version: "1.0.0" };

interface Line {
  readonly client: Client;
  readonly transport: Transport;
  readonly tools: readonly McpTool[];
  readonly calls: { inFlight: number };
}

export class McpSession implements AsyncDisposable {
  readonly #options: McpSessionOptions;
  #line: Promise<Line> | undefined;
  /** The one that {@link McpSession.#line} is about. */
  #client: Client | undefined;
  #isClosed = false;
  /** What it was given and must not come back in a message. */
  #secrets: readonly string[] = [];
  /** The server said that its tools changed; they are read again before the next call. */
  #isStale = false;

  constructor(options: McpSessionOptions) {
    this.#options = options;
  }

  /** Process id of a server that runs, for tests and doctors. */
  async pid(): Promise<number | undefined> {
    const line = await this.#line?.catch(() => undefined);
    return line?.transport instanceof ProcessTransport && !line.transport.hasEnded ? line.transport.pid : undefined;
  }

  /** The tools that the server lists now. @throws AppError with `details.accepted` `no` */
  async tools(signal: AbortSignal): Promise<readonly McpTool[]> {
    this.#isStale = true;
    return (await this.#open(signal)).tools;
  }

  /**
   * Calls once. `check` sees the tools as they are listed now, before anything is sent.
   *
   * @throws AppError with `details.accepted`: `no` until the request was handed over, and where the server refused it as malformed
   */
  async call(
    request: { readonly tool: string; readonly params: Record<string, unknown>; readonly signal: AbortSignal },
    check: (tools: readonly McpTool[]) => void,
  ): Promise<CallToolResult> {
    const { tool, params, signal } = request;
    const line = await this.#open(signal);
    check(line.tools);
    const { calls, client } = line;
    calls.inFlight += 1;
    // One that does not answer in time may never answer again; others' calls are not torn down for it.
    const onAbort = (): void => {
      if (calls.inFlight === 1) this.#forget(client);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const timeout = this.#options.settings.timeoutMs;
      return await client.callTool({ name: tool, arguments: params }, { signal, timeout });
    } catch (error) {
      throw this.#describe(error, line.transport, tool);
    } finally {
      calls.inFlight -= 1;
      signal.removeEventListener("abort", onAbort);
      if (this.#client !== client || this.#line === undefined) await closeQuietly(line);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const line = await this.#line?.catch(() => undefined);
    if (line !== undefined) await closeQuietly(line);
  }

  async #open(signal: AbortSignal): Promise<Line> {
    if (this.#isClosed) throw closing(this.#options.settings.name);
    signal.throwIfAborted();
    if (this.#line === undefined || this.#isStale) {
      this.#isStale = false;
      const opening = (this.#line === undefined ? this.#connect() : this.#listAgain(this.#line)).catch((error: unknown) => {
        if (this.#line === opening) this.#line = undefined;
        throw error;
      });
      this.#line = opening;
    }
    const line = await untilAborted(this.#line, signal);
    if (!(line.transport instanceof ProcessTransport && line.transport.hasEnded)) return line;
    this.#forget(line.client);
    return this.#open(signal);
  }

  async #listAgain(present: Promise<Line>): Promise<Line> {
    const line = await present;
    try {
      return { ...line, tools: await this.#listTools(line.client) };
    } catch {
      await closeQuietly(line);
      return this.#connect();
    }
  }

  async #listTools(client: Client): Promise<McpTool[]> {
    const { tools } = await client.listTools(undefined, { timeout: this.#options.settings.timeoutMs, cacheMode: "bypass" });
    return tools.slice(0, MAX_TOOLS).map(toTool);
  }

  /** With no caller's signal: others may wait for the same connection. */
  async #connect(): Promise<Line> {
    const { Client: Constructor } = await import("@modelcontextprotocol/client");
    const client = new Constructor(CLIENT_INFO, {
      capabilities: {},
      listMaxPages: MAX_PAGES,
      // Outputs are checked by us, with patterns that cannot run away.
      jsonSchemaValidator: { getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }) },
      listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => void (this.#isStale = true) } },
    });
    const transport = await this.#transport();
    try {
      const timeout = this.#options.settings.timeoutMs;
      await client.connect(transport, { timeout });
      const line = { client, transport, tools: await this.#listTools(client), calls: { inFlight: 0 } };
      this.#client = client;
      const onclose = (): void => this.#forget(client);
      // The library knows one listener only, and no events.
      Object.assign(client, { onclose });
      return line;
    } catch (error) {
      await closeQuietly({ client, transport });
      const failure = this.#describe(error, transport, null);
      throw new AppError(failure.code, failure.message, { details: { ...failure.details, accepted: "no" }, cause: failure });
    }
  }

  async #transport(): Promise<Transport> {
    const { settings, clock, maxMessageBytes, fetch, secretOf } = this.#options;
    const { target, name } = settings;
    if (target.kind === "process") {
      const environment = await withSecrets(target, secretOf);
      this.#secrets = Object.keys(target.secrets).map((variable) => environment[variable] ?? "");
      const { command, args, folder } = target;
      return new ProcessTransport({ name, command, args, folder, environment, maxMessageBytes, clock });
    }
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
    const token = target.connection === null ? undefined : (await secretOf(target.connection)).reveal();
    this.#secrets = token === undefined ? [] : [token];
    return new StreamableHTTPClientTransport(new URL(target.url), {
      fetch,
      requestInit: { redirect: "error", ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }) },
      // A stream that broke is a lost answer: asking for it again is the caller's decision.
      reconnectionOptions: { maxRetries: 0, initialReconnectionDelay: 1_000, maxReconnectionDelay: 1_000, reconnectionDelayGrowFactor: 1 },
    });
  }

  /** Unless another has taken its place. */
  #forget(client: Client | undefined): void {
    if (this.#client === client) this.#line = undefined;
  }

  #describe(error: unknown, transport: Transport, tool: string | null): AppError {
    const ended = transport instanceof ProcessTransport ? transport.failure : undefined;
    const failure = describeMcpFailure(error, { server: this.#options.settings.name, tool, ended, secrets: this.#secrets });
    // A session that the server has forgotten: a new one will do.
    if (failure.details["httpStatus"] === 404) this.#forget(this.#client);
    return failure;
  }
}

function closing(server: string): AppError {
  return new AppError("UPSTREAM_UNAVAILABLE", `MCP server ${server}: the system is closing`, { details: { accepted: "no" } });
}

async function withSecrets(
  { environment, secrets, missing }: McpProcess,
  secretOf: McpSessionOptions["secretOf"],
): Promise<Record<string, string>> {
  if (missing.length > 0) {
    throw new AppError("CONNECTION_MISSING", `the environment variable ${missing.join(", ")} is not set`, { details: { accepted: "no" } });
  }
  const complete: Record<string, string> = { ...environment };
  for (const [variable, connection] of Object.entries(secrets)) complete[variable] = (await secretOf(connection)).reveal();
  return complete;
}

function toTool({ name, description, inputSchema, outputSchema, annotations }: ListedTool): McpTool {
  return {
    name,
    description: description ?? "",
    inputSchema,
    ...(outputSchema !== undefined && { outputSchema }),
    ...(annotations !== undefined && {
      annotations: {
        ...(annotations.readOnlyHint !== undefined && { readOnlyHint: annotations.readOnlyHint }),
        ...(annotations.destructiveHint !== undefined && { destructiveHint: annotations.destructiveHint }),
      },
    }),
  };
}

interface ListedTool {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly outputSchema?: Readonly<Record<string, unknown>> | undefined;
  readonly annotations?: { readonly readOnlyHint?: boolean | undefined; readonly destructiveHint?: boolean | undefined } | undefined;
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function closeQuietly({ client, transport }: Pick<Line, "client" | "transport">): Promise<void> {
  await client.close().catch(() => undefined);
  await transport.close().catch(() => undefined);
}
