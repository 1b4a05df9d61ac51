// A catalog of two plugins, as PluginManager would give it.
import type { PluginCatalog, PluginCatalogAction } from "../../../lib/workflow/types.ts";

const path = { type: "string", minLength: 1 } as const;
const object = (properties: Record<string, object>, required: readonly string[]): PluginCatalogAction["params"] =>
  ({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties,
    required,
    additionalProperties: false,
  }) as unknown as PluginCatalogAction["params"];

const ACTIONS: Readonly<Record<string, Readonly<Record<string, PluginCatalogAction>>>> = {
  files: {
    list: { effect: "read", params: object({ path }, ["path"]) },
    read: { effect: "read", params: object({ path }, ["path"]) },
    write: { effect: "write", params: object({ path, text: { type: "string" }, headers: { type: "object" } }, ["path", "text"]) },
  },
  http: { get: { effect: "read", params: object({ url: { type: "string", format: "uri" } }, ["url"]) } },
};

export const catalog: PluginCatalog = {
  action: (plugin, action) => ACTIONS[plugin]?.[action],
  plugins: () => Object.keys(ACTIONS),
  actions: (plugin) => Object.keys(ACTIONS[plugin] ?? {}),
};
