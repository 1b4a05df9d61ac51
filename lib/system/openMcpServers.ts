// Makes the tools of configured MCP servers plugins. Starts a server only when its tools are not remembered, asked for anew, or called.
import { join } from "node:path";
import type { ConnectionStore } from "../access/ConnectionStore.ts";
import type { Config } from "../config/Config.ts";
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Database } from "../db/Database.ts";
import { IntentClassifier } from "../orchestration/IntentClassifier.ts";
import type { JudgeTool } from "../plugins/mcp/createMcpPlugin.ts";
import { McpServers } from "../plugins/mcp/McpServers.ts";
import type { PluginManager } from "../plugins/PluginManager.ts";
import type { Plugin } from "../plugins/types.ts";
import { secretsOf } from "./secretsOf.ts";

interface Parts {
  readonly config: Config;
  readonly db: Database;
  readonly connections: ConnectionStore;
  readonly manager: PluginManager;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface OpenMcpServers {
  readonly refresh: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A server that cannot be listed is noted and stops nothing but its own tools. */
export async function openMcpServers({ config, db, connections, manager, clock, logger }: Parts): Promise<OpenMcpServers> {
  if (config.mcpServers.length === 0) return { refresh: async () => undefined, close: async () => undefined };
  const secrets = secretsOf(db, connections);
  const servers = createServers(config, { clock, log: logger }, async (name) => {
    const secret = await secrets.findSecret(config.workspaceId, name);
    if (secret !== undefined) return secret;
    throw new AppError("CONNECTION_MISSING", `connection "${name}" is not stored`, { details: { expected: name, accepted: "no" } });
  });
  const ours = new Set<string>();
  const list = async (isFresh: boolean): Promise<void> => {
    const { plugins, missing } = await servers.list({ isFresh });
    if (isFresh) for (const plugin of plugins) manager.replace(plugin);
    // At first a taken name is a fault.
    else manager.register(...plugins);
    for (const { name } of plugins) ours.add(name);
    for (const name of missing.keys()) if (ours.delete(name)) manager.remove(name);
    manager.noteMissing(missing);
  };
  const close = async (): Promise<void> => servers[Symbol.asyncDispose]();
  try {
    await list(false);
  } catch (error) {
    await close();
    throw error;
  }
  return { refresh: () => list(true), close };
}

/** For commands that validate and plan without a system: the tools as they were listed last. Starts nothing. */
export async function rememberedMcpPlugins(config: Config, clock: Clock, log: Logger): Promise<readonly Plugin[]> {
  if (config.mcpServers.length === 0) return [];
  await using servers = createServers(config, { clock, log }, async () =>
    Promise.reject(new AppError("CONNECTION_MISSING", "not opened here")),
  );
  return await servers.remembered();
}

function createServers(
  config: Config,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  secretOf: ConstructorParameters<typeof McpServers>[0]["secretOf"],
): McpServers {
  const classifier = new IntentClassifier();
  const judge: JudgeTool = ({ annotations, ...tool }) =>
    classifier.classifyTool({ ...tool, ...(annotations !== undefined && { annotations }) }).effect;
  const { mcpServers, allowedPrivateHosts, dataFolder } = config;
  return new McpServers({ servers: mcpServers, folder: join(dataFolder, "mcp"), allowedPrivateHosts, clock, log, judge, secretOf });
}
