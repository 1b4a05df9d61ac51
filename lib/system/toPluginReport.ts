// A plugin as surfaces tell of it.
import type { Plugin } from "../plugins/types.ts";
import type { System } from "../systemApi.ts";

export type PluginReport = Awaited<ReturnType<System["listPlugins"]>>[number];

export function toPluginReport({ name, version, description, actions }: Plugin): PluginReport {
  return {
    name,
    version,
    description,
    actions: [...actions].map(([action, { effect, description: about, params }]) => ({
      name: action,
      effect,
      description: about,
      params: params.json,
    })),
  };
}
