// Gathers defects of one workflow: adds file position, step and field to each, and keeps secrets out of them.
import { maskSecretText } from "../../core/redaction.ts";
import { findStep } from "../read/findStep.ts";
import { SourceMap, type PathKey } from "../read/SourceMap.ts";
import type { WorkflowIssue, WorkflowIssueCode } from "../types.ts";

/** All of them are asked for: a defect that does not say what to do leaves its reader where they were. */
export interface IssueFacts {
  readonly expected: string;
  readonly got: string;
  readonly hint: string;
}

/** Beyond this a report helps nobody; a file of 5 000 wrong steps should not give 20 000 lines. */
const MAX_ISSUES = 200;

export class IssueList {
  readonly #root: unknown;
  readonly #sources: SourceMap;
  readonly #issues: WorkflowIssue[] = [];

  /** @param root the normalised workflow that the paths of {@link add} go into */
  constructor(root: unknown, sources: SourceMap = new SourceMap()) {
    this.#root = root;
    this.#sources = sources;
  }

  add(code: WorkflowIssueCode, path: readonly PathKey[], message: string, facts: IssueFacts): void {
    if (this.#issues.length >= MAX_ISSUES) return;
    const place = this.#sources.locate(this.#root, path);
    const owner = findStep(this.#root, path);
    const ownerPath = owner === null ? "" : this.#sources.locate(this.#root, owner.path).path;
    const field = place.path.startsWith(ownerPath) ? place.path.slice(ownerPath.length).replace(/^\./, "") : place.path;
    const texts = { message, ...facts };
    for (const [key, text] of Object.entries(texts)) Object.assign(texts, { [key]: maskSecretText(text) });
    this.#issues.push({ code, ...place, ...(owner !== null && { step: owner.id }), ...(field !== "" && { field }), ...texts });
  }

  /** Where something stands, for a message about something else: `line 12`, or its path in a workflow made in code. */
  describePlace(path: readonly PathKey[]): string {
    const { line, path: written } = this.#sources.locate(this.#root, path);
    return line === undefined ? written : `line ${line}`;
  }

  get isEmpty(): boolean {
    return this.#issues.length === 0;
  }

  /** In the order of the file. */
  toArray(): WorkflowIssue[] {
    return this.#issues.toSorted((left, right) => (left.line ?? 0) - (right.line ?? 0));
  }
}
