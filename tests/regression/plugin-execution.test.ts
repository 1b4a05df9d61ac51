// Plugins work identically whether a workflow calls them or somebody calls the executor: same results, same errors, same traces outside.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { systemClock } from "../../lib/core/clock.ts";
import { createGuardedFetch } from "../../lib/core/guardedFetch.ts";
import { DEFAULT_WORKSPACE_ID } from "../../lib/core/ids.ts";
import type { JsonObject, JsonValue } from "../../lib/core/json.ts";
import { silentLogger } from "../../lib/core/logger.ts";
import { createBuiltinPlugins, createWorkspaceFolders } from "../../lib/plugins/builtins.ts";
import { idempotencyKey } from "../../lib/plugins/idempotencyKey.ts";
import { PluginExecutor } from "../../lib/plugins/PluginExecutor.ts";
import { PluginManager } from "../../lib/plugins/PluginManager.ts";
import { json, LoopbackServer } from "../unit/plugins/LoopbackServer.ts";
import { normalise, volatileOf } from "./normalise.ts";
import { createOfficePlugins } from "./officePlugins.ts";
import { RecordingSystem } from "./RecordingSystem.ts";
import type { Trace } from "./Trace.ts";

interface Call {
  readonly plugin: string;
  readonly action: string;
  readonly params: JsonObject;
  /** The error that both must end with. */
  readonly fails?: string;
}

/** One after the other on one folder and one server: later calls see what earlier ones left. */
function callsTo(url: string): readonly Call[] {
  return [
    { plugin: "files", action: "write", params: { path: "a/report.txt", content: "first line\n" } },
    { plugin: "files", action: "append", params: { path: "a/report.txt", content: "second line" } },
    { plugin: "files", action: "read", params: { path: "a/report.txt" } },
    { plugin: "files", action: "write", params: { path: "a/data.json", content: { b: 1, a: [2] } } },
    { plugin: "files", action: "exists", params: { path: "a/data.json" } },
    { plugin: "files", action: "list", params: { folder: "a" } },
    { plugin: "files", action: "read", params: { path: "a/nothing.txt" }, fails: "FILE_UNREADABLE" },
    { plugin: "files", action: "read", params: { path: "../outside.txt" }, fails: "PATH_FORBIDDEN" },
    { plugin: "files", action: "delete", params: { path: "a/data.json" } },
    { plugin: "csv", action: "parse", params: { text: "name,n\nAda,1\nBen,2\n", numbers: true } },
    { plugin: "csv", action: "parse", params: { text: "a,b\n1\n" }, fails: "TRANSFORM_FAILED" },
    { plugin: "csv", action: "stringify", params: { rows: [{ name: "=1+1", n: 3 }] } },
    { plugin: "json", action: "query", params: { value: { rows: [{ n: 1 }, { n: 2 }] }, path: "rows[*].n" } },
    { plugin: "json", action: "parse", params: { text: "{oops" }, fails: "TRANSFORM_FAILED" },
    { plugin: "json", action: "validate", params: { value: {}, schema: { type: "object", required: ["id"] } } },
    { plugin: "outbox", action: "deliver", params: { to: ["a@example.com"], subject: "one", body: { text: "hello" } } },
    { plugin: "outbox", action: "list", params: {} },
    { plugin: "http", action: "get", params: { url: `${url}/items`, query: { page: 1 } } },
    { plugin: "http", action: "post", params: { url: `${url}/items`, body: { name: "new" } } },
    { plugin: "http", action: "get", params: { url: `${url}/missing` }, fails: "UPSTREAM_REJECTED" },
    { plugin: "crm", action: "find_contact", params: { email: "a@example.com" } },
    { plugin: "sheet", action: "read_rows", params: { table: "costs", limit: "3" } },
    { plugin: "mail", action: "send", params: { to: ["a@example.com"], subject: "s", body: "b" } },
    { plugin: "flaky", action: "refuse", params: { name: "x" }, fails: "UPSTREAM_REJECTED" },
  ];
}

/** What a call came to, without what differs from one execution to the next. */
interface Outcome {
  readonly data: JsonValue;
  readonly error: string | null;
}

interface World {
  readonly outcomes: readonly Outcome[];
  /** Every file left, with its content. */
  readonly files: Readonly<Record<string, string>>;
  /** What reached the server. */
  readonly arrivals: readonly JsonValue[];
}

const answers = { "GET /items": json([{ id: 1 }]), "POST /items": json({ id: 2 }, 201) };
let throughPilot: World;
let directly: World;
let calls: readonly Call[];

beforeAll(async () => {
  await using server = await LoopbackServer.open(answers);
  calls = callsTo(server.url);
  const { world, executionId } = await runThroughPilot(server);
  throughPilot = world;
  server.arrivals.length = 0;
  directly = await callDirectly(server, executionId);
});

