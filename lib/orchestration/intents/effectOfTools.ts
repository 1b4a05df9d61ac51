// What the tools may hurt that a model is given in a loop: as the catalog declares them, else as their names tell.
import type { Effect, PluginCatalog } from "../../workflow/types.ts";
import { moreDangerous } from "./effects.ts";
import { judgeTool } from "./judgeTool.ts";
import { asRecord } from "./looseValues.ts";

/** As far as labelling needs it; `actions` lists a plugin's actions. */
export type IntentCatalog = Pick<PluginCatalog, "action"> & Partial<Pick<PluginCatalog, "actions">>;

const TOOLS_LIMIT = 40;

/** `none` without tools. Tools whose effect nobody declares count by their names, and unknown names as `write`. */
export function effectOfTools(step: Readonly<Record<string, unknown>>, catalog: IntentCatalog | undefined): Effect {
  let effect: Effect = "none";
  for (const list of [step["plugins"], step["tools"], asRecord(step["params"])["tools"]]) {
    if (!Array.isArray(list)) continue;
    for (const tool of list.slice(0, TOOLS_LIMIT) as readonly unknown[]) effect = moreDangerous(effect, effectOfTool(tool, catalog));
  }
  return effect;
}

function effectOfTool(tool: unknown, catalog: IntentCatalog | undefined): Effect {
  const { name, description } = asRecord(tool);
  const known = typeof tool === "string" ? tool : typeof name === "string" ? name : "";
  const declared = declaredEffect(known, catalog);
  if (declared !== null) return declared;
  return judgeTool({ name: known, ...(typeof description === "string" ? { description } : {}) }).effect;
}

/** A plugin is as dangerous as its most dangerous action. Null when the catalog does not know it. */
function declaredEffect(plugin: string, catalog: IntentCatalog | undefined): Effect | null {
  try {
    const effects = (catalog?.actions?.(plugin) ?? []).map((action) => catalog?.action(plugin, action)?.effect ?? "write");
    return effects.length === 0 ? null : effects.reduce(moreDangerous);
  } catch {
    // A catalog that fails tells nothing; labelling must not fail with it.
    return null;
  }
}
