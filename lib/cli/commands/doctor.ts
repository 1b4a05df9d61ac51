// `doctor`: what is right and wrong with this installation. Goes on after a failure, to tell all of them at once.
import { access, constants, mkdir } from "node:fs/promises";
import type { Command } from "commander";
import { toErrorRecord } from "../../core/errors.ts";
import type { DoctorCheck } from "../../systemApi.ts";
import type { Action, Cli } from "../Cli.ts";
import { loadCliConfig } from "../openSystem.ts";
import { packageVersion } from "../packageVersion.ts";

const MIN_NODE_MAJOR = 24;

export function define(command: Command, action: Action): void {
  command.addHelpText("after", "\nExit code 1 if any check fails.").action(action(doctor));
}

async function doctor(cli: Cli): Promise<number> {
  const checks: DoctorCheck[] = [checkNode()];
  const add = async (name: string, check: () => Promise<readonly DoctorCheck[]>): Promise<void> => {
    try {
      checks.push(...(await check()));
    } catch (thrown) {
      const { code, message, hint } = toErrorRecord(thrown);
      checks.push({ name, ok: false, detail: `${code}: ${message}`, hint });
    }
  };
  await add("configuration", async () => [{ name: "configuration", ok: true, detail: (await checkFolder(cli)).detail, hint: null }]);
  await add("system", async () =>
    cli.withSystem(async (system) => [
      {
        name: "data folder",
        ok: true,
        detail: system.role === "client" ? "another process holds it and serves this one" : "free, or a server's database",
        hint: null,
      },
      ...(await system.api.doctor()),
    ]),
  );
  show(cli, checks);
  return checks.every(({ ok }) => ok) ? 0 : 1;
}

function checkNode(): DoctorCheck {
  const ok = Number(process.versions.node.split(".")[0]) >= MIN_NODE_MAJOR;
  return {
    name: "neuronforge",
    ok,
    detail: `${packageVersion()} on Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    hint: ok ? null : `use Node ${MIN_NODE_MAJOR} or newer`,
  };
}

async function checkFolder(cli: Cli): Promise<{ readonly detail: string }> {
  const { database, dataFolder } = await loadCliConfig(cli);
  if (database === "postgres") return { detail: "valid; PostgreSQL at DATABASE_URL" };
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  await access(dataFolder, constants.R_OK | constants.W_OK);
  return { detail: `valid; ${database} in ${dataFolder}, writable` };
}

function show({ output }: Cli, checks: readonly DoctorCheck[]): void {
  if (output.isJson) return output.json(checks);
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, ok, detail, hint } of checks) {
    const mark = ok ? "ok  " : "FAIL";
    output.fact(`${mark}  ${name.padEnd(width)}  `, hint === null ? detail : `${detail}; ${hint}`);
  }
}