test("give the same results and errors through the pilot and directly", () => {
  expect(throughPilot.outcomes).toHaveLength(calls.length);
  const named = (outcomes: readonly Outcome[]): object[] =>
    outcomes.map((outcome, index) => ({ call: `${calls[index]?.plugin}.${calls[index]?.action}`, ...outcome }));
  expect(named(throughPilot.outcomes)).toEqual(named(directly.outcomes));
});

test("fail where they must, and only there", () => {
  expect(throughPilot.outcomes.map(({ error }) => error)).toEqual(calls.map(({ fails }) => fails ?? null));
});

test("leave the same files", () => {
  expect(throughPilot.files).toEqual(directly.files);
  expect(throughPilot.files["a/report.txt"]).toBe("first line\nsecond line\n");
});

test("send the same requests, idempotency keys included", () => {
  expect(throughPilot.arrivals).toHaveLength(3);
  expect(throughPilot.arrivals).toEqual(directly.arrivals);
});

async function runThroughPilot(server: LoopbackServer): Promise<{ readonly world: World; readonly executionId: string }> {
  await using recording = await RecordingSystem.open({ allowedPrivateHosts: [`127.0.0.1:${server.port}`] });
  // Params come by templates, so that what cannot be checked before the run is coerced in it, as it is in a direct call.
  const steps = calls.map(({ plugin, action, params }, index) => {
    const templates = Object.fromEntries(Object.keys(params).map((name) => [name, `{{input.c${index}.${name}}}`]));
    return { id: `c${index}`, type: "action", plugin, action, params: templates, continueOnError: true, retryPolicy: { maxRetries: 0 } };
  });
  const inputs = Object.fromEntries(calls.map(({ params }, index) => [`c${index}`, params]));
  const definition = { name: "plugin calls", steps } as unknown as JsonObject;
  const traces = await recording.run([{ name: "plugin calls", class: "deterministic", source: "", request: { definition, inputs } }]);
  const trace = traces.get("plugin calls");
  const [execution] = await recording.system.listExecutions({ limit: 1 });
  if (trace === undefined || execution === undefined) throw new Error("the execution was not recorded");
  const { executionId } = execution;
  const outcomes = calls.map((_, index) => outcomeOf(trace, `c${index}`));
  return {
    world: { outcomes, files: await filesOf(recording.folder, executionId), arrivals: arrivalsOf(server, executionId) },
    executionId,
  };
}

function outcomeOf({ steps }: Trace, path: string): Outcome {
  const step = steps.find((row) => row.path === path);
  if (step === undefined) throw new Error(`step ${path} did not run`);
  return { data: step.output, error: step.error };
}

async function callDirectly(server: LoopbackServer, executionId: string): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-direct-"));
  try {
    const manager = new PluginManager();
    manager.register(
      ...createBuiltinPlugins({ outboxFolder: join(folder, "data", "outbox"), clock: systemClock }),
      ...createOfficePlugins(),
    );
    await using fetcher = createGuardedFetch({ clock: systemClock, allowedPrivateHosts: [`127.0.0.1:${server.port}`] });
    const executor = new PluginExecutor({
      manager,
      clock: systemClock,
      fetch: fetcher.fetch,
      filesOf: createWorkspaceFolders(folder, systemClock),
      connections: { findSecret: async () => undefined },
      log: silentLogger,
    });
    const outcomes: Outcome[] = [];
    const keys: string[] = [];
    for (const [index, { plugin, action, params }] of calls.entries()) {
      const stepPath = `c${index}`;
      const key = idempotencyKey({ executionId, stepPath });
      keys.push(key);
      const outcome = await executor.execute({
        plugin,
        action,
        params,
        context: { executionId, stepPath, workspaceId: DEFAULT_WORKSPACE_ID, idempotencyKey: key },
      });
      outcomes.push(outcome.ok ? { data: outcome.data, error: null } : { data: null, error: outcome.error.code });
    }
    const told = outcomes.map(({ data, error }) => ({ data: normalise(data, volatileOf(executionId, keys, [folder])), error }));
    return { outcomes: told, files: await filesOf(folder, executionId), arrivals: arrivalsOf(server, executionId) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Files that the calls made: in the recording's folder lie others too, and the database. */
async function filesOf(folder: string, executionId: string): Promise<Readonly<Record<string, string>>> {
  const keys = calls.map((_, index) => idempotencyKey({ executionId, stepPath: `c${index}` }));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  const wanted = paths.filter((path) => path.startsWith("a/") || path.startsWith("data/outbox/")).sort();
  const volatile = volatileOf(executionId, keys, [folder]);
  const read = wanted.map(
    async (path) => [normalise(path, volatile), normalise(await readFile(join(folder, path), "utf8"), volatile)] as const,
  );
  return Object.fromEntries(await Promise.all(read)) as Readonly<Record<string, string>>;
}

function arrivalsOf(server: LoopbackServer, executionId: string): readonly JsonValue[] {
  const keys = calls.map((_, index) => idempotencyKey({ executionId, stepPath: `c${index}` }));
  return server.arrivals.map(({ method, path, headers, body }) =>
    normalise({ method, path, headers: headers as JsonObject, body }, volatileOf(executionId, keys, [])),
  );
}
