// `npm run test:faults [-- --short] [--seed N]`: kills, freezes and races, on PGlite and on a server. Ends with `N passed, N failed`.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../../lib/core/clock.ts";
import { startEmbeddedServer } from "../../lib/db/EmbeddedServer.ts";
import { openDatabase } from "../../lib/db/openDatabase.ts";
import type { Database } from "../../lib/db/Database.ts";
import { QUEUE_TEMPLATE } from "../../lib/pilot/prepareQueue.ts";
import { createTestDatabase } from "../../lib/testing/createTestDatabase.ts";
import { pgliteKillPoints, withTimeout } from "./killPoints/pgliteKillPoints.ts";
import { postgresKillPoints } from "./killPoints/postgresKillPoints.ts";
import { approvalRace } from "./scenarios/approvalRace.ts";
import { cancelRace } from "./scenarios/cancelRace.ts";
import { handOver } from "./scenarios/handOver.ts";
import { hostileQueue } from "./scenarios/hostileQueue.ts";
import { ledgerSchedules } from "./scenarios/ledgerSchedules.ts";
import { openCommit } from "./scenarios/openCommit.ts";
import { parallelCap } from "./scenarios/parallelCap.ts";
import { longStep, standingStill } from "./scenarios/standingStill.ts";
import { openServerDatabase } from "./serverDatabase.ts";

interface Scenario {
  readonly name: string;
  /** How many checks it stands for: each kill point is one. */
  readonly count?: number;
  /** @returns faults in words */
  readonly run: (log: (line: string) => void) => Promise<string[]>;
}

/** All of it ends within this, whatever hangs; on two idle cores it takes 3 and about 12 minutes. */
const BUDGET_MS = (process.argv.includes("--short") ? 6 : 19.5) * 60_000;

const { values } = parseArgs({ options: { short: { type: "boolean", default: false }, seed: { type: "string", default: "1" } } });
const isShort = values.short;
const seed = Number(values.seed);
let passed = 0;
let failed = 0;
const startedMs = performance.now();

await main();

