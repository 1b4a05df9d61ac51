// A whole system on a test database, working, with a scripted model and a recording plugin: what the integration tests share.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { loadConfig } from "../../lib/config/loadConfig.ts";
import type { Clock } from "../../lib/core/clock.ts";
import { AppError } from "../../lib/core/errors.ts";
import type { JsonValue } from "../../lib/core/json.ts";
import { createLogger, silentLogger } from "../../lib/core/logger.ts";
import type { Database } from "../../lib/db/Database.ts";
import type { HandlerInterface } from "../../lib/orchestration/types.ts";
import { QUEUE_TEMPLATE } from "../../lib/pilot/prepareQueue.ts";
import { defineAction, definePlugin } from "../../lib/plugins/definePlugin.ts";
import type { Plugin, Verification } from "../../lib/plugins/types.ts";
import { createSystem } from "../../lib/system.ts";
import type { ExecutionReport, RunRequest, System } from "../../lib/systemApi.ts";
import { ScriptedModel, type Script } from "../../lib/testing/ScriptedModel.ts";
import { openTestDatabase } from "../testEnvironment.ts";

/** What the `probe` plugin's actions do, call by call. */
export interface Probe {
  /** Keys and params of every call, in order. */
  readonly calls: { readonly action: string; readonly key: string; readonly params: JsonValue }[];
  /** Set by a test: what a call does instead of echoing its params. */
  behave: (action: string, params: JsonValue, signal: AbortSignal) => Promise<JsonValue>;
  verify: (key: string) => Verification;
}

export interface TestSystem extends AsyncDisposable {
  readonly system: System;
  readonly db: Database;
  readonly model: ScriptedModel;
  readonly probe: Probe;
  /** Starts and waits until it ended or a person must act. */
  readonly run: (request: RunRequest) => Promise<ExecutionReport>;
}

export interface TestSystemOptions {
  readonly script?: Script;
  /** A paid provider's name has its calls priced. @defaultValue `openai` */
  readonly provider?: string;
  /** That the scripted model answers as, the first being the one taken where none is named. @defaultValue `gpt-4o-mini` */
  readonly models?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What the configuration file holds. */
  readonly file?: object;
  readonly database?: Database;
  readonly clock?: Clock;
  readonly handlers?: readonly HandlerInterface[];
  readonly plugins?: readonly Plugin[];
  /** False: nothing is claimed before the test calls `system.work()`. @defaultValue true */
  readonly works?: boolean;
}

/** Closed by the test, not by the systems that use it one after the other. */
export function keptOpen(database: Database): Database {
  return new Proxy(database, {
    get: (target, name) => {
      if (name === "close") return async () => undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

export async function createTestSystem(options: TestSystemOptions = {}): Promise<TestSystem> {
  const folder = await mkdtemp(join(tmpdir(), "neuronforge-test-"));
  const db = options.database ?? (await openTestDatabase(QUEUE_TEMPLATE));
  const config = loadConfig(
    { NEURONFORGE_DATA: join(folder, "data"), NEURONFORGE_LOG_LEVEL: "silent", ...options.env },
    options.file ?? {},
    { cwd: folder },
  );
  const model = new ScriptedModel(options.script ?? [], { name: options.provider ?? "openai" });
  const probe: Probe = { calls: [], behave: async (_action, params) => params, verify: () => ({ happened: "unknown" }) };
  const system = await createSystem({
    config,
    database: db,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    logger: process.env["DEBUG_TEST"] ? createLogger({ level: "debug" }) : silentLogger,
    plugins: [createProbePlugin(probe), ...(options.plugins ?? [])],
    ...(options.handlers === undefined ? {} : { handlers: options.handlers }),
    providers: [{ provider: model, models: options.models ?? ["gpt-4o-mini"] }],
  });
  if (options.works !== false) await system.work();
  return {
    system,
    db,
    model,
    probe,
    run: async (request) => {
      const { executionId } = await system.start(request);
      return system.wait(executionId);
    },
    [Symbol.asyncDispose]: async () => {
      await system.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function createProbePlugin(probe: Probe) {
  const params = z.looseObject({});
  const run =
    (action: string) =>
    async (given: z.output<typeof params>, context: { readonly idempotencyKey: string; readonly signal: AbortSignal }) => {
      probe.calls.push({ action, key: context.idempotencyKey, params: given as JsonValue });
      return probe.behave(action, given as JsonValue, context.signal);
    };
  const once = { by: "none", windowHours: 0 } as const;
  return definePlugin({
    name: "probe",
    version: "1.0.0",
    description: "records its calls",
    actions: {
      read: defineAction({
        description: "reads",
        effect: "read",
        idempotency: { by: "natural", windowHours: 1 },
        params,
        run: run("read"),
      }),
      send: defineAction({ description: "sends, and cannot tell", effect: "destructive", idempotency: once, params, run: run("send") }),
      verified: defineAction({
        description: "sends, and can be asked",
        effect: "destructive",
        idempotency: once,
        params,
        run: run("verified"),
        verify: async (context) => probe.verify(context.idempotencyKey),
      }),
      keyed: defineAction({
        description: "sends under a key",
        effect: "write",
        idempotency: { by: "header", windowHours: 24 },
        params,
        run: run("keyed"),
      }),
      undo: defineAction({
        description: "undoes",
        effect: "write",
        idempotency: { by: "natural", windowHours: 24 },
        params,
        run: run("undo"),
      }),
      slow: defineAction({
        description: "takes its time",
        effect: "read",
        idempotency: { by: "natural", windowHours: 1 },
        params,
        timeoutMs: 60_000,
        run: run("slow"),
      }),
    },
  });
}

/** A failure of the kind that may have happened: the connection broke after the request was sent. */
export function brokenConnection(): AppError {
  return new AppError("UPSTREAM_UNAVAILABLE", "the connection broke while waiting for the reply");
}

export function workflow(steps: readonly object[], more: object = {}): RunRequest {
  return { definition: { name: "test", model: "openai/gpt-4o-mini", ...more, steps } };
}
