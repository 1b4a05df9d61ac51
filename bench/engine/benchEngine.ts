// An engine with a no-op plugin, for measuring: real journal, ledger, queue, audit; nothing is left out but the work itself.
import { tmpdir } from "node:os";
import { z } from "zod";
import { systemClock } from "../../lib/core/clock.ts";
import { createGuardedFetch } from "../../lib/core/guardedFetch.ts";
import { DEFAULT_WORKSPACE_ID, uuidv7 } from "../../lib/core/ids.ts";
import { createLogger } from "../../lib/core/logger.ts";
import type { JsonObject } from "../../lib/core/json.ts";
import { upsertAgent } from "../../lib/agents/AgentStore.ts";
import type { Database } from "../../lib/db/Database.ts";
import { ProviderRegistry } from "../../lib/models/ProviderRegistry.ts";
import { makeDocument } from "../../lib/pilot/DocumentStore.ts";
import { performers } from "../../lib/pilot/steps/performers.ts";
import { createWorkspaceFolders } from "../../lib/plugins/builtins.ts";
import { defineAction, definePlugin } from "../../lib/plugins/definePlugin.ts";
import { PluginExecutor } from "../../lib/plugins/PluginExecutor.ts";
import { PluginManager } from "../../lib/plugins/PluginManager.ts";
import { createEngine, type Engine } from "../../lib/system/createEngine.ts";
import type { ExecutionEvent } from "../../lib/systemApi.ts";
import { PriceBook } from "../../lib/tokens/pricing.ts";
import { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { defineWorkflow } from "../../lib/workflow/defineWorkflow.ts";
import { payload } from "./payload.ts";

export interface BenchEngine extends Engine {
  /** Starts an execution of so many no-op steps; resolves when it has ended. */
  readonly run: () => Promise<void>;
  close(): Promise<void>;
}

export interface BenchEngineOptions {
  readonly steps: number;
  readonly outputBytes: number;
  readonly concurrency: number;
}

const NO_SETTINGS = { flags: {}, defaultModel: null, tags: [], previewEffects: false, timeoutMs: null, pricedAs: null, subWorkflows: {} };

export async function createBenchEngine(db: Database, { steps, outputBytes, concurrency }: BenchEngineOptions): Promise<BenchEngine> {
  const ended = new Map<string, () => void>();
  const engine = await joinEngine(db, { outputBytes, concurrency }, (event) => {
    if (event.type === "finished") ended.get(event.executionId)?.();
  });
  await engine.queue.start();
  await engine.worker.start();
  const workflow = defineWorkflow({
    name: "bench",
    steps: Array.from({ length: steps }, (_, index) => ({ id: `s${index}`, type: "action" as const, plugin: "bench", action: "noop" })),
  });
  const definition = makeDocument("definition", workflow as unknown as JsonObject);
  const agent = {
    workspaceId: DEFAULT_WORKSPACE_ID,
    name: "bench",
    description: null,
    sourceKey: "bench",
    definitionHash: definition.hash,
  };
  const { id: agentId } = await upsertAgent(db, agent);
  const request = {
    workspaceId: DEFAULT_WORKSPACE_ID,
    agentId,
    definition,
    snapshot: makeDocument("snapshot", NO_SETTINGS),
    inputs: {},
    runMode: "production",
    totalSteps: steps,
    tags: [],
    limits: null,
    firstNeed: { tokens: 0, usd: 0n },
  };
  return {
    ...engine,
    run: async () => {
      const executionId = uuidv7();
      const { promise, resolve } = Promise.withResolvers<void>();
      ended.set(executionId, resolve);
      await engine.starter.start({ executionId, ...request });
      await promise;
      ended.delete(executionId);
    },
    close: async () => {
      await engine.worker.stop();
      await engine.queue.stop();
    },
  };
}

async function joinEngine(
  db: Database,
  { outputBytes, concurrency }: Omit<BenchEngineOptions, "steps">,
  emit: (event: ExecutionEvent) => void,
): Promise<Engine> {
  const counter = await TokenCounter.load();
  const logger = createLogger({ level: "warn" });
  const manager = new PluginManager();
  const noop = defineAction({
    description: "returns a payload",
    effect: "none",
    idempotency: { by: "natural", windowHours: 1 },
    params: z.object({}),
    run: async () => payload(outputBytes),
  });
  manager.register(definePlugin({ name: "bench", version: "1.0.0", description: "no-op steps", actions: { noop } }));
  const plugins = new PluginExecutor({
    manager,
    clock: systemClock,
    fetch: createGuardedFetch().fetch,
    filesOf: createWorkspaceFolders(tmpdir(), systemClock),
    connections: { findSecret: async () => undefined },
    log: logger,
  });
  return createEngine({
    db,
    clock: systemClock,
    logger,
    emit,
    plugins,
    catalog: manager,
    providers: await ProviderRegistry.create({ providers: [], live: false, clock: systemClock, counter }),
    counter,
    prices: await PriceBook.load({ nowMs: () => Date.now() }),
    performers,
    loadWorkflow: async () => null,
    maxOutputBytes: 8_388_608,
    maxConcurrentExecutions: concurrency,
    ownsDatabase: db.kind === "pglite",
    supervise: true,
  });
}
