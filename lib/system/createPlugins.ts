// All plugins of a system, built in, given and of MCP servers, with what runs them.
import type { ConnectionStore } from "../access/ConnectionStore.ts";
import type { Config } from "../config/Config.ts";
import type { Clock } from "../core/clock.ts";
import { createGuardedFetch } from "../core/guardedFetch.ts";
import type { Logger } from "../core/logger.ts";
import type { Database } from "../db/Database.ts";
import { createBuiltinPlugins, createWorkspaceFolders } from "../plugins/builtins.ts";
import { PluginExecutor } from "../plugins/PluginExecutor.ts";
import { PluginManager } from "../plugins/PluginManager.ts";
import type { Plugin } from "../plugins/types.ts";
import { openMcpServers } from "./openMcpServers.ts";
import { secretsOf } from "./secretsOf.ts";

export interface PluginParts {
  readonly config: Config;
  readonly db: Database;
  readonly connections: ConnectionStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Besides the built-in ones. */
  readonly given: readonly Plugin[];
}

export interface CreatedPlugins {
  readonly manager: PluginManager;
  readonly executor: PluginExecutor;
  /** Asks MCP servers for their tools anew. */
  readonly refresh: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** @throws AppError `PLUGIN_INVALID` for a taken name and for what a plugin requires and nobody has */
export async function createPlugins({ config, db, connections, clock, logger, given }: PluginParts): Promise<CreatedPlugins> {
  const { allowedPrivateHosts, outboxFolder, filesRoot, workspaceId } = config;
  const manager = new PluginManager();
  manager.register(...createBuiltinPlugins({ outboxFolder, clock, allowedPrivateHosts }), ...given);
  const mcp = await openMcpServers({ config, db, connections, manager, clock, logger });
  try {
    manager.checkRequires((await connections.listConnections(db, workspaceId)).map(({ name }) => name));
  } catch (error) {
    await mcp.close();
    throw error;
  }
  const fetcher = createGuardedFetch({ clock, allowedPrivateHosts });
  const executor = new PluginExecutor({
    manager,
    clock,
    fetch: fetcher.fetch,
    filesOf: createWorkspaceFolders(filesRoot, clock),
    connections: secretsOf(db, connections),
    log: logger,
  });
  const close = async (): Promise<void> => {
    await mcp.close();
    await fetcher[Symbol.asyncDispose]();
  };
  return { manager, executor, refresh: mcp.refresh, close };
}
