// Knows which plugins and actions there are. Does not run them (PluginExecutor.ts).
import { AppError } from "../core/errors.ts";
import { didYouMean } from "../operations/didYouMean.ts";
import type { Action, CatalogAction, Plugin, PluginCatalog } from "./types.ts";

export class PluginManager implements PluginCatalog {
  readonly #plugins = new Map<string, Plugin>();
  #missing: ReadonlyMap<string, string> = new Map();

  /** @throws AppError `PLUGIN_INVALID` when the name is taken */
  register(...plugins: readonly Plugin[]): void {
    for (const plugin of plugins) {
      const present = this.#plugins.get(plugin.name);
      if (present !== undefined) {
        throw new AppError(
          "PLUGIN_INVALID",
          `plugin ${plugin.name} ${plugin.version} clashes with ${present.name} ${present.version}, which is registered already`,
          {
            details: { field: plugin.name, expected: "a name of its own", got: plugin.name },
          },
        );
      }
      this.#plugins.set(plugin.name, plugin);
    }
  }

  /** Puts newly listed actions in the place of the old ones; running calls end with what they began with. */
  replace(plugin: Plugin): void {
    this.#plugins.set(plugin.name, plugin);
  }

  /** Running calls end with what they began with. */
  remove(name: string): void {
    this.#plugins.delete(name);
  }

  /** Says why plugins that are configured are not there; an unknown name is then told with its reason. */
  noteMissing(reasons: ReadonlyMap<string, string>): void {
    this.#missing = reasons;
  }

  /** Plugin to reason. */
  get missing(): ReadonlyMap<string, string> {
    return this.#missing;
  }

  get(name: string): Plugin | null {
    return this.#plugins.get(name) ?? null;
  }

  /** @throws AppError `PLUGIN_UNKNOWN` */
  require(name: string): Plugin {
    const plugin = this.#plugins.get(name);
    if (plugin !== undefined) return plugin;
    const reason = this.#missing.get(name);
    const why = reason === undefined ? suggestion(name, this.plugins()) : `: ${reason}`;
    throw new AppError("PLUGIN_UNKNOWN", `there is no plugin "${name}"${why}`, {
      details: { field: "plugin", got: name, expected: this.plugins().join(" | ") },
    });
  }

  /** @throws AppError `PLUGIN_UNKNOWN`, `PLUGIN_ACTION_UNKNOWN` */
  requireAction(plugin: string, action: string): Action {
    const actions = this.require(plugin).actions;
    const found = actions.get(action);
    if (found !== undefined) return found;
    const names = [...actions.keys()];
    throw new AppError("PLUGIN_ACTION_UNKNOWN", `plugin ${plugin} has no action "${action}"${suggestion(action, names)}`, {
      details: { field: "action", got: action, expected: names.join(" | ") },
    });
  }

  list(): readonly Plugin[] {
    return [...this.#plugins.values()];
  }

  /**
   * Run once at boot, when all plugins are registered.
   *
   * @param connections names of the connections that are stored
   * @throws AppError `PLUGIN_INVALID` naming each plugin and what it lacks
   */
  checkRequires(connections: readonly string[] = []): void {
    const faults: string[] = [];
    for (const { name, requires } of this.#plugins.values()) {
      for (const required of requires) {
        if (this.#plugins.has(required) || connections.includes(required)) continue;
        faults.push(
          `plugin ${name} requires "${required}", which is neither a registered plugin nor a stored connection${suggestion(required, [...this.plugins(), ...connections])}`,
        );
      }
    }
    if (faults.length > 0) throw new AppError("PLUGIN_INVALID", faults.join("; "), { details: { faults } });
  }

  plugins(): readonly string[] {
    return [...this.#plugins.keys()];
  }

  actions(plugin: string): readonly string[] {
    return [...(this.#plugins.get(plugin)?.actions.keys() ?? [])];
  }

  action(plugin: string, action: string): CatalogAction | undefined {
    const owner = this.#plugins.get(plugin);
    const found = owner?.actions.get(action);
    if (owner === undefined || found === undefined) return undefined;
    const { description, effect, idempotency, canVerify, timeoutMs } = found;
    return {
      plugin,
      action,
      description,
      effect,
      idempotency,
      canVerify,
      mustBeNamed: owner.mustBeNamed,
      timeoutMs,
      params: found.params.json,
      output: found.output?.json,
    };
  }
}

function suggestion(name: string, known: readonly string[]): string {
  const closest = didYouMean(name, known);
  return closest === undefined ? "" : `; did you mean "${closest}"?`;
}
