// Stored connections as plugins and providers see them: opened when used, never held as text.
import type { ConnectionStore } from "../access/ConnectionStore.ts";
import type { Config } from "../config/Config.ts";
import { AppError } from "../core/errors.ts";
import type { Database } from "../db/Database.ts";
import type { RegisteredProvider } from "../models/sdkModels.ts";
import { createSecret } from "../plugins/createSecret.ts";
import type { ConnectionSource } from "../plugins/types.ts";

export function secretsOf(db: Database, connections: ConnectionStore): ConnectionSource {
  return {
    findSecret: async (workspaceId, name) => {
      try {
        return createSecret(name, await connections.openConnection(db, workspaceId, name));
      } catch (error) {
        if (AppError.is(error, "CONNECTION_MISSING")) return undefined;
        throw error;
      }
    },
  };
}

/** Configured providers; a key that is a stored connection is opened at each call, so that a changed one needs no restart. */
export function providerSettings(
  config: Config,
  { db, connections }: { readonly db: Database; readonly connections: ConnectionStore },
): RegisteredProvider[] {
  return config.providers.map(({ name, kind, baseUrl, apiKey, apiKeyFrom }) => {
    const connection = apiKeyFrom !== null && "connection" in apiKeyFrom ? apiKeyFrom.connection : null;
    const key = connection === null ? apiKey : () => connections.openConnection(db, config.workspaceId, connection);
    return { name, kind, baseUrl, apiKey: key };
  });
}
