// The plugins that `validate` and `classify` go by without a system: the built-in ones, and MCP tools as they were listed last. Starts no server.
import { systemClock } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import { silentLogger } from "../../core/logger.ts";
import type { PluginManager } from "../../plugins/PluginManager.ts";
import type { Cli } from "../Cli.ts";
import { loadCliConfig } from "../openSystem.ts";
import { createBuiltinCatalog } from "./builtinCatalog.ts";

export async function loadCatalog(cli: Cli): Promise<PluginManager> {
  const manager = createBuiltinCatalog();
  const config = await loadCliConfig(cli).catch((error: unknown) => {
    // A faulty configuration is told by the commands that need it; a workflow can be checked all the same.
    if (AppError.is(error)) return null;
    throw error;
  });
  if (config === null || config.mcpServers.length === 0) return manager;
  const { rememberedMcpPlugins } = await import("../../system/openMcpServers.ts");
  manager.register(...(await rememberedMcpPlugins(config, systemClock, silentLogger)));
  return manager;
}
