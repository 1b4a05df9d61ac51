// One workflow file to its verdict, in the shape of `validate --json`. Opens no database; throws for no file.
import { AppError, toErrorRecord, type ErrorRecord } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errorCatalogue.ts";
import type { PluginCatalog, WorkflowIssue } from "../../workflow/types.ts";
import { parseWorkflow } from "../../workflow/WorkflowParser.ts";
import { loadDefinition, readText } from "./readWorkflowFile.ts";

/** Every key is always there: null says that the fault has none, such as the step of a fault in `inputs`. */
export interface FileFault {
  readonly code: ErrorCode;
  readonly file: string;
  readonly line: number | null;
  readonly step: string | null;
  /** Below the step, or of the whole workflow. */
  readonly field: string | null;
  /** From the top of the file: `steps[2].params.url`. */
  readonly path: string;
  readonly message: string;
  readonly expected: string | null;
  readonly got: string | null;
  readonly hint: string;
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
    return { file, valid: false, errors: faultsOf(file, toErrorRecord(thrown)) };
  }
}

async function findFaults(file: string, catalog: PluginCatalog | undefined): Promise<readonly FileFault[]> {
  const withCatalog = catalog === undefined ? {} : { catalog };
  if (!/\.(ts|mts|js|mjs)$/i.test(file)) {
    return parseWorkflow(await readText(file), { file, ...withCatalog }).issues.map((issue) => toFault(file, issue));
  }
  // A definition made in code is checked as the JSON it becomes; its lines are not the file's.
  const text = JSON.stringify(await loadDefinition(file));
  return parseWorkflow(text, { file, format: "json", ...withCatalog }).issues.map((issue) => ({ ...toFault(file, issue), line: null }));
}

function toFault(file: string, { code, line, step, field, path, message, expected, got, hint }: WorkflowIssue): FileFault {
  return { code, file, line: line ?? null, step: step ?? null, field: field ?? null, path, message, expected, got, hint };
}

/** `defineWorkflow` throws while the file is loaded, and brings every defect along. */
function faultsOf(file: string, { code, message, details, hint }: ErrorRecord): readonly FileFault[] {
  const { line = null, step = null, field = null, expected = null, got = null, issues } = details;
  if (Array.isArray(issues)) return issues.map((issue) => ({ ...toFault(file, issue as unknown as WorkflowIssue), line: null }));
  return [{ code, file, line, step, field, path: "", message, expected, got, hint }];
}
