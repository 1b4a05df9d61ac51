// Where the demo happens: a folder of its own with the events of an npm package in it, and what is asked of the system there.
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../core/errors.ts";
import type { RunRequest } from "../../systemApi.ts";
import type { DemoModel } from "./demoModels.ts";

export interface DemoFolder {
  /** Files of the workflow lie here; the database below, in `data`. */
  readonly root: string;
  readonly data: string;
  readonly events: { readonly source: string; readonly bytes: number };
  remove(): Promise<void>;
}

const EVENTS = "@octokit/webhooks-examples";

/** @throws AppError `FILE_UNREADABLE` when the package with the events is not installed */
export async function createDemoFolder(): Promise<DemoFolder> {
  const source = eventsFile();
  const root = await mkdtemp(path.join(tmpdir(), "neuronforge-demo-"));
  const remove = async (): Promise<void> => rm(root, { recursive: true, force: true, maxRetries: 5 });
  try {
    await copyFile(source, path.join(root, "events.json"));
    const { version } = JSON.parse(await readFile(path.join(path.dirname(source), "..", "package.json"), "utf8")) as { version: string };
    const { byteLength } = await readFile(source);
    return { root, data: path.join(root, "data"), events: { source: `${EVENTS} ${version}`, bytes: byteLength }, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function eventsFile(): string {
  try {
    return fileURLToPath(import.meta.resolve("@octokit/webhooks-examples"));
  } catch (cause) {
    throw new AppError("FILE_UNREADABLE", `the demo's events are in the npm package ${EVENTS}, which is not installed`, {
      cause,
      hint: "run npm install",
    });
  }
}

export async function demoRequest(model: DemoModel): Promise<RunRequest> {
  const file = fileURLToPath(new URL("../../../examples/demo/workflow.yaml", import.meta.url));
  const text = await readFile(file, "utf8");
  return {
    source: { file, text: model.name === "offline" ? text : `${text}\nmodel: ${model.name}\n` },
    inputs: { events: "events.json", ...(model.kinds === undefined ? {} : { kinds: model.kinds }) },
    limits: { usd: model.limitUsd, onLimit: "pause" },
    tags: ["demo"],
    flags: { orchestration_intents_enabled: true, token_governance_enabled: true },
    ...(model.pricedAs === undefined ? {} : { pricedAs: model.pricedAs }),
  };
}
