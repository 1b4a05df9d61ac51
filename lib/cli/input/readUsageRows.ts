// Reads a provider's usage export for `budgets reconcile`: JSON array, JSON lines or CSV. Each bad row is named by its line.
import { AppError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import { readStdin, readText } from "./readWorkflowFile.ts";

export interface UsageRow {
  readonly attemptId: string;
  readonly tokens: number;
  readonly usd: string;
}

export async function readUsageRows(file: string): Promise<readonly UsageRow[]> {
  return parseUsageRows(await (file === "-" ? readStdin() : readText(file)), file);
}

export async function parseUsageRows(text: string, file: string): Promise<readonly UsageRow[]> {
  const rows = await parseRows(text, file);
  return rows.map(({ line, row }) => toUsageRow(row, file, line));
}

interface NumberedRow {
  readonly line: number;
  readonly row: unknown;
}

async function parseRows(text: string, file: string): Promise<readonly NumberedRow[]> {
  try {
    if (text.trimStart().startsWith("[")) return (JSON.parse(text) as readonly unknown[]).map((row, index) => ({ line: index + 1, row }));
    if (text.trimStart().startsWith("{")) {
      const lines = text.split("\n").map((line, index) => ({ line: index + 1, text: line }));
      return lines.filter((line) => line.text.trim() !== "").map((line) => ({ line: line.line, row: JSON.parse(line.text) as unknown }));
    }
    const { parse } = await import("csv-parse/sync");
    const rows = parse(text, { columns: true, skip_empty_lines: true, trim: true, bom: true, info: true }) as unknown as readonly {
      readonly record: unknown;
      readonly info: { readonly lines: number };
    }[];
    return rows.map(({ record, info }) => ({ line: info.lines, row: record }));
  } catch (cause) {
    throw new AppError("SYNTAX_INVALID", `${file} is neither JSON nor CSV: ${cause instanceof Error ? cause.message : String(cause)}`, {
      details: { file },
      cause,
    });
  }
}

function toUsageRow(row: unknown, file: string, line: number): UsageRow {
  const { attemptId, tokens, usd } = isJsonObject(row) ? row : {};
  const count = typeof tokens === "string" && /^\d{1,15}$/.test(tokens) ? Number(tokens) : tokens;
  const amount = typeof usd === "number" && Number.isFinite(usd) ? usd.toFixed(9) : usd;
  const isWhole = typeof count === "number" && Number.isSafeInteger(count) && count >= 0;
  if (typeof attemptId === "string" && attemptId !== "" && isWhole && typeof amount === "string" && /^\d{1,9}(\.\d+)?$/.test(amount))
    return { attemptId, tokens: count, usd: amount };
  throw new AppError("USAGE", `row ${line} of ${file} is not a usage row`, {
    details: { file, line, expected: "attemptId, tokens (whole number), usd (amount)", got: JSON.stringify(row).slice(0, 200) },
  });
}
