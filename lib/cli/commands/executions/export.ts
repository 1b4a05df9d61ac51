// `executions export ID`: everything recorded, as one JSON document.
import { writeFile } from "node:fs/promises";
import { AppError } from "../../../core/errors.ts";
import type { Cli } from "../../Cli.ts";
import { resolveExecutionId } from "../../input/resolveId.ts";

export interface ExportOptions {
  readonly out?: string;
}

export async function exportOne(cli: Cli, id: string, { out }: ExportOptions): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const document = await api.exportExecution(await resolveExecutionId(api, id));
    if (out === undefined) return cli.output.json(document);
    try {
      await writeFile(out, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
    } catch (cause) {
      throw new AppError("USAGE", `${out} could not be written: ${(cause as Error).message}`, { details: { file: out }, cause });
    }
    if (cli.output.isJson) cli.output.json({ file: out });
    else cli.output.talk(`written to ${out}`);
  });
}
