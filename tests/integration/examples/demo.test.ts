import { existsSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import type { DemoScene, Proof } from "../../../lib/cli/demo/demoScenes.ts";
import { finishCli, shown, startCli } from "../cli/spawnCli.ts";
import { openExampleFolder, ROOT } from "./exampleFiles.ts";

interface DemoDocument {
  readonly model: string;
  readonly pricedAs: string;
  readonly folder: string | null;
  readonly ms: number;
  readonly scenes: readonly DemoScene[];
}

function find<Name extends DemoScene["scene"]>(scenes: readonly DemoScene[], name: Name): Extract<DemoScene, { readonly scene: Name }>[] {
  return scenes.filter((scene): scene is Extract<DemoScene, { readonly scene: Name }> => scene.scene === name);
}

/** Processes started one after the other, on a machine that may be busy. */
const TIMEOUT_MS = 180_000;

describe("neuronforge demo", { timeout: TIMEOUT_MS }, () => {
  test("pauses below its cap, is killed twice, repeats no completed step, finishes, and accounts for every call", async () => {
    await using folder = await openExampleFolder();

    const { exitCode, stdout, stderr } = await folder.run("demo", "--json");
    const { scenes, ms, pricedAs } = JSON.parse(stdout) as DemoDocument;

    expect(exitCode, stdout + stderr).toBe(0);
    expect(ms).toBeLessThan(60_000);
    const [paused] = find(scenes, "paused");
    expect(paused?.progress).toMatchObject({ status: "waiting", limitUsd: 0.05, waiting: { for: "budget" } });
    expect(paused?.progress.costUsd).toBeLessThan(0.05);
    // It stops because the next call could pass the limit, not long before.
    expect((paused?.progress.costUsd ?? 0) + (paused?.progress.waiting?.needUsd ?? 0)).toBeGreaterThan(0.05);
    expect(paused?.progress.heldSummaries).toBeGreaterThan(0);
    const kills = find(scenes, "killed");
    expect(kills.map(({ signal, isWaiting }) => [signal, isWaiting])).toEqual([
      ["SIGKILL", true],
      ["SIGKILL", false],
    ]);
    expect(new Set([...kills, ...find(scenes, "restarted")].map(({ pid }) => pid)).size).toBe(3);
    expect(find(scenes, "restarted")[0]?.progress).toMatchObject({
      status: "waiting",
      costUsd: paused?.progress.costUsd,
      completedSteps: kills[0]?.completed,
    });
    const proof = find(scenes, "proof")[0] as Proof;
    expect(proof.completedAndRepeated).toEqual([]);
    expect(proof.askedOnce + proof.askedAgain.length).toBe(proof.summaries);
    expect(proof.askedAgain.length).toBeLessThanOrEqual(4);
    expect(pricedAs).toBe("openai/gpt-4.1");
    expectReceipt(scenes);
    expect(find(scenes, "report")[0]?.text).toMatch(/^# GitHub events to look at\n\n- 50 items\./);
    expect(existsSync(dirname(find(scenes, "report")[0]?.file ?? tmpdir()))).toBe(false);
  });

  test("tells it in lines of at most 80 columns, without colour codes in a pipe, and keeps the folder when asked", async () => {
    await using folder = await openExampleFolder();

    const { exitCode, stdout, stderr } = await folder.run("demo", "--keep");

    expect(exitCode, stderr).toBe(0);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).not.toContain("\u001B");
    expect(stdout).toContain("Prices: as if on openai/gpt-4.1. Nothing is paid.");
    expect(stdout).toContain("Completed steps that were run again: 0.");
    const kept = /Everything is in (\S+)\.$/m.exec(stdout)?.[1] ?? "";
    expect(existsSync(`${kept}/report.md`)).toBe(true);
    await rm(kept, { recursive: true });
  });

  test("ends its process and removes its folder when it is interrupted", async () => {
    await using folder = await openExampleFolder();
    const child = startCli(["demo"], { cwd: ROOT, env: { HOME: folder.path, TMPDIR: folder.path } });
    const ended = finishCli(child);
    await shown(child.stdout, "kill -9, while it waits");
    const during = readdirSync(folder.path).filter((name) => name.startsWith("neuronforge-demo-"));

    child.kill("SIGINT");
    const { exitCode } = await ended;

    expect(exitCode).toBe(130);
    expect(during).toHaveLength(1);
    // A worker that lived on would hold its folder, or make it anew.
    expect(readdirSync(folder.path)).not.toContain(during[0]);
  });

  test("with --live and no key says which variables it looked for, exit code 3", async () => {
    await using folder = await openExampleFolder();

    const { exitCode, stderr } = await folder.run("demo", "--live");

    expect(exitCode).toBe(3);
    expect(stderr).toContain("OPENAI_API_KEY, ANTHROPIC_API_KEY or GOOGLE_GENERATIVE_AI_API_KEY");
  });
});

/** Calls add up to what was paid, and that stays below the limit. */
function expectReceipt(scenes: readonly DemoScene[]): void {
  const [scene] = find(scenes, "receipt");
  const receipt = scene?.receipt;
  const sum = receipt?.calls.reduce((total, { usedUsd }) => total + (usedUsd ?? 0), 0) ?? 0;
  expect(receipt).toMatchObject({ status: "completed", limitUsd: 0.2, overrunUsd: 0, unknown: { callsWithoutPrice: 0 } });
  expect(receipt?.paidUsd).toBeCloseTo(sum, 9);
  expect(receipt?.paidUsd).toBeLessThanOrEqual(0.2);
}
