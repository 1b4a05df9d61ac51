// All configured MCP servers: lists their tools once and remembers the lists, so that a command that calls no tool starts no server.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { AddressGuardOptions } from "../../core/addressGuard.ts";
import type { Clock } from "../../core/clock.ts";
import { AppError, asAppError } from "../../core/errors.ts";
import { createGuardedStream, type GuardedStreamClient } from "../../core/guardedStream.ts";
import { randomId, sha256Hex } from "../../core/ids.ts";
import { canonicalJson, type JsonObject } from "../../core/json.ts";
import type { Logger } from "../../core/logger.ts";
import type { Plugin, Secret } from "../types.ts";
import { createMcpPlugin, type JudgeTool, mcpPluginName, unlistedTools } from "./createMcpPlugin.ts";
import { McpSession } from "./McpSession.ts";
import type { McpServerConfig } from "../../config/McpServerConfig.ts";
import type { McpTool } from "./McpTool.ts";

export interface McpServersOptions extends AddressGuardOptions {
  readonly servers: readonly McpServerConfig[];
  /** Where the lists are remembered. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly judge: JudgeTool;
  readonly secretOf: (name: string) => Promise<Secret>;
}

export interface McpListing {
  readonly plugins: readonly Plugin[];
  /** Plugin name to what is wrong, for servers whose tools could not be listed. */
  readonly missing: ReadonlyMap<string, string>;
}

/** Of one message of a server. */
const MAX_MESSAGE_BYTES = 10_000_000;
/** Servers that `npx` must first fetch take long; all are asked at once. */
const LIST_TIMEOUT_MS = 60_000;
/** For so long a server that could not be listed is not asked again: each command would wait for it. */
const FAILURE_REMEMBERED_MS = 60_000;

const schemaObject = z.record(z.string(), z.unknown());
const memory = z.object({
  fingerprint: z.string(),
  failure: z.object({ reason: z.string(), atMs: z.number() }).optional(),
  tools: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      inputSchema: schemaObject,
      outputSchema: schemaObject.optional(),
      annotations: z.object({ readOnlyHint: z.boolean(), destructiveHint: z.boolean() }).partial().optional(),
    }),
  ),
});

interface Remembered {
  readonly tools: readonly McpTool[];
  readonly failure?: { readonly reason: string; readonly atMs: number };
}

export class McpServers implements AsyncDisposable {
  readonly #options: McpServersOptions;
  readonly #stream: GuardedStreamClient;
  readonly #sessions = new Map<string, McpSession>();

  constructor(options: McpServersOptions) {
    const { clock, servers, secretOf } = options;
    this.#options = options;
    this.#stream = createGuardedStream({ ...options, maxBytes: MAX_MESSAGE_BYTES });
    const { fetch } = this.#stream;
    for (const settings of servers)
      this.#sessions.set(settings.name, new McpSession({ settings, clock, fetch, secretOf, maxMessageBytes: MAX_MESSAGE_BYTES }));
  }

  /** From memory where a server was listed before under the same settings; `isFresh` asks each of them anew. */
  async list({ isFresh = false } = {}): Promise<McpListing> {
    const plugins: Plugin[] = [];
    const missing = new Map<string, string>();
    const found = await Promise.all(
      this.#options.servers.map(async (settings) => ({ settings, tools: await this.#toolsOf(settings, isFresh) })),
    );
    for (const { settings, tools } of found) {
      const plugin = tools instanceof AppError ? null : this.#toPlugin(settings, tools);
      if (!(tools instanceof AppError)) this.#warnOfUnlisted(settings, tools);
      if (plugin !== null) plugins.push(plugin);
      else
        missing.set(mcpPluginName(settings.name), tools instanceof AppError ? tools.message : `MCP server ${settings.name} lists no tool`);
    }
    for (const [plugin, reason] of missing) this.#options.log.warn({ plugin, reason }, "an MCP server's tools could not be listed");
    return { plugins, missing };
  }

