// Stored connections as plugins and providers see them: opened when used, never held as text.
import type { ConnectionStore } from "../access/ConnectionStore.ts";
import type { Config, ProviderConfig } from "../config/Config.ts";
import { AppError } from "../core/errors.ts";
import type { WorkspaceId } from "../core/ids.ts";
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
export function providerSettings(config: Config, stored: StoredKeys): RegisteredProvider[] {
  return config.providers.map((provider) => {
    const { name, kind, baseUrl } = provider;
    return { name, kind, baseUrl, apiKey: keyOf(provider, config.workspaceId, stored) };
  });
}

interface StoredKeys {
  readonly db: Database;
  readonly connections: ConnectionStore;
}

function keyOf(
  { name, apiKey, apiKeyFrom }: ProviderConfig,
  workspaceId: WorkspaceId,
  stored: StoredKeys,
): NonNullable<RegisteredProvider["apiKey"]> | null {
  if (apiKeyFrom !== null && "connection" in apiKeyFrom)
    return () => stored.connections.openConnection(stored.db, workspaceId, apiKeyFrom.connection);
  if (apiKeyFrom === null || apiKey !== null) return apiKey;
  // A function and not null, for which a key found in the environment would be taken: that may be another account's.
  return async () => {
    const variable = apiKeyFrom.env;
    throw new AppError(
      "CONNECTION_MISSING",
      `provider ${name} takes its API key from the environment variable ${variable}, which is not set`,
      {
        details: { variable, mayHaveSpent: false },
        hint: `set ${variable} in the environment of the process that runs the workflow`,
      },
    );
  };
}

/** One text per provider whose key is not where `apiKeyFrom` says. */
export function missingProviderKeys(config: Config, storedNames: readonly string[]): string[] {
  return config.providers.flatMap(({ name, apiKey, apiKeyFrom }) => {
    if (apiKeyFrom === null) return [];
    if ("env" in apiKeyFrom) return apiKey === null ? [`${name}: the environment variable ${apiKeyFrom.env} is not set`] : [];
    return storedNames.includes(apiKeyFrom.connection) ? [] : [`${name}: there is no connection ${apiKeyFrom.connection}`];
  });
}
