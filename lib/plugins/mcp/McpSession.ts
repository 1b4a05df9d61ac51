// The connection to one MCP server: made when it is needed, made anew when it broke, closed with us. Decides nothing about tools.
import type { CallToolResult, Client, Transport } from "@modelcontextprotocol/client";
import type { Clock } from "../../core/clock.ts";
import { isConnectionRefusal } from "../../core/connectionRefusal.ts";
import { AppError } from "../../core/errors.ts";
import type { StreamFetch } from "../../core/guardedStream.ts";
import { maskSecretText } from "../../core/redaction.ts";
import type { Secret } from "../types.ts";
import type { McpProcess, McpServerConfig } from "../../config/McpServerConfig.ts";
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
}

export class McpSession implements AsyncDisposable {
  readonly #options: McpSessionOptions;
  #line: Promise<Line> | undefined;
  #inFlight = 0;
  #isClosed = false;
  /** The server said that its tools changed; they are read again before the next call. */
  #isStale = false;

  constructor(options: McpSessionOptions) {
    this.#options = options;
  }

  /** Process id of a server that runs, for tests and doctors. */
  async pid(): Promise<number | undefined> {
    const line = await this.#line?.catch(() => undefined);
    return line?.transport instanceof ProcessTransport ? line.transport.pid : undefined;
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
    this.#inFlight += 1;
    try {
      const timeout = this.#options.settings.timeoutMs;
      return await line.client.callTool({ name: tool, arguments: params }, { signal, timeout });
    } catch (error) {
      throw this.#describe(error, line.transport, tool);
    } finally {
      this.#inFlight -= 1;
      // One that did not answer in time may never answer again; others' calls are not torn down for it.
      if (signal.aborted && this.#inFlight === 0) await this.#drop(line);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const line = await this.#line?.catch(() => undefined);
    if (line !== undefined) await closeQuietly(line);
  }

  async #open(signal: AbortSignal): Promise<Line> {
    if (this.#isClosed) throw this.#refusal("UPSTREAM_UNAVAILABLE", "the system is closing");
    if (this.#isStale && this.#inFlight === 0) {
      this.#isStale = false;
      const old = await this.#line?.catch(() => undefined);
      if (old !== undefined) await this.#drop(old);
    }
    signal.throwIfAborted();
    this.#line ??= this.#connect().catch((error: unknown) => {
      this.#line = undefined;
      throw error;
    });
    return untilAborted(this.#line, signal);
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
      const { tools } = await client.listTools(undefined, { timeout, cacheMode: "bypass" });
      const line = { client, transport, tools: tools.slice(0, MAX_TOOLS).map(toTool) };
      const onclose = (): void => {
        this.#line = undefined;
      };
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
      const { command, args, folder } = target;
      return new ProcessTransport({ name, command, args, folder, environment, maxMessageBytes, clock });
    }
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
    const token = target.connection === null ? undefined : (await secretOf(target.connection)).reveal();
    return new StreamableHTTPClientTransport(new URL(target.url), {
      fetch,
      requestInit: { redirect: "error", ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }) },
      // A stream that broke is a lost answer: asking for it again is the caller's decision.
      reconnectionOptions: { maxRetries: 0, initialReconnectionDelay: 1_000, maxReconnectionDelay: 1_000, reconnectionDelayGrowFactor: 1 },
    });
  }

  async #drop(line: Line): Promise<void> {
    this.#line = undefined;
    await closeQuietly(line);
  }

  #describe(error: unknown, transport: Transport, tool: string | null): AppError {
    if (transport instanceof ProcessTransport && transport.failure !== undefined) return transport.failure;
    for (let cause = error, depth = 0; cause instanceof Error && depth < 6; cause = cause.cause, depth += 1) {
      if (AppError.is(cause)) return cause;
    }
    const facts = typeof error === "object" && error !== null ? (error as Readonly<Record<string, unknown>>) : {};
    const { code } = facts;
    const isUnsent = code === "NOT_CONNECTED" || isConnectionRefusal(error);
    const said = maskSecretText(error instanceof Error ? error.message : String(error)).slice(0, MAX_SHOWN_CHARACTERS);
    const what = `${tool === null ? "it cannot be used" : `tool ${tool} gave no answer`}: ${said}`;
    if (typeof code === "number") {
      const isRefused = REFUSING_CODES.has(code);
      return new AppError("UPSTREAM_REJECTED", this.#message(what), { details: { rpcCode: code, accepted: isRefused ? "no" : "maybe" } });
    }
    return new AppError("UPSTREAM_UNAVAILABLE", this.#message(what), {
      cause: error,
      details: { accepted: isUnsent ? "no" : "maybe", ...(typeof code === "string" && { mcpCode: code }) },
    });
  }

  #refusal(code: "UPSTREAM_UNAVAILABLE", what: string): AppError {
    return new AppError(code, this.#message(what), { details: { accepted: "no" } });
  }

  #message(what: string): string {
    return `MCP server ${this.#options.settings.name}: ${what}`;
  }
}

const MAX_SHOWN_CHARACTERS = 500;
/** Invalid request, no such method, invalid params: said before a tool runs. */
const REFUSING_CODES: ReadonlySet<number> = new Set([-32_600, -32_601, -32_602]);

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
