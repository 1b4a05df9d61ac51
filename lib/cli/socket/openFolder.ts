// Reaches the system of a data folder: as its owner, who serves other processes, or through the owner's socket.
import { connect, type Socket } from "node:net";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import { acquireFolderLock } from "../../db/FolderLock.ts";
import type { System } from "../../systemApi.ts";
import type { Backend } from "./SharedSystem.ts";
import { SocketClient } from "./SocketClient.ts";
import { SocketServer } from "./SocketServer.ts";
import { isOwnerClosing, isOwnerGone } from "./socketProtocol.ts";
import { within } from "./within.ts";

export interface OpenFolderOptions {
  readonly folder: string;
  /** Called only as the owner. */
  readonly createSystem: () => Promise<System>;
  readonly clock: Clock;
}

/** An owner that opens its database answers after that; one that is stopped or hangs never does. */
const HELLO_TIMEOUT_MS = 30_000;
/** Owners that leave just as we come: each try waits for one to go, so this many in a row is no coincidence. */
const MAX_TRIES = 50;
const PAUSE_MS = 50;

/** @throws AppError `FOLDER_LOCKED` when the owner does not answer; `CONFLICT` when it is of another version */
export async function openFolder({ folder, createSystem, clock }: OpenFolderOptions): Promise<Backend> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const lock = await acquireFolderLock(folder);
    if (lock.acquired) {
      let system: System;
      try {
        system = await createSystem();
      } catch (error) {
        await lock.release();
        throw error;
      }
      const server = new SocketServer(system);
      lock.server.onConnection((socket) => server.serve(socket));
      return { role: "owner", system, server, release: async () => lock.release() };
    }
    const client = await greetOwner(lock.socketPath, clock);
    if (client !== undefined) return { role: "client", client };
    await clock.sleep(PAUSE_MS);
  }
  throw new AppError("FOLDER_LOCKED", `the owner of ${folder} changed ${MAX_TRIES} times while this command tried to reach it`, {
    details: { file: folder },
  });
}

/** @returns undefined when the owner is on its way out: try again */
async function greetOwner(socketPath: string, clock: Clock): Promise<SocketClient | undefined> {
  const socket = await connectTo(socketPath);
  if (socket === undefined) return undefined;
  const client = new SocketClient(socket);
  try {
    const hasAnswered = await within(clock, HELLO_TIMEOUT_MS, client.hello());
    if (hasAnswered) return client;
    throw new AppError("FOLDER_LOCKED", `the process that owns the data folder has not answered for ${HELLO_TIMEOUT_MS / 1_000} s`, {
      details: { file: socketPath },
    });
  } catch (thrown) {
    if (isOwnerClosing(thrown)) await within(clock, HELLO_TIMEOUT_MS, client.closed);
    client.close();
    if (isOwnerClosing(thrown) || isOwnerGone(thrown)) return undefined;
    throw thrown;
  }
}

async function connectTo(socketPath: string): Promise<Socket | undefined> {
  const { promise, resolve } = Promise.withResolvers<Socket | undefined>();
  const socket = connect(socketPath);
  socket.once("connect", () => resolve(socket));
  // Refused or vanished between the look and the knock: the owner has just ended.
  socket.once("error", () => resolve(undefined));
  return promise;
}
