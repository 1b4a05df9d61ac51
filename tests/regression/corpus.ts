// The hundred agents: forty written by hand (agents/*.yaml), sixty generated. Loads them; runs none.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from "../../lib/core/json.ts";
import { sha256Hex } from "../../lib/core/ids.ts";
import type { RunRequest } from "../../lib/systemApi.ts";
import { parse } from "yaml";
import { generateAgents } from "./generateAgents.ts";
import { LARGE_INPUTS } from "./largeInputs.ts";
import { AGENT_CLASSES, type AgentClass } from "./Trace.ts";

export interface Agent {
  readonly name: string;
  readonly class: AgentClass;
  readonly source: string;
  readonly request: Pick<RunRequest, "source" | "definition" | "inputs">;
}

export const GENERATED_AGENTS = 60;
const GENERATOR_SEED = "neuronforge";
const AGENT_FOLDER = join(import.meta.dirname, "agents");

/** In the order in which they must start: an agent that others run as a sub-workflow has a lower number. */
export async function loadAgents(): Promise<readonly Agent[]> {
  return [...(await loadWritten()), ...loadGenerated()];
}

async function loadWritten(): Promise<Agent[]> {
  const files = (await readdir(AGENT_FOLDER)).filter((file) => file.endsWith(".yaml")).sort();
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(AGENT_FOLDER, file), "utf8");
      const workflow = parse(text) as JsonObject;
      return agentOf(workflow, { source: { text, file }, inputs: largeInputsOf(workflow) }, text);
    }),
  );
}

function loadGenerated(): Agent[] {
  return generateAgents(GENERATOR_SEED, GENERATED_AGENTS).map((definition) =>
    agentOf(definition, { definition }, canonicalJson(definition)),
  );
}

function agentOf(workflow: JsonObject, request: Agent["request"], text: string): Agent {
  const { name } = workflow;
  if (typeof name !== "string") throw new Error("an agent has no name");
  return { name, class: classOf(workflow, name), source: sha256Hex(text + canonicalJson(request.inputs ?? {})).slice(0, 16), request };
}

/** On the first step: `metadata: {class: …}`. */
function classOf({ steps }: JsonObject, name: string): AgentClass {
  const first = Array.isArray(steps) ? (steps as readonly JsonValue[])[0] : undefined;
  const metadata = isJsonObject(first) ? first["metadata"] : undefined;
  const found = AGENT_CLASSES.find((one) => isJsonObject(metadata) && metadata["class"] === one);
  if (found === undefined) throw new Error(`the first step of ${name} has no metadata.class of ${AGENT_CLASSES.join(", ")}`);
  return found;
}

/** An input without a default is one of the large ones. */
function largeInputsOf({ inputs }: JsonObject): JsonObject {
  if (!isJsonObject(inputs)) return {};
  const names = Object.entries(inputs).flatMap(([name, declared]) =>
    isJsonObject(declared) && declared["default"] === undefined ? [name] : [],
  );
  return Object.fromEntries(
    names.map((name) => {
      const make = LARGE_INPUTS[name];
      if (make === undefined) throw new Error(`the input ${name} has no default and is none of ${Object.keys(LARGE_INPUTS).join(", ")}`);
      return [name, make()];
    }),
  );
}
