// The command line without a database: help, usage, validation, configuration.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAIN, runCli } from "./spawnCli.ts";

let cwd: string;

beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), "nf-cli-"));
  await writeFile(path.join(cwd, "good.yaml"), "name: good\nsteps:\n  - id: wait\n    type: delay\n    duration: 5\n");
  await writeFile(path.join(cwd, "bad.yaml"), "name: bad\nsteps:\n  - id: a\n    type: acton\n");
  await writeFile(path.join(cwd, "broken.yaml"), "name: [unclosed\n");
});

afterAll(async () => {
  await rm(cwd, { recursive: true });
});

describe("help", () => {
  test("lists every command on stdout and exits with 0", async () => {
    const { exitCode, stdout, stderr } = await runCli(["--help"], { cwd });

    expect(exitCode).toBe(0);
    expect(stderr).toBe("");
    for (const name of [
      "run",
      "validate",
      "plan",
      "executions",
      "approvals",
      "agents",
      "flags",
      "budgets",
      "connections",
      "plugins",
      "audit",
      "prune",
      "worker",
      "migrate",
      "doctor",
      "demo",
      "completion",
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    }
  });

  test("fits 80 columns, for every command", async () => {
    for (const args of [["--help"], ["run", "--help"], ["executions", "fork", "--help"], ["budgets", "set", "--help"]]) {
      const { stdout } = await runCli(args, { cwd });
      expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    }
  });

  test("imports nothing but commander and light files of its own", async () => {
    const seen = new Set<string>();
    const packages = new Set<string>();
    const visit = async (file: string): Promise<void> => {
      if (seen.has(file)) return;
      seen.add(file);
      const source = await readFile(file, "utf8");
      for (const [, kind, name = ""] of source.matchAll(/^import (type )?[^;]*?"([^"]+)";$/gm)) {
        if (kind !== undefined || name.startsWith("node:")) continue;
        if (name.startsWith(".")) await visit(path.resolve(path.dirname(file), name));
        else packages.add(name);
      }
    };

    await visit(fileURLToPath(new URL("../../../lib/cli/program.ts", import.meta.url)));

    expect([...packages]).toEqual(["commander"]);
    expect(seen.size).toBeLessThanOrEqual(4);
  });

  test("--version prints the package's version", async () => {
    const { version } = JSON.parse(await readFile(new URL("../../../package.json", import.meta.url), "utf8")) as { version: string };

    expect((await runCli(["--version"], { cwd })).stdout).toBe(`${version}\n`);
  });
});

describe("wrong usage", () => {
  test.each([
    ["an unknown command", ["rnu"], "unknown command 'rnu'", "did you mean run?"],
    ["an unknown subcommand", ["executions", "shwo"], "unknown command 'shwo'", "did you mean show?"],
    ["an unknown option", ["run", "x.yaml", "--limt-usd", "1"], "unknown option '--limt-usd'", "did you mean --limit-usd?"],
    ["a missing argument", ["run"], "missing required argument 'file|agent'", "run the command with --help"],
    ["a missing subcommand", ["budgets"], "a subcommand is missing", "see the list above"],
    ["a bad amount", ["run", "good.yaml", "--limit-usd", "five"], "--limit-usd takes an amount in USD", "run the command with --help"],
    ["a bad input", ["run", "good.yaml", "--input", "novalue"], "--input takes name=value", "run the command with --help"],
    ["a bad shell", ["completion", "powershell"], "shell takes one of bash, zsh, fish", "run the command with --help"],
    [
      "an unset variable",
      ["connections", "set", "github", "--from-env", "NOT_SET"],
      "the environment variable NOT_SET is not set",
      "run the command with --help",
    ],
  ])("%s exits with 2 and says what to do", async (_name, args, message, hint) => {
    const { exitCode, stdout, stderr } = await runCli(args, { cwd });

    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(`error USAGE: ${message}`);
    expect(stderr).toContain(hint);
  });

  test("with --json the error is the last line of stdout", async () => {
    const result = await runCli(["run", "x.yaml", "--limt-usd", "1", "--json"], { cwd });

    expect(result.exitCode).toBe(2);
    expect(result.json()).toMatchObject({
      error: { code: "USAGE", message: "unknown option '--limt-usd'", hint: "did you mean --limit-usd?" },
    });
  });

  test("a file that is not there is named", async () => {
    const { exitCode, stderr } = await runCli(["run", "nowhere.yaml"], { cwd });

    expect(exitCode).toBe(2);
    expect(stderr).toContain("error FILE_UNREADABLE: nowhere.yaml could not be read: there is no such file");
  });

  test("a wrong configuration exits with 3 and lists its problems", async () => {
    const { exitCode, stderr } = await runCli(["executions", "ls"], {
      cwd,
      env: { NEURONFORGE_POOL_SIZE: "many", NEURONFORGE_LOG_LEVEL: "loud" },
    });

    expect(exitCode).toBe(3);
    expect(stderr).toContain("error CONFIG_INVALID");
    expect(stderr).toContain("poolSize");
    expect(stderr).toContain("logLevel");
  });
});

