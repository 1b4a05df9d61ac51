// The plugins that `validate` knows without a system: the built-in ones. Runs none of them.
import { tmpdir } from "node:os";
import { systemClock } from "../../core/clock.ts";
import { createBuiltinPlugins } from "../../plugins/builtins.ts";
import { PluginManager } from "../../plugins/PluginManager.ts";

export function createBuiltinCatalog(): PluginManager {
  const manager = new PluginManager();
  // The outbox makes its folder when it writes, and validation writes nothing.
  manager.register(...createBuiltinPlugins({ outboxFolder: tmpdir(), clock: systemClock }));
  return manager;
}