async function main(): Promise<void> {
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed takes a whole number, got ${values.seed}`);
  console.log(`seed ${seed}${isShort ? ", short" : ""}`);
  const server = await openServer();
  // Interrupted by hand: the server of this run must not stay behind.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.stop().finally(() => process.exit(130)));
  try {
    // Side by side: half of the time is waiting for heartbeats to run out.
    const pglite = onPglite();
    const onServerToo = onServer(server.url);
    const rest = [...pglite.others, ...onServerToo.others];
    const lane = async (killing: readonly Scenario[]): Promise<void> => {
      for (const scenario of killing) await runOne(scenario);
      for (let next = rest.shift(); next !== undefined; next = rest.shift()) await runOne(next);
    };
    await Promise.all([lane(pglite.killing), lane(onServerToo.killing)]);
  } finally {
    await server.stop();
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

async function openServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const given = process.env["DATABASE_URL"];
  if (given !== undefined && given !== "") return { url: given, stop: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-faults-server-"));
  const server = await startEmbeddedServer(folder, systemClock);
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function runOne({ name, count = 1, run }: Scenario): Promise<void> {
  const beganMs = performance.now();
  const log = (line: string): void => console.log(`  ${at()} ${name}: ${line}`);
  let faults: string[];
  try {
    const leftMs = BUDGET_MS - (beganMs - startedMs);
    faults = leftMs <= 0 ? ["not begun: the time for all of it is over"] : await withTimeout(run(log), leftMs, "not done");
  } catch (error) {
    faults = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
  console.log(`${faults.length === 0 ? "passed" : "FAILED"} ${at()} ${name} (${count}, ${seconds} s)`);
  for (const fault of faults) console.log(`    ${fault}`);
  failed += Math.min(faults.length, count);
  passed += count - Math.min(faults.length, count);
}

function at(): string {
  return `[${((performance.now() - startedMs) / 1_000).toFixed(0)} s]`;
}

interface Scenarios {
  readonly killing: readonly Scenario[];
  readonly others: readonly Scenario[];
}

function onPglite(): Scenarios {
  const rounds = isShort ? 2 : 6;
  const kills = isShort ? 10 : 20;
  const killing = Array.from({ length: rounds }, (_, round): Scenario => ({
    name: `PGlite, kill points ${round + 1}/${rounds}`,
    count: kills,
    run: (log) => pgliteKillPoints({ seed: seed * 1_000 + round, kills, executions: isShort ? 10 : 14 }, log),
  }));
  const others: Scenario[] = [
    {
      name: "PGlite, a failing statement beside every transaction",
      run: () => inMemory((db) => hostileQueue(db, { transactions: isShort ? 200 : 1_000, executions: isShort ? 10 : 60 })),
    },
    { name: "PGlite, takeover during a commit", run: () => inMemory((db) => openCommit(db, { rounds: isShort ? 100 : 1_000, seed })) },
    {
      name: "PGlite, answers and cancels against suspensions",
      run: () => inMemory((db) => approvalRace(db, { rounds: isShort ? 500 : 10_000, seed })),
    },
    { name: "PGlite, cancels against settlements", run: () => inMemory((db) => cancelRace(db, { executions: isShort ? 60 : 300, seed })) },
    { name: "PGlite, 64 calls at once against a cap", run: () => inMemory((db) => parallelCap(db)) },
    {
      name: "PGlite, ledger schedules",
      run: () => inMemory((db) => ledgerSchedules(db, { seed: seed * 1_000, schedules: isShort ? 10 : 60 })),
    },
    { name: "PGlite, hand-over after 12 simulated hours", run: () => inMemory(handOver) },
  ];
  return { killing, others };
}

function onServer(serverUrl: string): Scenarios {
  const kills = isShort ? [10, 10] : [50, 30];
  const killing = [true, false].map((notify, index): Scenario => {
    const count = kills[index] ?? 0;
    return {
      name: `server, kill points with two workers${off(notify)}`,
      count,
      run: (log) => postgresKillPoints({ serverUrl, seed: seed * 1_000 + index, kills: count, inFlight: 100, notify }, log),
    };
  });
  const others: Scenario[] = [
    ...[true, false].map((notify): Scenario => ({
      name: `server, workers that stand still for 15 s, and a long step${off(notify)}`,
      count: 4,
      // Side by side: most of it is waiting.
      run: async () => {
        const kinds = (["blind", "verified", "keyed"] as const).map((kind) => standingStill({ serverUrl, kind, notify }));
        return (await Promise.all([...kinds, longStep({ serverUrl, notify, seconds: isShort ? 13 : 60 })])).flat();
      },
    })),
    {
      name: "server, takeover during an open group commit",
      run: () => onFresh(serverUrl, (db) => openCommit(db, { rounds: isShort ? 300 : 2_000, seed })),
    },
    {
      name: "server, ledger schedules",
      run: () => onFresh(serverUrl, (db) => ledgerSchedules(db, { seed: seed * 1_000 + 500, schedules: isShort ? 10 : 60 })),
    },
    ...[true, false].flatMap((notify): Scenario[] => [
      {
        name: `server, answers and cancels against suspensions${off(notify)}`,
        run: () => onFresh(serverUrl, (db) => approvalRace(db, { rounds: isShort ? 500 : 10_000, seed, notify })),
      },
      {
        name: `server, cancels against settlements${off(notify)}`,
        run: () => onFresh(serverUrl, (db) => cancelRace(db, { executions: isShort ? 60 : 300, seed, notify })),
      },
      {
        name: `server, 64 calls at once against a cap, two workers${off(notify)}`,
        run: () => twoWorkers(serverUrl, (db, other) => parallelCap(db, [other], notify)),
      },
    ]),
  ];
  return { killing, others };
}

function off(notify: boolean): string {
  return notify ? "" : ", NOTIFY off";
}

async function inMemory(work: (db: Database) => Promise<string[]>): Promise<string[]> {
  await using db = await createTestDatabase(QUEUE_TEMPLATE);
  return await work(db);
}

async function onFresh(serverUrl: string, work: (db: Database) => Promise<string[]>): Promise<string[]> {
  const { db } = await openServerDatabase(serverUrl);
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

async function twoWorkers(serverUrl: string, work: (db: Database, other: Database) => Promise<string[]>): Promise<string[]> {
  const { db, url } = await openServerDatabase(serverUrl);
  const other = await openDatabase({ kind: "postgres", url });
  try {
    return await work(db, other);
  } finally {
    await other.close();
    await db.close();
  }
}
