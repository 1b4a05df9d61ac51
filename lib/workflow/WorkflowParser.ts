// Text to a checked, normalised workflow, or every defect with its line. Only orders the steps of that; never throws for a bad text.
import { AppError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import { IssueList } from "./validate/IssueList.ts";
import { normaliseWorkflow } from "./normalise/normaliseWorkflow.ts";
import { readDocument } from "./read/readDocument.ts";
import { addSchemaIssues } from "./validate/schemaIssues.ts";
import { addSecretIssues } from "./validate/secrets.ts";
import { withStep } from "./read/findStep.ts";
import type { SourceMap } from "./read/SourceMap.ts";
import type { ParseResult, PluginCatalog, WorkflowDefinition, WorkflowIssue } from "./types.ts";
import { addSemanticIssues } from "./validateWorkflow.ts";
import { workflowSchema } from "./workflowSchema.ts";

export interface ParseOptions {
  /** Names the file in messages, and the workflow when it has no `name`. */
  readonly file?: string;
  /** @defaultValue `json` for a file ending in .json, else `yaml` */
  readonly format?: "yaml" | "json";
  /** With it, plugins, actions and parameters are checked too. */
  readonly catalog?: PluginCatalog;
}

export function parseWorkflow(text: string, options: ParseOptions = {}): ParseResult {
  const format = options.format ?? (options.file?.toLowerCase().endsWith(".json") === true ? "json" : "yaml");
  const { value, sources, issues } = readDocument(text, format);
  if (issues.length > 0) return { definition: null, issues: issues.map((issue) => withStep(issue, value)) };
  return checkWorkflow(value, sources, options);
}

/** For what is JSON already: {@link parseWorkflow} without the text. */
export function checkWorkflow(raw: JsonValue, sources: SourceMap, options: ParseOptions = {}): ParseResult {
  const normalised = normaliseWorkflow(raw, sources, options.file);
  const issues = new IssueList(normalised.value, sources);
  addSecretIssues(normalised.value, issues);
  const parsed = workflowSchema.safeParse(normalised.value);
  if (parsed.success) addSemanticIssues(parsed.data, issues, options.catalog);
  else addSchemaIssues(parsed.error.issues, normalised.value, issues);
  // What the normaliser could not bring into form is no form that the schema knows either: one fault, told once.
  const told = new Set(normalised.issues.map(({ path }) => path));
  const all = [...normalised.issues.map((issue) => withStep(issue, raw)), ...issues.toArray().filter(({ path }) => !told.has(path))];
  if (parsed.success && all.length === 0) return { definition: parsed.data, issues: [] };
  return { definition: null, issues: all };
}

/** @throws AppError with the code of the first defect; all of them are in the details */
export function requireWorkflow(text: string, options: ParseOptions = {}): WorkflowDefinition {
  const { definition, issues } = parseWorkflow(text, options);
  if (definition !== null) return definition;
  throw workflowError(issues, options.file);
}

/** One error of many defects: the first is told in the message. */
export function workflowError(issues: readonly WorkflowIssue[], file?: string): AppError {
  const [first] = issues;
  if (first === undefined) throw new AppError("INTERNAL", "a workflow was refused without a reason");
  const more = issues.length === 1 ? "" : ` (and ${issues.length - 1} more)`;
  return new AppError(first.code, `${describePlace(first, file)}${first.message}${describeExpectation(first)}${more}`, {
    details: {
      ...(file !== undefined && { file }),
      ...pick(first, ["line", "step", "field", "expected", "got"]),
      issues: issues.map((issue) => ({ ...issue })),
    },
    hint: first.hint,
  });
}

function describePlace({ line, path }: WorkflowIssue, file: string | undefined): string {
  const where = [file, line].filter((part) => part !== undefined).join(":");
  const parts = [where, path].filter((part) => part !== "");
  return parts.length === 0 ? "" : `${parts.join(": ")}: `;
}

/** The message is read alone in logs; a list of all fields of a step would drown it. */
function describeExpectation({ message, expected, hint }: WorkflowIssue): string {
  const told = message.includes("expected") || expected.length > 120 ? "" : `: expected ${expected}`;
  return hint.startsWith("did you mean") && !message.includes(hint) ? `${told}; ${hint}` : told;
}

function pick<Key extends keyof WorkflowIssue>(issue: WorkflowIssue, keys: readonly Key[]): Partial<Pick<WorkflowIssue, Key>> {
  return Object.fromEntries(keys.flatMap((key) => (issue[key] === undefined ? [] : [[key, issue[key]]]))) as Partial<
    Pick<WorkflowIssue, Key>
  >;
}