  /** What is remembered; asks no server. For validation and plans. */
  async remembered(): Promise<readonly Plugin[]> {
    const plugins: Plugin[] = [];
    for (const settings of this.#options.servers) {
      const known = await this.#recall(settings);
      const plugin = known === null ? null : this.#toPlugin(settings, known.tools);
      if (plugin !== null) plugins.push(plugin);
    }
    return plugins;
  }

  session(name: string): McpSession | undefined {
    return this.#sessions.get(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session[Symbol.asyncDispose]()));
    await this.#stream[Symbol.asyncDispose]();
  }

  async #toolsOf(settings: McpServerConfig, isFresh: boolean): Promise<readonly McpTool[] | AppError> {
    const known = isFresh ? null : await this.#recall(settings);
    if (known !== null && known.failure === undefined) return known.tools;
    if (known?.failure !== undefined && this.#isRecent(known.failure.atMs))
      return new AppError("UPSTREAM_UNAVAILABLE", known.failure.reason);
    const late = new AbortController();
    const cancel = this.#options.clock.schedule(
      LIST_TIMEOUT_MS,
      () => {
        late.abort(new AppError("UPSTREAM_UNAVAILABLE", `MCP server ${settings.name} did not list its tools within ${LIST_TIMEOUT_MS} ms`));
      },
      true,
    );
    try {
      const tools = await this.#requireSession(settings).tools(late.signal);
      await this.#remember(settings, { tools });
      return tools;
    } catch (error) {
      const failure = asAppError(error);
      // What was listed before is worth more than a failure that may be gone in a minute.
      const hasTools = ((await this.#recall(settings))?.tools ?? []).length > 0;
      if (!hasTools) await this.#remember(settings, { tools: [], failure: { reason: failure.message, atMs: this.#options.clock.nowMs() } });
      return failure;
    } finally {
      cancel();
    }
  }

  #warnOfUnlisted(settings: McpServerConfig, tools: readonly McpTool[]): void {
    const unlisted = unlistedTools({ settings, tools });
    if (unlisted.length > 0)
      this.#options.log.warn({ server: settings.name, unlisted }, "an MCP server does not list tools that its settings name");
  }

  #toPlugin(settings: McpServerConfig, tools: readonly McpTool[]): Plugin | null {
    return createMcpPlugin({ settings, tools, session: this.#requireSession(settings), judge: this.#options.judge });
  }

  #requireSession({ name }: McpServerConfig): McpSession {
    const session = this.#sessions.get(name);
    if (session === undefined) throw new AppError("NOT_FOUND", `there is no MCP server ${name}`);
    return session;
  }

  #fileOf({ name }: McpServerConfig): string {
    return join(this.#options.folder, `${name}.json`);
  }

  #isRecent(atMs: number): boolean {
    const ageMs = this.#options.clock.nowMs() - atMs;
    return ageMs >= 0 && ageMs < FAILURE_REMEMBERED_MS;
  }

  async #recall(settings: McpServerConfig): Promise<Remembered | null> {
    try {
      const kept = memory.safeParse(JSON.parse(await readFile(this.#fileOf(settings), "utf8")));
      return kept.success && kept.data.fingerprint === fingerprintOf(settings) ? (kept.data as Remembered) : null;
    } catch {
      // None, or none that can be read: the server is asked.
      return null;
    }
  }

  /** Whole or not at all, since another process may read it at this moment. A folder that cannot be written costs speed only. */
  async #remember(settings: McpServerConfig, known: Remembered): Promise<void> {
    const beside = `${this.#fileOf(settings)}.${randomId()}`;
    try {
      await mkdir(this.#options.folder, { recursive: true });
      await writeFile(beside, JSON.stringify({ fingerprint: fingerprintOf(settings), ...known }));
      await rename(beside, this.#fileOf(settings));
    } catch (error) {
      this.#options.log.warn({ server: settings.name, error: String(error) }, "the tools of an MCP server could not be remembered");
    }
  }
}

/** Of what decides which tools there are. The values of the environment stay out: they are secrets more often than not. */
function fingerprintOf({ target }: McpServerConfig): string {
  const told = target.kind === "process" ? { ...target, environment: Object.keys(target.environment).sort() } : target;
  return sha256Hex(canonicalJson(told as unknown as JsonObject));
}
