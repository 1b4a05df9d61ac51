// Kill points on PGlite: one process on a folder, killed and started again until everything has ended; then the folder is opened and checked.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openDatabase } from "../../../lib/db/openDatabase.ts";
import { checkDatabase } from "../checkDatabase.ts";
import { Child } from "../Child.ts";
import { EffectServer } from "../EffectServer.ts";
import { seededRandom } from "../seededRandom.ts";
import { describeKill, planKill } from "./planKill.ts";

export interface PgliteRound {
  readonly seed: number;
  readonly kills: number;
  readonly executions: number;
  readonly notify?: boolean;
}

/** @returns faults in words; `log` gets every kill */
export async function pgliteKillPoints(
  { seed, kills, executions, notify = true }: PgliteRound,
  log: (line: string) => void,
): Promise<string[]> {
  const random = seededRandom(seed);
  const effects = await EffectServer.start();
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-faults-"));
  const orders = { folder, effectUrl: effects.url, start: executions, seed, plays: true, notify } as const;
  try {
    for (let done = 0; done < kills; done += 1) {
      const planned = planKill(random, 900);
      const child = new Child({ ...orders, kill: planned.kill });
      if ((await child.heard("working")) === "heard") await Promise.race([delay(planned.afterMs), child.ended]);
      await child.kill();
      log(`kill ${done + 1}: ${describeKill(planned)}`);
    }
    const last = new Child({ ...orders, kill: { at: "time" } });
    await withTimeout(last.heard("idle"), 120_000, "the executions have not ended").finally(() => last.kill());
    const db = await openDatabase({ kind: "pglite", folder });
    try {
      return await checkDatabase(db, { effects });
    } finally {
      await db.close();
    }
  } finally {
    await effects.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

export async function withTimeout<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      work,
      delay(ms, undefined, { signal: timer.signal }).then(() => {
        throw new Error(`${what} after ${ms} ms`);
      }),
    ]);
  } finally {
    timer.abort();
  }
}
