// LISTEN on a connection of its own that comes back by itself. What was notified while it was away is lost: hints only.
import { Client, type ClientConfig } from "pg";
import type { Clock } from "../core/clock.ts";
import type { Warn } from "./Database.ts";
import { toDatabaseError } from "./databaseErrors.ts";

const RECONNECT_MS = 1_000;

export interface ListenOptions {
  readonly config: ClientConfig;
  readonly channel: string;
  readonly onNotify: (payload: string) => void;
  readonly clock: Clock;
  readonly warn: Warn;
}

/** @returns how to stop. Throws when the first connection fails; later breaks are mended in the background. */
export async function listenOn(options: ListenOptions): Promise<() => Promise<void>> {
  const { channel, clock, warn } = options;
  let isStopped = false;
  let cancelRetry: (() => void) | undefined;
  let client = await connect(options, onLost);

  function onLost(): void {
    if (isStopped) return;
    warn(`the connection that listens on ${channel} was lost; trying again every ${RECONNECT_MS} ms`);
    retryLater();
  }

  function retryLater(): void {
    cancelRetry = clock.schedule(RECONNECT_MS, () => void reconnect());
  }

  async function reconnect(): Promise<void> {
    try {
      const next = await connect(options, onLost);
      if (isStopped) await next.end();
      else client = next;
    } catch {
      if (!isStopped) retryLater();
    }
  }

  return async () => {
    isStopped = true;
    cancelRetry?.();
    await client.end();
  };
}

async function connect({ config, channel, onNotify }: ListenOptions, onLost: () => void): Promise<Client> {
  const client = new Client(config);
  // Set before connecting: a break may come at any time, and an unheard `error` event ends the process.
  client.on("error", () => undefined);
  client.on("notification", (notification) => onNotify(notification.payload ?? ""));
  try {
    await client.connect();
    await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw toDatabaseError(error);
  }
  client.once("end", onLost);
  return client;
}
