// `validate FILE…`: every fault of every file, with its line. Opens no database.
import type { Command } from "commander";
import type { Action, Cli } from "../Cli.ts";
import { loadCatalog } from "../input/loadCatalog.ts";
import { validateFile, type FileVerdict } from "../input/validateFile.ts";
import { describeFault } from "../text/describeFault.ts";

export function define(command: Command, action: Action): void {
  command
    .argument("<file...>", "workflow files (.yaml, .json, .ts)")
    .addHelpText("after", "\nExit code 1 if any file is invalid.")
    .action(action(validate));
}

async function validate(cli: Cli, files: readonly string[]): Promise<number> {
  const catalog = await loadCatalog(cli);
  let invalid = 0;
  for (const file of files) {
    const verdict = await validateFile(file, catalog);
    if (!verdict.valid) invalid += 1;
    if (cli.output.isJson) cli.output.json(verdict);
    else show(cli, verdict);
  }
  if (!cli.output.isJson && files.length > 1) cli.output.talk(`${files.length - invalid} valid, ${invalid} invalid`);
  return invalid === 0 ? 0 : 1;
}

function show({ output }: Cli, { file, valid, errors }: FileVerdict): void {
  if (valid) return output.data(`${output.paint("green", "valid")}    ${file}`);
  output.data(`${output.paint("red", "invalid")}  ${file}, ${errors.length} ${errors.length === 1 ? "fault" : "faults"}`);
  for (const fault of errors) {
    const { place, message, facts } = describeFault(fault);
    output.entry(place, message);
    for (const [label, text] of facts) output.fact(`    ${label.padEnd(8)}  `, text);
  }
}
