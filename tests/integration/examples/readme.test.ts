import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openExampleFolder, ROOT } from "./exampleFiles.ts";

const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** The code block that follows a marker such as `<!-- file: examples/first.yaml -->`. */
function blockAfter(marker: string): string {
  const start = README.indexOf(`<!-- ${marker} -->`);
  const block = /```\w+\n([\s\S]*?)```/.exec(README.slice(start));
  if (start === -1 || block === null) throw new Error(`README.md has no block marked "${marker}"`);
  return block[1] ?? "";
}

describe("README.md", () => {
  test("fits on one page and names both commands", () => {
    expect(README.split("\n").length).toBeLessThanOrEqual(150);
    expect(README.match(/^npm install && npm run demo$/gm)).toHaveLength(1);
    expect(README.match(/^npm install && npm test$/gm)).toHaveLength(1);
  });

  test("shows a workflow as it stands in the examples", () => {
    expect(blockAfter("file: examples/first.yaml")).toBe(readFileSync(join(ROOT, "examples/first.yaml"), "utf8"));
  });

  test("shows what that workflow gives", async () => {
    await using folder = await openExampleFolder();
    const [command = "", ...output] = blockAfter("run: examples/first.yaml").trimEnd().split("\n");

    const { exitCode, stdout, stderr } = await folder.run(...command.replace("$ npm run --silent neuronforge -- ", "").split(" "));

    expect(exitCode, stderr).toBe(0);
    expect(stdout.trimEnd()).toBe(output.join("\n"));
    expect(stderr).toContain("model: offline");
  });
});
