// The workflows below examples/, as agents of the comparison: what they are asked with, and what they read. Runs none.
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "../../lib/core/json.ts";
import type { Agent } from "../../tests/regression/corpus.ts";
import type { CopiedFile } from "../../tests/regression/RecordingSystem.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DEMO = "demo/workflow.yaml";
/** Their model reads long contents: logs, pages, mails, transcripts, diffs, events. The others ask about little. */
const VERBOSE: readonly string[] = [
  "change-summary.yaml",
  "inbox-digest.yaml",
  "log-review.yaml",
  "meeting-minutes.yaml",
  "page-brief.yaml",
  DEMO,
];
const EVENTS = "node_modules/@octokit/webhooks-examples/api.github.com/index.json";

/** Copied, so that no execution writes into the checkout. */
export const EXAMPLE_FILES: readonly CopiedFile[] = [
  { from: join(ROOT, "examples", "data"), to: "examples/data" },
  { from: join(ROOT, "examples", "notes.txt"), to: "examples/notes.txt" },
  { from: join(ROOT, EVENTS), to: EVENTS },
  // The demo puts them here.
  { from: join(ROOT, EVENTS), to: "events.json" },
];

/** Each with the inputs it has by default. */
export async function loadExamples(): Promise<readonly Agent[]> {
  const folder = join(ROOT, "examples");
  const files = [...(await readdir(folder)).filter((file) => file.endsWith(".yaml")).sort(), DEMO];
  const unknown = VERBOSE.filter((file) => !files.includes(file));
  if (unknown.length > 0) throw new Error(`there are no examples ${unknown.join(", ")}`);
  return Promise.all(files.map((file) => loadExample(folder, file)));
}

async function loadExample(folder: string, file: string): Promise<Agent> {
  const inputs: JsonObject = {};
  const source = { text: await readFile(join(folder, file), "utf8"), file };
  const name = file === DEMO ? "example demo" : `example ${basename(file, ".yaml")}`;
  return { name, class: VERBOSE.includes(file) ? "verbose" : "mixed", source: "", request: { source, inputs } };
}
