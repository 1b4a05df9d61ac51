// One workflow file to its verdict, in the shape of `validate --json`. Opens no database; throws for no file.
import { AppError, toErrorRecord } from "../../core/errors.ts";
import type { PluginCatalog, WorkflowIssue } from "../../workflow/types.ts";
import { parseWorkflow } from "../../workflow/WorkflowParser.ts";
import { loadDefinition, readText } from "./readWorkflowFile.ts";

export interface FileFault {
  readonly path: string;
  readonly line: number | null;
  readonly message: string;
  readonly expected: string | null;
  readonly hint: string | null;
}

export interface FileVerdict {
  readonly file: string;
  readonly valid: boolean;
  readonly errors: readonly FileFault[];
}

export async function validateFile(file: string, catalog?: PluginCatalog): Promise<FileVerdict> {
  try {
    const errors = await findFaults(file, catalog);
    return { file, valid: errors.length === 0, errors };
  } catch (thrown) {
    if (!AppError.is(thrown)) throw thrown;
    const { message, hint, details } = toErrorRecord(thrown);
    return { file, valid: false, errors: [{ path: "", line: details.line ?? null, message, expected: details.expected ?? null, hint }] };
  }
}

async function findFaults(file: string, catalog: PluginCatalog | undefined): Promise<readonly FileFault[]> {
  const withCatalog = catalog === undefined ? {} : { catalog };
  if (!/\.(ts|mts|js|mjs)$/i.test(file)) return parseWorkflow(await readText(file), { file, ...withCatalog }).issues.map(toFault);
  // A definition made in code is checked as the JSON it becomes; its lines are not the file's.
  const text = JSON.stringify(await loadDefinition(file));
  return parseWorkflow(text, { file, format: "json", ...withCatalog }).issues.map((issue) => ({ ...toFault(issue), line: null }));
}

function toFault({ path, line, message, expected, hint }: WorkflowIssue): FileFault {
  return { path, line: line ?? null, message, expected: expected ?? null, hint: hint ?? null };
}
