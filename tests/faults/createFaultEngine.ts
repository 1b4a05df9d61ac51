// The engine alone, on any database and any clock: for tests that take its parts apart. No configuration, no command line.
import { tmpdir } from "node:os";
import { upsertAgent } from "../../lib/agents/AgentStore.ts";
import { systemClock, type Clock } from "../../lib/core/clock.ts";
import { createGuardedFetch } from "../../lib/core/guardedFetch.ts";
import { DEFAULT_WORKSPACE_ID, uuidv7 } from "../../lib/core/ids.ts";
import type { JsonObject } from "../../lib/core/json.ts";
import { createLogger, silentLogger } from "../../lib/core/logger.ts";
import type { Database } from "../../lib/db/Database.ts";
import type { AccountLimits } from "../../lib/ledger/BudgetStore.ts";
import type { BaseProvider } from "../../lib/models/BaseProvider.ts";
import { ProviderRegistry } from "../../lib/models/ProviderRegistry.ts";
import { makeDocument } from "../../lib/pilot/DocumentStore.ts";
import { ExecutionControl } from "../../lib/pilot/ExecutionControl.ts";
import type { StartRequest } from "../../lib/pilot/ExecutionStarter.ts";
import { claimExecutions, type ClaimedExecution } from "../../lib/pilot/ExecutionStore.ts";
import { performers } from "../../lib/pilot/steps/performers.ts";
import { createWorkspaceFolders } from "../../lib/plugins/builtins.ts";
import { PluginExecutor } from "../../lib/plugins/PluginExecutor.ts";
import { PluginManager } from "../../lib/plugins/PluginManager.ts";
import type { Plugin } from "../../lib/plugins/types.ts";
import { createEngine, type Engine } from "../../lib/system/createEngine.ts";
import { PriceBook } from "../../lib/tokens/pricing.ts";
import { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { requireDefinition } from "../../lib/workflow/defineWorkflow.ts";

export interface FaultEngineOptions {
  readonly clock?: Clock;
  readonly plugins?: readonly Plugin[];
  readonly provider?: BaseProvider;
  readonly notify?: boolean;
  readonly maxConcurrentExecutions?: number;
  /** False for tests that hold claims without a worker: nobody touches them, and they must not come back. @defaultValue true */
  readonly supervise?: boolean;
}

interface StartOptions {
  readonly limits?: AccountLimits;
  readonly executionId?: string;
}

export interface FaultEngine {
  readonly engine: Engine;
  readonly control: ExecutionControl;
  /** Stores an execution and its wake-up; nothing runs before `engine.worker.start()` or {@link FaultEngine.claim}. */
  start(steps: readonly object[], options?: StartOptions): Promise<string>;
  /** What {@link FaultEngine.start} gives to the starter. */
  prepare(steps: readonly object[], options?: StartOptions): Promise<StartRequest>;
  /** Claims as a worker would, without running anything. */
  claim(limit: number): Promise<readonly ClaimedExecution[]>;
  statusOf(executionId: string): Promise<string>;
  close(): Promise<void>;
}

export async function createFaultEngine(db: Database, options: FaultEngineOptions = {}): Promise<FaultEngine> {
  const { clock = systemClock } = options;
  const counter = await TokenCounter.load();
  const catalog = new PluginManager();
  catalog.register(...(options.plugins ?? []));
  const logger = process.env["DEBUG_FAULTS"] === undefined ? silentLogger : createLogger({ level: "debug" });
  const custom = options.provider === undefined ? {} : { custom: [{ provider: options.provider, models: ["gpt-4o-mini"] }] };
  const engine: Engine = createEngine({
    db,
    clock,
    logger,
    emit: () => undefined,
    plugins: new PluginExecutor({
      manager: catalog,
      clock,
      fetch: createGuardedFetch({ allowedPrivateHosts: ["127.0.0.1"] }).fetch,
      filesOf: createWorkspaceFolders(tmpdir(), systemClock),
      connections: { findSecret: async () => undefined },
      log: logger,
    }),
    catalog,
    providers: await ProviderRegistry.create({ providers: [], live: false, clock, counter, ...custom }),
    counter,
    prices: await PriceBook.load({ nowMs: () => systemClock.nowMs() }),
    performers,
    loadWorkflow: async () => null,
    maxOutputBytes: 1_000_000,
    maxConcurrentExecutions: options.maxConcurrentExecutions ?? 100,
    notify: options.notify ?? true,
    ownsDatabase: db.kind === "pglite",
    supervise: options.supervise ?? true,
  });
  const prepare: FaultEngine["prepare"] = async (steps, { limits, executionId = uuidv7() } = {}) => {
    const definition = requireDefinition({ name: "fault", model: "openai/gpt-4o-mini", steps }, { catalog });
    const document = makeDocument("definition", definition as unknown as JsonObject);
    const agent = await upsertAgent(db, {
      workspaceId: DEFAULT_WORKSPACE_ID,
      name: "fault",
      description: null,
      sourceKey: "fault",
      definitionHash: document.hash,
    });
    const snapshot = { flags: {}, defaultModel: null, tags: [], previewEffects: false, timeoutMs: null, pricedAs: null, subWorkflows: {} };
    return {
      executionId,
      workspaceId: DEFAULT_WORKSPACE_ID,
      agentId: agent.id,
      definition: document,
      snapshot: makeDocument("snapshot", snapshot),
      inputs: {},
      runMode: "production",
      totalSteps: steps.length,
      tags: [],
      limits: limits ?? null,
      firstNeed: { tokens: 0, usd: 0n },
    };
  };
  await engine.queue.start();
  const { worker, queue } = engine;
  return {
    engine,
    control: new ExecutionControl({ db, queue, onWake: () => worker.wake(), onCancel: (id) => worker.noticeCancel(id) }),
    prepare,
    start: async (steps, options) => {
      const request = await prepare(steps, options);
      await engine.starter.start(request);
      return request.executionId;
    },
    claim: async (limit) =>
      db.transaction(async (tx) => {
        const jobs = await queue.fetch(tx, limit);
        return jobs.length === 0 ? [] : (await claimExecutions(tx, "fault", jobs)).claimed;
      }),
    statusOf: async (executionId) => {
      const { rows } = await db.query<{ status: string }>("SELECT status FROM workflow_executions WHERE id = $1", [executionId]);
      return rows[0]?.status ?? "gone";
    },
    close: async () => {
      await worker.stop();
      await engine.journal.settled();
      await queue.stop();
    },
  };
}

/** Polls; fails with what it waited for. */
export async function until(what: string, isTrue: () => Promise<boolean> | boolean, timeoutMs = 30_000): Promise<void> {
  const startedMs = performance.now();
  // Most of what is waited for takes a turn or two of the event loop.
  for (let turn = 0; turn < 100; turn += 1) {
    if (await isTrue()) return;
    await new Promise(setImmediate);
  }
  while (!(await isTrue())) {
    if (performance.now() - startedMs > timeoutMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await systemClock.sleep(20);
  }
}
