// Several processes on one data folder, and processes that are stopped: nothing is lost, and everyone is told how to go on.
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findFolderOwner } from "../../../lib/db/FolderLock.ts";
import type { ExecutionReport, ExecutionSummary } from "../../../lib/systemApi.ts";
import { finishCli, runCli, shown, startCli, type CliProcess } from "./spawnCli.ts";

let cwd: string;
const started: CliProcess[] = [];

/** First a step that is done at once, then a delay, then an effect that must happen exactly once. */
function workflow(name: string, delayMs: number): string {
  return `name: ${name}
steps:
  - { id: first, type: comparison, left: 1, right: 1, operation: equals }
  - { id: pause, type: delay, duration: ${delayMs} }
  - { id: save, type: action, plugin: files, action: append, params: { path: ${name}.txt, content: "${name};" } }
`;
}

beforeAll(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), "nf-cli-many-"));
  for (const [name, delayMs] of [
    ["short", 5_000],
    ["long", 9_000],
    ["killed", 6_000],
    ["stopped", 4_000],
    ["queued", 50],
  ] as const) {
    await writeFile(path.join(cwd, `${name}.yaml`), workflow(name, delayMs));
  }
});

afterEach(async () => {
  for (const child of started.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
});

afterAll(async () => {
  await rm(cwd, { recursive: true, force: true });
});

function start(...args: readonly string[]): CliProcess {
  const child = startCli(args, { cwd });
  started.push(child);
  return child;
}

const run = async (...args: readonly string[]) => runCli(args, { cwd });
const owner = async (): Promise<string | undefined> => findFolderOwner(path.join(cwd, ".neuronforge"));

async function listed(): Promise<readonly ExecutionSummary[]> {
  return (await run("executions", "ls", "--json")).json();
}

/** The running execution of a workflow, as soon as it is there. */
async function executionOf(workflow: string): Promise<string> {
  await expect
    .poll(async () => (await listed()).some((execution) => execution.workflow === workflow), { timeout: 20_000, interval: 100 })
    .toBe(true);
  return (await listed()).find((execution) => execution.workflow === workflow)?.executionId ?? "";
}

const effects = async (name: string): Promise<string> => (await readFile(path.join(cwd, `${name}.txt`), "utf8")).trimEnd();

describe("two processes on one data folder", () => {
  test("the second is served by the first; when that ends the second takes over what it started", async () => {
    const first = start("run", "short.yaml", "--json");
    const firstDone = finishCli(first);
    await executionOf("short");
    const second = start("run", "long.yaml", "--json");
    const secondDone = finishCli(second);
    const longId = await executionOf("long");

    const firstResult = await firstDone;
    const secondResult = await secondDone;

    expect([firstResult.exitCode, secondResult.exitCode]).toEqual([0, 0]);
    expect(firstResult.stderr).toContain(`execution ${longId}, started by another command, is handed over: it stays queued and durable`);
    expect(firstResult.stderr).toContain(`executions resume ${longId}`);
    expect(secondResult.stderr).toContain("the process that held the data folder has ended: this one goes on");
    expect(secondResult.json()).toMatchObject({ executionId: longId, status: "completed" });
    expect([await effects("short"), await effects("long")]).toEqual(["short;", "long;"]);
  });

  test("the socket is reachable by the user alone, and bad input does not end its owner", async () => {
    const worker = start("worker");
    await shown(worker.stderr, "working");
    const socketPath = (await owner()) ?? "";

    const socket = connect(socketPath);
    socket.write(
      '{"id":1,"method":"hello","params":[{"protocol":1}]}\nnonsense\n{"id":2,"method":"constructor","params":[]}\n{"id":3,"method":"report","params":[{"a":1}]}\n',
    );
    await shown(socket, '"id":3');
    socket.destroy();

    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    expect(worker.exitCode).toBeNull();
    expect((await run("executions", "ls", "--json")).exitCode).toBe(0);
  });

  test("kill -9 of the owner: a waiting process goes on, completed steps stay, the effect happens once", async () => {
    const worker = start("worker");
    await shown(worker.stderr, "working");
    const waiting = start("run", "killed.yaml", "--json");
    const done = finishCli(waiting);
    const id = await executionOf("killed");
    await expect
      .poll(
        async () =>
          ((await run("executions", "show", id, "--json")).json() as ExecutionReport).steps.find(({ path: at }) => at === "first")?.status,
        { timeout: 20_000 },
      )
      .toBe("completed");

    worker.kill("SIGKILL");
    const result = await done;

    expect(result.exitCode).toBe(0);
    expect(result.json()).toMatchObject({ executionId: id, status: "completed" });
    expect(await effects("killed")).toBe("killed;");
  });
});

describe("Ctrl-C and SIGTERM", () => {
  test("the first Ctrl-C stops waiting, exits with 130 and says how to go on; the execution keeps its state", async () => {
    const child = start("run", "stopped.yaml", "--json");
    const done = finishCli(child);
    const id = await executionOf("stopped");

    child.kill("SIGINT");
    const stopped = await done;
    const resumed = await run("executions", "resume", id, "--json");

    expect(stopped.exitCode).toBe(130);
    expect(stopped.stderr).toContain("stopped waiting");
    expect(stopped.stderr).toContain(`executions resume ${id}`);
    expect(stopped.json()).toMatchObject({ executionId: id });
    expect(resumed.exitCode).toBe(0);
    expect(await effects("stopped")).toBe("stopped;");
  });

  test("a worker runs what --detach queued, and ends with 0 on SIGTERM", async () => {
    const queued = await run("run", "queued.yaml", "--detach");
    const id = queued.stdout.trim();
    expect(queued.exitCode).toBe(0);
    expect(queued.stderr).toContain("queued: it runs when a process works");
    expect(((await run("executions", "show", id, "--json")).json() as ExecutionReport).status).toBe("queued");

    const worker = start("worker");
    const done = finishCli(worker);
    await shown(worker.stderr, "working");
    await expect
      .poll(async () => ((await run("executions", "show", id, "--json")).json() as ExecutionReport).status, { timeout: 20_000 })
      .toBe("completed");
    worker.kill("SIGTERM");

    expect((await done).exitCode).toBe(0);
    expect(await owner()).toBeUndefined();
  });

  test("a second worker waits for the first one's folder and takes it", async () => {
    const first = start("worker");
    await shown(first.stderr, "working");
    const second = start("worker");
    await shown(second.stderr, "waiting for it to end");

    first.kill("SIGTERM");

    expect(await shown(second.stderr, "working: ")).toContain("this one goes on");
  });
});
