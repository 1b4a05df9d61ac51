// Gathers defects of one workflow: adds file position, step and field to each, and keeps secrets out of them.
import { maskSecretText } from "../../core/redaction.ts";
import { SourceMap, type PathKey } from "../read/SourceMap.ts";
import type { WorkflowIssue, WorkflowIssueCode } from "../types.ts";

export interface IssueFacts {
  readonly expected?: string;
  readonly got?: string;
  readonly hint?: string;
}

/** Beyond this a report helps nobody; a file of 5 000 wrong steps should not give 20 000 lines. */
const MAX_ISSUES = 200;

const STEP_LISTS: ReadonlySet<PathKey> = new Set(["steps", "then_steps", "else_steps", "default", "loopSteps", "workflowSteps"]);

export class IssueList {
  readonly #root: unknown;
  readonly #sources: SourceMap;
  readonly #issues: WorkflowIssue[] = [];

  /** @param root the normalised workflow that the paths of {@link add} go into */
  constructor(root: unknown, sources: SourceMap = new SourceMap()) {
    this.#root = root;
    this.#sources = sources;
  }

  add(code: WorkflowIssueCode, path: readonly PathKey[], message: string, facts: IssueFacts = {}): void {
    if (this.#issues.length >= MAX_ISSUES) return;
    const place = this.#sources.locate(this.#root, path);
    const owner = this.#findStep(path);
    const ownerPath = owner === null ? "" : this.#sources.locate(this.#root, owner.path).path;
    const field = place.path.startsWith(ownerPath) ? place.path.slice(ownerPath.length).replace(/^\./, "") : place.path;
    const texts = { message, ...facts };
    for (const [key, text] of Object.entries(texts)) Object.assign(texts, { [key]: maskSecretText(text) });
    this.#issues.push({ code, ...place, ...(owner !== null && { step: owner.id }), ...(field !== "" && { field }), ...texts });
  }

  get isEmpty(): boolean {
    return this.#issues.length === 0;
  }

  /** In the order of the file. */
  toArray(): WorkflowIssue[] {
    return this.#issues.toSorted((left, right) => (left.line ?? 0) - (right.line ?? 0));
  }

  /** The innermost step on the way to `path`. */
  #findStep(path: readonly PathKey[]): { id: string; path: readonly PathKey[] } | null {
    let node: unknown = this.#root;
    let found: { id: string; path: readonly PathKey[] } | null = null;
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
}

const STEP_HOLDERS: ReadonlySet<PathKey> = new Set(["scatter", "cases"]);
