import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../lib/core/clock.ts";
import { createDiskGuard, diskRefusal } from "../../../lib/db/diskGuard.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "neuronforge-disk-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("diskRefusal", () => {
  it("says how much is free and how much it takes, also of a folder that is yet to be made", () => {
    const refusal = diskRefusal(join(folder, "not", "yet"), Number.MAX_SAFE_INTEGER);

    expect(refusal).toMatchObject({ code: "DISK_FULL", details: { file: join(folder, "not", "yet") } });
    expect(refusal?.message).toMatch(/has \d+ MiB free, and the database needs \d+ MiB/);
    expect(refusal?.hint).toContain("make room");
  });

  it("refuses nothing while there is room", () => {
    expect(diskRefusal(folder, 1)).toBeUndefined();
  });
});

describe("createDiskGuard", () => {
  it("lets statements pass on a disk with room", () => {
    expect(createDiskGuard(folder, systemClock)()).toBeUndefined();
  });
});
