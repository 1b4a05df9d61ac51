// One holder at a time for a file's ledger, across processes on one machine or a shared folder. Held for milliseconds.
import { randomBytes } from "node:crypto";
import { link, open, readFile, rename, stat, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import { errorCodeOf } from "./fileErrors.ts";

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Of the process: in a container every process may have number 1. */
  readonly instance: string;
  readonly token: string;
}

const INSTANCE = randomBytes(8).toString("hex");
const RETRY_MS = 10;
const MAX_WAIT_MS = 20_000;
/** No holder needs that long; a lock of a machine that is gone cannot be judged otherwise. */
const STALE_MS = 60_000;

/** Queues within the process, so that only one of its calls at a time asks for the lock file. */
const queues = new Map<string, Promise<unknown>>();

/** @throws AppError `CONFLICT` when another process holds the lock for 20 s */
export async function withFileLock<T>(path: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const before = queues.get(path) ?? Promise.resolve();
  const mine = before.then(async () => {
    const token = await acquire(path, clock);
    try {
      return await work();
    } finally {
      await release(path, token);
    }
  });
  const settled = mine.catch(() => undefined);
  queues.set(path, settled);
  try {
    return await mine;
  } finally {
    if (queues.get(path) === settled) queues.delete(path);
  }
}

async function acquire(path: string, clock: Clock): Promise<string> {
  const token = randomBytes(8).toString("hex");
  const startedAtMs = clock.monotonicMs();
  while (!(await tryCreate(path, { pid: process.pid, host: hostname(), instance: INSTANCE, token }))) {
    if (await removeIfStale(path, clock)) continue;
    if (clock.monotonicMs() - startedAtMs > MAX_WAIT_MS) {
      throw new AppError("CONFLICT", `another process has held ${path} for ${MAX_WAIT_MS} ms`, {
        retry: "later",
        details: { accepted: "no" },
      });
    }
    await clock.sleep(RETRY_MS);
  }
  return token;
}

async function tryCreate(path: string, holder: Holder): Promise<boolean> {
  // Written beside and linked: a reader never sees a lock without its holder.
  const draft = `${path}.${holder.token}`;
  const file = await open(draft, "wx");
  try {
    await file.writeFile(JSON.stringify(holder));
    await file.close();
    await link(draft, path);
    return true;
  } catch (error) {
    if (errorCodeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

async function release(path: string, token: string): Promise<void> {
  const holder = await readHolder(path);
  if (holder?.token === token) await unlink(path);
}

/** Takes the lock away by renaming, then looks what it took: two who judged the same holder dead do not both win. */
async function removeIfStale(path: string, clock: Clock): Promise<boolean> {
  const judged = await readHolder(path);
  if (judged === undefined) return true;
  if (!(await isStale(path, judged, clock))) return false;
  const taken = `${path}.${randomBytes(8).toString("hex")}.stale`;
  try {
    await rename(path, taken);
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return true;
    throw error;
  }
  const found = await readHolder(taken);
  if (found !== undefined && found.token !== judged.token) await putBack(taken, path);
  await unlink(taken);
  return true;
}

async function putBack(taken: string, path: string): Promise<void> {
  try {
    await link(taken, path);
  } catch (error) {
    if (errorCodeOf(error) !== "EEXIST") throw error;
  }
}

async function isStale(path: string, holder: Holder, clock: Clock): Promise<boolean> {
  if (holder.host === hostname()) {
    if (holder.pid === process.pid) return holder.instance !== INSTANCE;
    if (!isAlive(holder.pid)) return true;
  }
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && clock.nowMs() - found.mtimeMs > STALE_MS;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    return errorCodeOf(error) === "EPERM";
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Holder;
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
