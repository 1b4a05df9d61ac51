// Reads steps to be classified: JSON lines, or a workflow file whose nested steps count too. Checks no vocabulary: foreign steps are welcome.
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { readTarget, readText } from "./readWorkflowFile.ts";

export interface NamedStep {
  /** As given beside or inside the step; else its place, such as `line 3` or `steps[2]`. */
  readonly id: string;
  readonly step: JsonObject;
}

const NESTED_LISTS = ["steps", "then_steps", "else_steps", "then", "else", "loopSteps", "workflowSteps", "default"];
const STEP_LISTS = ["steps", "workflow_steps", "nodes"];
/** Nodes of n8n that start, hold or explain something, and do nothing by themselves. */
const NO_STEP =
  /^(?:n8n-nodes-base|@n8n\/n8n-nodes-langchain)\.(?:stickyNote|noOp|wait|webhook|splitInBatches|\w*[tT]rigger|lm[A-Z]\w*|embeddings\w*|memory\w*|outputParser\w*|textSplitter\w*|document\w*|tool[A-Z]\w*|reranker\w*)$/;
const DEPTH_LIMIT = 64;

export interface ReadSteps {
  readonly steps: readonly NamedStep[];
  /** The file is one document with a list of steps, not lines. */
  readonly isWorkflow: boolean;
}

/** @throws AppError `FILE_UNREADABLE`, `SYNTAX_INVALID` naming file and line, `WORKFLOW_INVALID` for a document without steps */
export async function readSteps(file: string): Promise<ReadSteps> {
  const name = file === "-" ? "<stdin>" : file;
  const text = file === "-" ? ((await readTarget("-")).source?.text ?? "") : await readText(file);
  if (/\.(jsonl|ndjson)$/i.test(file) || looksLikeLines(text)) return { steps: readLines(text, name), isWorkflow: false };
  return { steps: readDocument(await parseDocument(text, name), name), isWorkflow: true };
}

/** Two lines that are objects by themselves, or a single one that holds a step and no list of steps. */
function looksLikeLines(text: string): boolean {
  const lines = text.split("\n", 400).filter((line) => line.trim() !== "");
  const [first = "", second] = lines;
  if (!first.startsWith("{")) return false;
  const parsed = tryParse(first);
  if (!isJsonObject(parsed)) return second !== undefined && second.startsWith("{") && first.trimEnd().endsWith("}");
  return second !== undefined || !STEP_LISTS.some((key) => Array.isArray(parsed[key]));
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readLines(text: string, file: string): readonly NamedStep[] {
  const steps: NamedStep[] = [];
  text.split("\n").forEach((line, index) => {
    if (line.trim() !== "") steps.push(readLine(line, file, index + 1));
  });
  return steps;
}

function readLine(line: string, file: string, number: number): NamedStep {
  let value: unknown;
  try {
    value = JSON.parse(line.charCodeAt(0) === 0xfeff ? line.slice(1) : line);
  } catch (cause) {
    throw new AppError("SYNTAX_INVALID", `${file}:${number} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      details: { file, line: number },
      cause,
    });
  }
  if (!isJsonObject(value)) {
    throw new AppError("SYNTAX_INVALID", `${file}:${number} is ${describe(value)}; expected a step or {"id", "step"}`, {
      details: { file, line: number },
      hint: "put one step a line, as a JSON object",
    });
  }
  const { step } = value;
  const inner = isJsonObject(step) ? step : value;
  return { id: idOf(value["id"] ?? inner["id"], `line ${number}`), step: inner };
}

function describe(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

async function parseDocument(text: string, file: string): Promise<unknown> {
  try {
    if (/^[\s\ufeff]*[[{]/.test(text.slice(0, 200))) return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
    const { parse } = await import("yaml");
    return parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    throw new AppError("SYNTAX_INVALID", `${file} is neither JSON nor YAML: ${cause instanceof Error ? cause.message : String(cause)}`, {
      details: { file },
      cause,
    });
  }
}

function readDocument(document: unknown, file: string): readonly NamedStep[] {
  const lists = isJsonObject(document) ? STEP_LISTS.map((key) => [key, document[key]] as const) : [["steps", document] as const];
  const found = lists.find(([, list]) => Array.isArray(list));
  if (found === undefined) {
    throw new AppError("WORKFLOW_INVALID", `${file} holds no list of steps`, {
      details: { file, expected: STEP_LISTS.join(", ") },
      hint: 'give a workflow with `steps`, or one step a line in a ".jsonl" file',
    });
  }
  const steps: NamedStep[] = [];
  collect(found[1] as readonly unknown[], found[0], { steps, depth: 0 });
  return steps;
}

interface Collecting {
  readonly steps: NamedStep[];
  readonly depth: number;
}

function collect(list: readonly unknown[], path: string, { steps, depth }: Collecting): void {
  if (depth > DEPTH_LIMIT) return;
  const deeper = { steps, depth: depth + 1 };
  list.forEach((step, index) => {
    if (!isJsonObject(step) || (typeof step["type"] === "string" && NO_STEP.test(step["type"]))) return;
    const place = `${path}[${index}]`;
    steps.push({ id: idOf(step["id"], place), step });
    for (const key of NESTED_LISTS) {
      const nested = step[key];
      if (Array.isArray(nested)) collect(nested, `${place}.${key}`, deeper);
    }
    const { cases, scatter } = step;
    if (isJsonObject(cases))
      for (const [name, nested] of Object.entries(cases)) if (Array.isArray(nested)) collect(nested, `${place}.cases.${name}`, deeper);
    if (isJsonObject(scatter) && Array.isArray(scatter["steps"])) collect(scatter["steps"], `${place}.scatter.steps`, deeper);
  });
}

function idOf(id: unknown, otherwise: string): string {
  return typeof id === "string" || typeof id === "number" ? String(id) : otherwise;
}
