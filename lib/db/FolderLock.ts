// Makes one process the owner of a data folder: the lock is a listening socket, so a dead owner is a fact (refused at
// once), not a guess about process ids. The socket then serves other processes' commands. Locks nothing else.
import { randomBytes } from "node:crypto";
import { chmod, link, readdir, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { canConnect } from "./canConnect.ts";
import { socketFolder } from "./socketFolder.ts";

export interface FolderLock {
  readonly acquired: true;
  readonly socketPath: string;
  readonly server: {
    /** Connections that came earlier are handed over now. Without a handler they wait. */
    onConnection(handler: (socket: Socket) => void): void;
  };
  /** Call it after the database is closed: the next owner may open it at once. */
  release(): Promise<void>;
}

export interface FolderTaken {
  readonly acquired: false;
  /** Where the owner listens. */
  readonly socketPath: string;
}

/**
 * Owner or not, for any number of processes at once.
 *
 * Each candidate listens first and then links its socket to the name after the highest one in use. Linking is exclusive,
 * so of those who saw the same state one wins. A slow candidate that saw an older state may win another name; so a winner
 * looks at all other names and steps back if anybody alive is there. Of two winners the later one to link always sees the
 * earlier one: never two owners. Names of dead owners are removed by the owner only.
 */
export async function acquireFolderLock(folder: string): Promise<FolderLock | FolderTaken> {
  const sockets = await socketFolder(folder);
  for (;;) {
    const names = await lockNames(sockets);
    const owner = await findAlive(names);
    if (owner !== undefined) return { acquired: false, socketPath: owner };
    const lock = await tryToOwn(sockets, names);
    if (lock !== undefined) return lock;
  }
}

/** The owner's socket, without trying to become one. */
export async function findFolderOwner(folder: string): Promise<string | undefined> {
  return await findAlive(await lockNames(await socketFolder(folder)));
}

interface LockName {
  readonly path: string;
  readonly number: number;
}

const LOCK_NAME = /^lock\.(\d+)$/;

/** Highest first. */
async function lockNames(sockets: string): Promise<LockName[]> {
  const names: LockName[] = [];
  for (const fileName of await readdir(sockets)) {
    const digits = LOCK_NAME.exec(fileName)?.[1];
    if (digits !== undefined) names.push({ path: join(sockets, fileName), number: Number(digits) });
  }
  return names.sort((left, right) => right.number - left.number);
}

async function findAlive(names: readonly LockName[]): Promise<string | undefined> {
  for (const { path } of names) {
    if (await canConnect(path)) return path;
  }
  return undefined;
}

/** @param seen the names whose owners were all found dead */
async function tryToOwn(sockets: string, seen: readonly LockName[]): Promise<FolderLock | undefined> {
  const candidate = join(sockets, `new.${randomBytes(4).toString("hex")}`);
  const door = await openDoor(candidate);
  const socketPath = join(sockets, `lock.${(seen[0]?.number ?? 0) + 1}`);
  const hasLinked = await linkOnce(candidate, socketPath);
  await rm(candidate, { force: true });
  const others = (await lockNames(sockets)).filter(({ path }) => path !== socketPath);
  if (!hasLinked || (await findAlive(others)) !== undefined) {
    if (hasLinked) await rm(socketPath, { force: true });
    await door.close();
    return undefined;
  }
  await removeDead(sockets, others);
  const release = async (): Promise<void> => {
    await rm(socketPath, { force: true });
    await door.close();
  };
  return { acquired: true, socketPath, server: { onConnection: (handler) => door.onConnection(handler) }, release };
}

async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    // ENOENT: an owner took our unfinished candidate for a dead one's.
    if (error instanceof Error && "code" in error && (error.code === "EEXIST" || error.code === "ENOENT")) return false;
    throw error;
  }
}

/** Only the owner does this. A name that is there cannot be linked again, so what was refused stays refused. */
async function removeDead(sockets: string, others: readonly LockName[]): Promise<void> {
  for (const { path } of others) await rm(path, { force: true });
  for (const fileName of await readdir(sockets)) {
    const path = join(sockets, fileName);
    if (fileName.startsWith("new.") && !(await canConnect(path))) await rm(path, { force: true });
  }
}

interface Door {
  onConnection(handler: (socket: Socket) => void): void;
  close(): Promise<void>;
}

async function openDoor(path: string): Promise<Door> {
  const open = new Set<Socket>();
  let handle: ((socket: Socket) => void) | undefined;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    // Probes connect and leave; a reset must not end the process.
    socket.on("error", () => socket.destroy());
    if (handle !== undefined) handOver(socket, handle);
  });
  await listen(server, path);
  // Gone already when an owner took it for a dead one's, just before it listened: linking will tell.
  await chmod(path, 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  server.unref();
  return {
    onConnection: (handler) => {
      handle = handler;
      for (const socket of open) handOver(socket, handler);
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function handOver(socket: Socket, handler: (socket: Socket) => void): void {
  handler(socket);
  socket.resume();
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
