// Opens the one database of a process, whichever kind. Applies no migrations (migrate.ts) and locks no folder (FolderLock.ts).
import { type Clock, systemClock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import type { Database, Warn } from "./Database.ts";
import { sqlState } from "./databaseErrors.ts";
import { startEmbeddedServer } from "./EmbeddedServer.ts";
import { openPglite } from "./openPglite.ts";
import { PoolDatabase, type PoolDatabaseParts } from "./PoolDatabase.ts";
import { StatementPool } from "./StatementPool.ts";

export type DatabaseOptions =
  | { readonly kind: "postgres"; readonly url: string }
  | { readonly kind: "embedded-postgres"; readonly folder: string }
  /** `folder: null` is in memory. */
  | { readonly kind: "pglite"; readonly folder: string | null };

export interface OpenDatabaseOptions {
  readonly warn?: Warn;
  readonly clock?: Clock;
  /** First start of PGlite from a dumped data directory: pass {@link ensureTemplate} here, with its options bound. */
  readonly template?: () => Promise<string>;
  /** Connections of the pool on a server; PGlite has one. */
  readonly maxConnections?: number;
}

const MAX_CONNECTIONS = 10;
/** An idle worker's few statements now and then meet; connections that were closed in between cost a login each. */
const IDLE_CONNECTION_MS = 60_000;
/** A server that does not answer within this is as good as gone; without it pg waits for ever. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * @throws AppError `DATABASE_UNAVAILABLE` when the server cannot be reached or the folder does not open, `CONFIG_INVALID`
 * when it refuses the user, the password or the database name
 */
export async function openDatabase(options: DatabaseOptions, extras: OpenDatabaseOptions = {}): Promise<Database> {
  const { warn = () => undefined, clock = systemClock, template, maxConnections = MAX_CONNECTIONS } = extras;
  switch (options.kind) {
    case "pglite":
      return (await openPglite({ folder: options.folder, template, clock, warn })).database;
    case "postgres":
      return await openServer({ url: options.url, maxConnections, parts: { kind: "postgres", clock, warn, afterClose: async () => {} } });
    case "embedded-postgres": {
      const server = await startEmbeddedServer(options.folder, clock);
      const parts = { kind: options.kind, clock, warn, afterClose: () => server.stop() } as const;
      try {
        return await openServer({ url: server.url, maxConnections, parts });
      } catch (error) {
        await server.stop();
        throw error;
      }
    }
    default:
      throw new AppError("CONFIG_INVALID", `unknown database kind: ${String((options as { kind: unknown }).kind)}`);
  }
}

interface ServerToOpen {
  readonly url: string;
  readonly maxConnections: number;
  readonly parts: Omit<PoolDatabaseParts, "pool" | "listenConfig">;
}

async function openServer({ url, maxConnections, parts }: ServerToOpen): Promise<Database> {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    // Not quoted: it holds a password.
    throw new AppError("CONFIG_INVALID", "the database URL cannot be parsed", {
      details: { field: "DATABASE_URL", expected: "postgres://user:password@host:port/name" },
    });
  }
  const config = { connectionString: url, application_name: "neuronforge", keepAlive: true, connectionTimeoutMillis: CONNECT_TIMEOUT_MS };
  const pool = new StatementPool({ ...config, max: maxConnections, idleTimeoutMillis: IDLE_CONNECTION_MS }, false);
  const database = new PoolDatabase({ ...parts, pool, listenConfig: config });
  try {
    await database.query("SELECT 1");
  } catch (error) {
    await pool.end();
    throw refusedLogin(error, url) ?? error;
  }
  return database;
}

/** Wrong user, password or database name will not mend itself. The URL is never quoted: it holds the password. */
function refusedLogin(error: unknown, url: string): AppError | undefined {
  const state = sqlState(error);
  if (state === undefined || !(state.startsWith("28") || state === "3D000")) return undefined;
  const { host, pathname } = new URL(url);
  return new AppError("CONFIG_INVALID", `the database server at ${host} refused the connection: ${(error as Error).message}`, {
    cause: error,
    details: { field: "DATABASE_URL", got: `database ${pathname.slice(1)}`, sqlState: state },
    hint: "check user, password and database name in DATABASE_URL",
  });
}