describe("validate", () => {
  test("tells each file's verdict as one JSON line, and exits with 1 if any is invalid", async () => {
    const { exitCode, stdout } = await runCli(["validate", "good.yaml", "bad.yaml", "broken.yaml", "nowhere.yaml", "--json"], { cwd });
    const verdicts = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));

    expect(exitCode).toBe(1);
    expect(verdicts.map(({ file, valid }) => [file, valid])).toEqual([
      ["good.yaml", true],
      ["bad.yaml", false],
      ["broken.yaml", false],
      ["nowhere.yaml", false],
    ]);
    expect(verdicts[0]).toEqual({ file: "good.yaml", valid: true, errors: [] });
    expect(verdicts[1].errors).toEqual([
      {
        code: "WORKFLOW_INVALID",
        file: "bad.yaml",
        line: 4,
        step: "a",
        field: "type",
        path: "steps[0].type",
        message: 'unknown step type "acton"',
        expected: expect.stringMatching(/^action, ai_processing, /),
        got: "acton",
        hint: 'did you mean "action"?',
      },
    ]);
    expect(verdicts[2].errors).toMatchObject([
      { code: "SYNTAX_INVALID", line: 2, step: null, field: null, expected: "]", hint: expect.stringContaining("close the list") },
    ]);
    expect(verdicts[3].errors).toMatchObject([{ code: "FILE_UNREADABLE", line: null, hint: expect.stringContaining("path") }]);
    const keys = Object.keys(verdicts[1].errors[0]);
    for (const { errors } of verdicts) for (const error of errors) expect(Object.keys(error)).toEqual(keys);
  });

  test("prints of each fault the place, the code, the message and what to do, each fact once", async () => {
    const { stdout } = await runCli(["validate", "bad.yaml"], { cwd });

    expect(stdout.split("\n")).toEqual([
      "invalid  bad.yaml, 1 fault",
      '  bad.yaml:4 WORKFLOW_INVALID: unknown step type "acton"',
      "    at        step a, field type",
      expect.stringMatching(/^ {4}expected {2}action, ai_processing, /),
      "    got       acton",
      '    hint      did you mean "action"?',
      "",
    ]);
  });

  test("lists the defects of a workflow made in code with their own codes", async () => {
    const library = fileURLToPath(new URL("../../../lib/index.ts", import.meta.url));
    const steps = '[{ id: "s", type: "delay", duration: -1 }, { id: "t", type: "ai_processing" }]';
    await writeFile(
      path.join(cwd, "bad.ts"),
      `import { defineWorkflow } from ${JSON.stringify(library)};\nexport default defineWorkflow({ name: "a", steps: ${steps} });\n`,
    );
    const { exitCode, stdout } = await runCli(["validate", "bad.ts", "--json"], { cwd });

    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout).errors).toMatchObject([
      { code: "WORKFLOW_INVALID", line: null, step: "s", field: "duration", expected: "at least 0", got: "-1" },
    ]);
  });

  test("exits with 0 when all are valid, and prints no colour into a pipe", async () => {
    const { exitCode, stdout } = await runCli(["validate", "good.yaml"], { cwd });

    expect([exitCode, stdout]).toEqual([0, "valid    good.yaml\n"]);
  });

  test("makes no data folder", async () => {
    await runCli(["validate", "good.yaml"], { cwd });

    await expect(readFile(path.join(cwd, ".neuronforge"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("colours when FORCE_COLOR asks for it", async () => {
    expect((await runCli(["validate", "good.yaml"], { cwd, env: { FORCE_COLOR: "1" } })).stdout).toContain("\u001b[32mvalid");
  });

  test("ends quietly when the reader closes the pipe", async () => {
    const files = Array.from({ length: 2_000 }, () => "bad.yaml").join(" ");
    const child = spawn("bash", ["-c", `${process.execPath} ${MAIN} validate ${files} | head -1; echo "\${PIPESTATUS[0]}"`], { cwd });
    const [stdout, stderr] = await Promise.all([child.stdout, child.stderr].map(async (stream) => (await stream.toArray()).join("")));

    expect(stdout).toBe("invalid  bad.yaml, 1 fault\n0\n");
    expect(stderr).toBe("");
  });
});

describe("completion", () => {
  test("bash completes commands, subcommands and options", async () => {
    const script = (await runCli(["completion", "bash"], { cwd })).stdout;
    const complete = async (...words: readonly string[]): Promise<string> => {
      const array = words.map((word) => `'${word}'`).join(" ");
      const child = spawn(
        "bash",
        ["-c", `${script}\nCOMP_WORDS=(${array}); COMP_CWORD=${words.length - 1}; _neuronforge; echo "\${COMPREPLY[*]}"`],
        { cwd },
      );
      return (await child.stdout.toArray()).join("").trim();
    };

    expect(await complete("neuronforge", "exec")).toBe("executions");
    expect(await complete("neuronforge", "budgets", "to")).toBe("topup");
    expect(await complete("neuronforge", "executions", "fork", "--allow")).toBe("--allow-effects");
    expect(await complete("neuronforge", "run", "good")).toBe("good.yaml");
  });
});
