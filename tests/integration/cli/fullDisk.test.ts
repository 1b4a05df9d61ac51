// A disk that is really full: a small one of its own is mounted, which only root may do; elsewhere the tests are skipped.
import { execFileSync } from "node:child_process";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findFolderOwner } from "../../../lib/db/FolderLock.ts";
import type { ExecutionReport } from "../../../lib/systemApi.ts";
import { runCli } from "./spawnCli.ts";

const WORKFLOW = `name: patient
steps:
  - { id: pause, type: delay, duration: 4000 }
  - { id: note, type: transform, operation: set, config: { value: done } }
`;

const cwd = await mkdtemp(path.join(tmpdir(), "neuronforge-disk-"));
const isMounted = mountSmallDisk();

function mountSmallDisk(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=240m", "tmpfs", cwd], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Takes all the room but so much. */
async function fill(leaveMiB: number): Promise<void> {
  const file = await open(path.join(cwd, "fill"), "w");
  const block = Buffer.alloc(1_048_576);
  try {
    for (;;) await file.write(block);
  } catch {
    // No space left.
  }
  await file.truncate((await file.stat()).size - leaveMiB * 1_048_576);
  await file.close();
}

function makeRoom(): Promise<void> {
  return rm(path.join(cwd, "fill"));
}

beforeAll(async () => {
  await writeFile(path.join(cwd, "patient.yaml"), WORKFLOW);
});

afterAll(async () => {
  if (isMounted) execFileSync("umount", [cwd]);
  await rm(cwd, { recursive: true, force: true });
});

describe.skipIf(!isMounted)("on a full disk", () => {
  test("a first run makes no database and says how much room it needs", async () => {
    await fill(20);

    const refused = await runCli(["run", "patient.yaml"], { cwd });
    await makeRoom();

    expect(refused.exitCode).toBe(7);
    expect(refused.stderr).toMatch(/DISK_FULL.*MiB free/);
    expect(refused.stderr).toContain("make room");
  });

  test("a run on a disk that fills ends at once, later commands do, too, and with room again it goes on", async () => {
    const queued = await runCli(["run", "patient.yaml", "--detach", "--json"], { cwd });
    const { executionId } = queued.json() as { readonly executionId: string };
    const finished = runCli(["executions", "resume", executionId], { cwd });
    await expect.poll(async () => findFolderOwner(path.join(cwd, ".neuronforge")), { timeout: 20_000 }).toBeDefined();
    await fill(0);

    const stopped = await finished;
    const listing = await runCli(["executions", "ls"], { cwd });
    await makeRoom();
    const resumed = await runCli(["executions", "resume", executionId, "--json"], { cwd });

    expect(stopped.exitCode).toBe(7);
    expect(stopped.stderr).toContain("DISK_FULL");
    expect(listing.exitCode).toBe(7);
    expect(listing.stderr).toContain("DISK_FULL");
    expect(resumed.json() as ExecutionReport).toMatchObject({ status: "completed", output: "done" });
  });
});

test("a data folder that cannot be one is named with the reason", async () => {
  await writeFile(path.join(cwd, "file"), "");

  for (const [folder, reason] of [
    ["file", "it is a file"],
    ["file/below", "a part of its path is a file"],
  ] as const) {
    const refused = await runCli(["run", "patient.yaml", "--data", folder], { cwd });

    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toMatch(new RegExp(`CONFIG_INVALID: the data folder .*${folder} cannot be used:\\s+${reason}`));
    expect(refused.stderr).toContain("--data");
  }
});
