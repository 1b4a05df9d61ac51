// Configured MCP servers with an executor over their tools, in a folder of their own.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../../../lib/core/clock.ts";
import type { JsonObject } from "../../../../lib/core/json.ts";
import { silentLogger } from "../../../../lib/core/logger.ts";
import type { McpServerConfig } from "../../../../lib/config/McpServerConfig.ts";
import { IntentClassifier } from "../../../../lib/orchestration/IntentClassifier.ts";
import { createSecret } from "../../../../lib/plugins/createSecret.ts";
import { type McpListing, McpServers, type McpServersOptions } from "../../../../lib/plugins/mcp/McpServers.ts";
import type { PluginExecutor } from "../../../../lib/plugins/PluginExecutor.ts";
import type { ActionOutcome } from "../../../../lib/plugins/types.ts";
import { callOf, executorOf } from "../executorOf.ts";
import { openTestFolder, type TestFolder } from "../openTestFolder.ts";

const ODD_SERVER = new URL("oddServer.ts", import.meta.url).pathname;

export function processServer(
  command: string,
  args: readonly string[],
  more: Partial<McpServerConfig> & { folder?: string } = {},
): McpServerConfig {
  const { folder = "/", ...others } = more;
  return {
    name: "odd",
    timeoutMs: 20_000,
    tools: null,
    effects: {},
    target: {
      kind: "process",
      command,
      args,
      folder,
      environment: { PATH: process.env["PATH"] ?? "" },
      secrets: {},
      hidden: [],
      missing: [],
    },
    ...others,
  };
}

export class McpWorld implements AsyncDisposable {
  readonly folder: TestFolder;
  readonly servers: McpServers;
  listing: McpListing = { plugins: [], missing: new Map() };

  private constructor(folder: TestFolder, servers: McpServers) {
    this.folder = folder;
    this.servers = servers;
  }

  static async open(
    configured: readonly McpServerConfig[],
    options: Partial<McpServersOptions> = {},
    shared?: TestFolder,
  ): Promise<McpWorld> {
    const folder = shared ?? (await openTestFolder());
    const classifier = new IntentClassifier();
    const world = new McpWorld(
      folder,
      new McpServers({
        servers: configured,
        folder: join(folder.path, "mcp"),
        clock: systemClock,
        log: silentLogger,
        judge: ({ annotations, ...tool }) => classifier.classifyTool({ ...tool, ...(annotations !== undefined && { annotations }) }).effect,
        secretOf: async (name) => createSecret(name, `value-of-${name}`),
        ...options,
      }),
    );
    world.listing = await world.servers.list();
    return world;
  }

  /** The misbehaving server; its log is a file of the folder. */
  static async odd(
    faults: readonly string[],
    more: Partial<McpServerConfig> = {},
    options: Partial<McpServersOptions> = {},
  ): Promise<McpWorld> {
    const folder = await openTestFolder();
    return McpWorld.open([oddServer(folder, faults, more)], options, folder);
  }

  get executor(): PluginExecutor {
    return executorOf(this.listing.plugins);
  }

  async call(action: string, params: JsonObject = {}, signal?: AbortSignal): Promise<ActionOutcome> {
    return this.executor.execute(callOf("mcp-odd", action, params, signal === undefined ? {} : { signal }));
  }

  /** What the server itself says that it did. */
  async log(): Promise<string[]> {
    const text = await readFile(join(this.folder.path, "log"), "utf8").catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.servers[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

export function oddServer(folder: TestFolder, faults: readonly string[], more: Partial<McpServerConfig> = {}): McpServerConfig {
  return processServer(process.execPath, [ODD_SERVER, join(folder.path, "log"), ...faults], more);
}
