import { readdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EXAMPLE_FILES, loadExamples } from "../../../bench/runs/exampleAgents.ts";
import { RecordingSystem } from "../../regression/RecordingSystem.ts";

const ROOT = join(import.meta.dirname, "../../..");

describe("loadExamples", () => {
  test("gives every workflow below examples/, the demo included, and says which are verbose", async () => {
    const examples = await loadExamples();

    const files = readdirSync(join(ROOT, "examples"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
    expect(new Set(examples.map(({ request }) => request.source?.file))).toEqual(new Set(files));
    expect(examples.filter((one) => one.class === "verbose").map(({ name }) => name)).toEqual([
      "example change-summary",
      "example inbox-digest",
      "example log-review",
      "example meeting-minutes",
      "example page-brief",
      "example demo",
    ]);
  });

  test("can be run where its files are copied, and leaves the checkout as it was", async () => {
    const before = await readdir(ROOT, { encoding: "utf8" });
    await using system = await RecordingSystem.open({ files: EXAMPLE_FILES });

    const reports = await system.report(await loadExamples());

    expect([...reports].filter(([, { status }]) => status !== "completed")).toEqual([]);
    expect(await readdir(system.folder)).toContain("report.md");
    expect(await readdir(ROOT, { encoding: "utf8" })).toEqual(before);
  }, 60_000);
});
