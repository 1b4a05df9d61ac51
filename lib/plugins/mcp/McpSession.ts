// The connection to one MCP server: made when it is needed, made anew when it broke, closed with us. Decides nothing about tools.
import type { CallToolResult, Client, StreamableHTTPClientTransport, Transport } from "@modelcontextprotocol/client";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import type { StreamFetch } from "../../core/guardedStream.ts";
import type { Secret } from "../types.ts";
import type { McpProcess, McpServerConfig } from "../../config/McpServerConfig.ts";
import { describeMcpFailure } from "./describeMcpFailure.ts";
import { hideSecrets } from "./hideSecrets.ts";
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
/** Of opening a line; a call may take longer. */
const MAX_HANDSHAKE_MS = 60_000;
/** How often one caller opens a line anew that was over when it got it. */
const MAX_REOPENINGS = 2;
/** For the word to a server that its session is over; one that does not hear it ends the session by itself. */
const FAREWELL_MS = 1_000;

interface Line {
  readonly client: Client;
  readonly transport: Transport;
  /** Absent: to be listed before the next call. */
  tools: Promise<readonly McpTool[]> | undefined;
  inFlight: number;
  /** Takes no further call, and is closed once nothing is in flight. */
  isOver: boolean;
  closing: Promise<void> | undefined;
}

export class McpSession implements AsyncDisposable {
  readonly #options: McpSessionOptions;
  #current: Promise<Line> | undefined;
  /** All that are not closed, those that are being opened too. */
  readonly #lines = new Set<Line>();
  #isClosed = false;
  /** What it was given and must not come back in a message. */
  #secrets: readonly string[] = [];

  constructor(options: McpSessionOptions) {
    this.#options = options;
  }

  /** Process id of a server that runs, for tests and doctors. */
  async pid(): Promise<number | undefined> {
    const line = await this.#current?.catch(() => undefined);
    return line?.transport instanceof ProcessTransport && !line.transport.hasEnded ? line.transport.pid : undefined;
  }

