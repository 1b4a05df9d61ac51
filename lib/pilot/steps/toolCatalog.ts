// Which plugin actions a model is offered as tools, under names that providers take. Runs none.
import { sha256Hex } from "../../core/ids.ts";
import { AppError } from "../../core/errors.ts";
import type { ModelTool } from "../../models/types.ts";
import { didYouMean } from "../../operations/didYouMean.ts";
import type { CatalogAction, PluginCatalog } from "../../plugins/types.ts";

export interface OfferedTool {
  readonly plugin: string;
  readonly action: string;
  /** People are asked before each call. */
  readonly needsApproval: boolean;
}

export interface ToolCatalog {
  /** Sorted by name: the same tools always make the same prompt. */
  readonly tools: readonly ModelTool[];
  readonly byName: ReadonlyMap<string, OfferedTool>;
}

const MAX_NAME_CHARACTERS = 64;
const HASH_CHARACTERS = 8;

/**
 * Nobody confirms what a model decides: actions that change something are offered only when the workflow names their plugin, and destructive ones
 * only when it also says who approves each call. What reaches private or foreign places, such as mail and MCP servers, must be named to be read, too.
 *
 * @param step `plugins` absent: all that are registered
 * @throws AppError `PLUGIN_UNKNOWN`
 */
export function toolCatalog(
  catalog: PluginCatalog,
  { plugins, approvers }: { readonly plugins?: readonly string[]; readonly approvers?: readonly string[] },
  path: string,
): ToolCatalog {
  const may = { isNamed: plugins !== undefined, hasApprovers: approvers !== undefined };
  const offered: { readonly name: string; readonly action: CatalogAction }[] = [];
  for (const plugin of plugins ?? catalog.plugins()) {
    const actions = catalog.actions(plugin);
    if (actions.length === 0) throw unknownPlugin(catalog, plugin, path);
    for (const name of actions) {
      const action = catalog.action(plugin, name);
      if (action !== undefined && mayOffer(action, may)) offered.push({ name: toolName(plugin, name), action });
    }
  }
  offered.sort((left, right) => (left.name < right.name ? -1 : 1));
  return {
    tools: offered.map(({ name, action }) => ({ name, description: action.description, inputSchema: action.params })),
    byName: new Map(offered.map(({ name, action }) => [name, toolOf(action)])),
  };
}

function mayOffer(
  { effect, mustBeNamed }: CatalogAction,
  { isNamed, hasApprovers }: { readonly isNamed: boolean; readonly hasApprovers: boolean },
): boolean {
  if (effect === "destructive") return isNamed && hasApprovers;
  return isNamed || (effect !== "write" && !mustBeNamed);
}

function toolOf({ plugin, action, effect }: CatalogAction): OfferedTool {
  return { plugin, action, needsApproval: effect === "destructive" };
}

function toolName(plugin: string, action: string): string {
  const name = `${plugin}__${action}`;
  if (name.length <= MAX_NAME_CHARACTERS) return name;
  return `${name.slice(0, MAX_NAME_CHARACTERS - HASH_CHARACTERS - 1)}_${sha256Hex(name).slice(0, HASH_CHARACTERS)}`;
}

function unknownPlugin(catalog: PluginCatalog, plugin: string, path: string): AppError {
  const known = catalog.plugins();
  const suggestion = didYouMean(plugin, known);
  return new AppError("PLUGIN_UNKNOWN", `step ${path}, plugins: there is no plugin "${plugin}"`, {
    details: { step: path, field: "plugins", got: plugin, expected: known.join(" | ") },
    ...(suggestion === undefined ? {} : { hint: `did you mean "${suggestion}"?` }),
  });
}
