// Which step a place in a workflow belongs to, by its path. Works on any spelling of a workflow, checked or not.
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import { parsePath } from "../../operations/paths.ts";
import { joinPath, type PathKey } from "./SourceMap.ts";
import type { WorkflowIssue } from "../types.ts";

/** Fields whose lists hold steps, under every accepted name. */
const STEP_LISTS: ReadonlySet<PathKey> = new Set([
  "steps",
  "then_steps",
  "then",
  "trueBranch",
  "else_steps",
  "else",
  "falseBranch",
  "default",
  "loopSteps",
  "workflowSteps",
]);
const STEP_HOLDERS: ReadonlySet<PathKey> = new Set(["scatter", "cases"]);

export interface FoundStep {
  readonly id: string;
  readonly path: readonly PathKey[];
}

/** The innermost step on the way to `path`. */
export function findStep(root: unknown, path: readonly PathKey[]): FoundStep | null {
  let node = root;
  let found: FoundStep | null = null;
  for (const [depth, key] of path.entries()) {
    node = typeof node === "object" && node !== null ? (node as Record<string, unknown>)[String(key)] : undefined;
    if (typeof key !== "number") {
      // Below free data no step begins, whatever its keys are called.
      if (!STEP_LISTS.has(key) && !STEP_HOLDERS.has(key) && path[depth - 1] !== "cases") return found;
      continue;
    }
    if (typeof node === "object" && node !== null && "id" in node && typeof node.id === "string") {
      found = { id: node.id, path: path.slice(0, depth + 1) };
    }
  }
  return found;
}

/** Adds step and field to a defect that was found before anything was known but paths. */
export function withStep(issue: WorkflowIssue, raw: JsonValue): WorkflowIssue {
  if (!isJsonObject(raw) || issue.path === "") return issue;
  const path = keysOf(issue.path);
  const step = findStep(raw, path);
  const field = path.slice(step?.path.length ?? 0).reduce<string>(joinPath, "");
  return { ...issue, ...(step !== null && { step: step.id }), ...(field !== "" && { field }) };
}

/** The inverse of joining keys with {@link joinPath}; a text that is no such path has no keys. */
export function keysOf(text: string): PathKey[] {
  try {
    return parsePath(text).flatMap((part): PathKey[] => (part.kind === "key" ? [part.key] : part.kind === "index" ? [part.index] : []));
  } catch {
    return [];
  }
}
