// Keeps PGlite from meeting a full disk: it cannot say so, and whoever waits for its answer waits for ever. Measures, decides nothing else.
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";

/** Room for PGlite's next 16 MiB of write-ahead log and for what may be under way. */
export const LEAST_FREE_BYTES = 32 * 1_024 * 1_024;
/** Room for a new database beside that. */
export const LEAST_FREE_FOR_NEW_BYTES = 128 * 1_024 * 1_024;
/** The disk is looked at no more often than this. */
const LOOK_MS = 200;

export type DiskGuard = () => AppError | undefined;

/** @returns what to ask before each statement: why it must not be run now; undefined when there is room */
export function createDiskGuard(folder: string, clock: Clock): DiskGuard {
  let lookedMs = Number.NEGATIVE_INFINITY;
  let refusal: AppError | undefined;
  return () => {
    const nowMs = clock.monotonicMs();
    if (nowMs - lookedMs >= LOOK_MS) {
      lookedMs = nowMs;
      refusal = diskRefusal(folder, LEAST_FREE_BYTES);
    }
    return refusal;
  };
}

/** @returns `DISK_FULL` when the disk of `folder`, which need not exist yet, has less than `leastBytes` free */
export function diskRefusal(folder: string, leastBytes: number): AppError | undefined {
  const free = freeBytes(folder);
  if (free === null || free >= leastBytes) return undefined;
  return new AppError("DISK_FULL", `the disk of ${folder} has ${mebibytes(free)} free, and the database needs ${mebibytes(leastBytes)}`, {
    // As a server says it: an outage that passes.
    details: { file: folder, expected: `at least ${mebibytes(leastBytes)} free`, got: mebibytes(free), sqlState: "53100" },
    hint: "make room and run the command again; what was committed is safe, and executions go on where they were",
  });
}

/** Null where the system does not tell. */
function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch (error) {
    const parent = dirname(folder);
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return isMissing && parent !== folder ? freeBytes(parent) : null;
  }
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1_048_576)} MiB`;
}