  /** The tools that the server lists now. @throws AppError with `details.accepted` `no` */
  async tools(signal: AbortSignal): Promise<readonly McpTool[]> {
    return (await this.#open(signal, true)).tools;
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
    const { line, tools } = await this.#open(signal, false);
    check(tools);
    line.inFlight += 1;
    // One that does not answer in time may never answer again; others' calls are not torn down for it.
    const onAbort = (): void => {
      if (line.inFlight === 1) line.isOver = true;
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const timeout = this.#options.settings.timeoutMs;
      return await line.client.callTool({ name: tool, arguments: params }, { signal, timeout });
    } catch (error) {
      throw this.#describe(error, line, tool);
    } finally {
      line.inFlight -= 1;
      signal.removeEventListener("abort", onAbort);
      if (line.isOver && line.inFlight === 0) await this.#close(line);
    }
  }

  /** What the server was given is not shown, wherever it says it. */
  hide(text: string): string {
    return hideSecrets(text, this.#secrets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#lines].map(async (line) => this.#close(line)));
  }

  async #open(signal: AbortSignal, isFresh: boolean): Promise<{ readonly line: Line; readonly tools: readonly McpTool[] }> {
    for (let reopenings = 0; ; reopenings += 1) {
      if (this.#isClosed) throw closing(this.#options.settings.name);
      signal.throwIfAborted();
      const isNew = this.#current === undefined;
      const opening = (this.#current ??= this.#start());
      const line = await untilAborted(opening, signal);
      if (isFresh && !isNew) line.tools = undefined;
      if (!isOver(line)) {
        try {
          return { line, tools: await untilAborted(this.#toolsOf(line), signal) };
        } catch (error) {
          // A list that could not be read ends the line; a new one may do.
          if (signal.aborted || !isOver(line)) throw error;
        }
      }
      if (this.#current === opening) this.#current = undefined;
      void this.#retire(line);
      if (reopenings >= MAX_REOPENINGS) throw endsAtOnce(this.#options.settings.name);
    }
  }

  /** With no caller's signal: others may wait for the same connection. */
  #start(): Promise<Line> {
    const opening = this.#connect().catch((error: unknown) => {
      if (this.#current === opening) this.#current = undefined;
      throw error;
    });
    return opening;
  }

  async #toolsOf(line: Line): Promise<readonly McpTool[]> {
    line.tools ??= this.#listTools(line);
    return line.tools;
  }

  async #listTools(line: Line): Promise<readonly McpTool[]> {
    try {
      const { tools } = await line.client.listTools(undefined, { timeout: this.#handshakeMs(), cacheMode: "bypass" });
      return tools.slice(0, MAX_TOOLS).map(toTool);
    } catch (error) {
      // First, since only a process that has ended says why.
      await this.#retire(line);
      throw this.#refusal(error, line);
    }
  }

  #handshakeMs(): number {
    return Math.min(this.#options.settings.timeoutMs, MAX_HANDSHAKE_MS);
  }

  async #connect(): Promise<Line> {
    const { Client: Constructor } = await import("@modelcontextprotocol/client");
    const transport = await this.#transport();
    const client = new Constructor(CLIENT_INFO, {
      capabilities: {},
      listMaxPages: MAX_PAGES,
      // Outputs are checked by us, with patterns that cannot run away.
      jsonSchemaValidator: { getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }) },
      listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => void (line.tools = undefined) } },
    });
    const line: Line = { client, transport, tools: undefined, inFlight: 0, isOver: false, closing: undefined };
    // It may have been closed while it was looked up what to connect to.
    if (this.#isClosed) throw closing(this.#options.settings.name);
    this.#lines.add(line);
    try {
      await client.connect(transport, { timeout: this.#handshakeMs() });
    } catch (error) {
      await this.#close(line);
      throw this.#refusal(error, line);
    }
    // The library knows one listener only, and no events.
    Object.assign(client, { onclose: () => void this.#retire(line) });
    await this.#toolsOf(line);
    return line;
  }

  async #transport(): Promise<Transport> {
    const { settings, clock, maxMessageBytes, fetch, secretOf } = this.#options;
    const { target, name } = settings;
    if (target.kind === "process") {
      const environment = await withSecrets(target, secretOf);
      this.#secrets = [...Object.keys(target.secrets), ...target.hidden].map((variable) => environment[variable] ?? "");
      const { command, args, folder } = target;
      const hide = (text: string): string => this.hide(text);
      return new ProcessTransport({ name, command, args, folder, environment, maxMessageBytes, clock, hide });
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

  /** No call begins on it any more; those in flight end first. */
  async #retire(line: Line): Promise<void> {
    line.isOver = true;
    if (line.inFlight === 0) await this.#close(line);
  }

  async #close(line: Line): Promise<void> {
    line.isOver = true;
    line.closing ??= this.#endLine(line);
    await line.closing;
  }

  async #endLine(line: Line): Promise<void> {
    const { client, transport } = line;
    const remote = transport as Partial<Pick<StreamableHTTPClientTransport, "terminateSession">>;
    await this.#withinFarewell(remote.terminateSession?.());
    await client.close().catch(() => undefined);
    await transport.close().catch(() => undefined);
    this.#lines.delete(line);
  }

  async #withinFarewell(work: Promise<void> | undefined): Promise<void> {
    if (work === undefined) return;
    const late = Promise.withResolvers<void>();
    const cancel = this.#options.clock.schedule(FAREWELL_MS, late.resolve, true);
    await Promise.race([work.catch(() => undefined), late.promise]);
    cancel();
  }

  #describe(error: unknown, line: Line, tool: string | null): AppError {
    const ended = line.transport instanceof ProcessTransport ? line.transport.failure : undefined;
    const failure = describeMcpFailure(error, { server: this.#options.settings.name, tool, ended, hide: (text) => this.hide(text) });
    // A session that the server has forgotten: a new one will do.
    if (failure.details["httpStatus"] === 404) line.isOver = true;
    return failure;
  }

  /** Before any tool was called. */
  #refusal(error: unknown, line: Line): AppError {
    const failure = this.#describe(error, line, null);
    return new AppError(failure.code, failure.message, { details: { ...failure.details, accepted: "no" }, cause: failure });
  }
}

function isOver({ isOver: isRetired, transport }: Line): boolean {
  return isRetired || (transport instanceof ProcessTransport && transport.hasEnded);
}

function endsAtOnce(server: string): AppError {
  return new AppError("UPSTREAM_UNAVAILABLE", `MCP server ${server}: it ends as soon as it is started`, { details: { accepted: "no" } });
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
