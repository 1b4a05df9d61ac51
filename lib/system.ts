// Composition root: createSystem(config) opens the database and joins everything; nothing else does.
import { AuditTrailService } from "./audit/AuditTrailService.ts";
import { auditWriter } from "./audit/AuditStore.ts";
import { ConnectionStore } from "./access/ConnectionStore.ts";
import { SecretBox } from "./access/SecretBox.ts";
import { createKeySource } from "./access/secretKeys.ts";
import type { Config } from "./config/Config.ts";
import { systemClock, type Clock } from "./core/clock.ts";
import { createLogger, type Logger } from "./core/logger.ts";
import type { Database } from "./db/Database.ts";
import { migrate } from "./db/migrate.ts";
import { openDatabase } from "./db/openDatabase.ts";
import { ensureTemplate } from "./db/template.ts";
import { writeFacts } from "./db/UnitPart.ts";
import { FeatureFlags } from "./flags/FeatureFlags.ts";
import { SystemConfigStore } from "./flags/SystemConfigStore.ts";
import type { BaseProvider } from "./models/BaseProvider.ts";
import { ProviderRegistry } from "./models/ProviderRegistry.ts";
import type { HandlerInterface } from "./orchestration/types.ts";
import { StepHistoryCache } from "./orchestration/budgets/StepHistoryCache.ts";
import { prepareQueue, QUEUE_TEMPLATE } from "./pilot/prepareQueue.ts";
import { performers } from "./pilot/steps/performers.ts";
import type { Plugin } from "./plugins/types.ts";
import { auditFlagChange } from "./system/auditFlagChange.ts";
import { createClassifier } from "./system/createClassifier.ts";
import { IntensityKeeper } from "./system/IntensityKeeper.ts";
import { createHandlers } from "./system/createHandlers.ts";
import { createGovernor } from "./system/createGovernor.ts";
import { createMemory } from "./system/createMemory.ts";
import { ModelRouting } from "./pilot/governance/ModelRouting.ts";
import { createEngine } from "./system/createEngine.ts";
import { createPlugins } from "./system/createPlugins.ts";
import { EventBus } from "./system/EventBus.ts";
import { loadAgentWorkflow } from "./system/loadAgentWorkflow.ts";
import { keepFactors } from "./system/keepFactors.ts";
import { LocalSystem } from "./system/LocalSystem.ts";
import { providerSettings } from "./system/secretsOf.ts";
import type { System } from "./systemApi.ts";
import { loadCalibration } from "./tokens/CalibrationStore.ts";
import { Calibration } from "./tokens/calibration.ts";
import { loadPriceOverrides } from "./tokens/PriceStore.ts";
import { PriceBook } from "./tokens/pricing.ts";
import { TokenCounter } from "./tokens/TokenCounter.ts";

export interface SystemOptions {
  readonly config: Config;
  /** Plugins besides the built-in ones. */
  readonly plugins?: readonly Plugin[];
  /** Handlers besides, or in place of, the built-in seven: one for an intent takes the built-in one's place. */
  readonly handlers?: readonly HandlerInterface[];
  /** Providers made elsewhere, such as a ScriptedModel; they come before configured ones of the same name. */
  readonly providers?: readonly { readonly provider: BaseProvider; readonly models?: readonly string[] }[];
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** An open, migrated database; it is closed with the system. @defaultValue what `config` says */
  readonly database?: Database;
}

/** @throws AppError `CONFIG_INVALID`, `DATABASE_UNAVAILABLE`, `MIGRATION_FAILED` */
export async function createSystem(options: SystemOptions): Promise<System> {
  const { config, clock = systemClock, logger = createLogger({ level: config.logLevel }) } = options;
  const db = options.database ?? (await openConfigured(config, clock, logger));
  try {
    await migrate(db, { afterMigrate: prepareQueue });
    return await join(options, { db, clock, logger });
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function openConfigured(config: Config, clock: Clock, logger: Logger): Promise<Database> {
  const warn = (message: string, facts?: object): void => logger.warn(facts ?? {}, message);
  const extras = { warn, clock, maxConnections: config.poolSize, template: () => ensureTemplate(QUEUE_TEMPLATE) };
  switch (config.database) {
    case "postgres":
      return openDatabase({ kind: "postgres", url: config.databaseUrl ?? "" }, extras);
    case "embedded-postgres":
      return openDatabase({ kind: "embedded-postgres", folder: config.dataFolder }, extras);
    case "pglite":
      return openDatabase({ kind: "pglite", folder: config.dataFolder }, extras);
    default:
      return config.database satisfies never;
  }
}

async function join(
  options: SystemOptions,
  { db, clock, logger }: { readonly db: Database; readonly clock: Clock; readonly logger: Logger },
): Promise<System> {
  const { config } = options;
  const connections = new ConnectionStore({ box: new SecretBox({ keys: createKeySource(config) }) });
  const { counter, providers, prices } = await loadModels(options, { db, clock, connections });
  const plugins = await createPlugins({ config, db, connections, clock, logger, given: options.plugins ?? [] });
  const { manager } = plugins;
  const configStore = new SystemConfigStore({ clock, audit: auditFlagChange(clock) });
  const flags = new FeatureFlags({ store: configStore });
  const handlers = await createHandlers(options.handlers, { config, db, clock, logger });
  const [classifier, histories, events] = [createClassifier(manager), new StepHistoryCache({ clock }), new EventBus()];
  const intensity = new IntensityKeeper({ db, logger });
  const models = new ModelRouting({ providers, prices });
  const counting = { providers, prices, counter };
  const governor = createGovernor({ db, clock, logger, flags, classifier, histories, ...counting, router: handlers, intensity, models });
  const memory = createMemory({ db, clock, logger, providers, prices, counter, model: config.memoryModel });
  const ownsDatabase = config.database !== "postgres" && options.database?.kind !== "postgres";
  const engine = createEngine({
    db,
    clock,
    logger,
    emit: (event) => {
      memory.keeper.notice(event);
      intensity.notice(event);
      events.emit(event);
    },
    plugins: plugins.executor,
    catalog: manager,
    providers,
    counter,
    prices,
    performers,
    decide: (step, state, path, scope) => governor.decide(step, state, path, scope),
    loadWorkflow: loadAgentWorkflow(db),
    loadMemory: (workspaceId, executionId) => memory.keeper.load(workspaceId, executionId),
    maxOutputBytes: config.maxOutputBytes,
    maxConcurrentExecutions: config.maxConcurrentExecutions,
    notify: config.notify,
    ownsDatabase,
    supervise: true,
  });
  const audit = new AuditTrailService({ write: (rows) => writeFacts(db, auditWriter, rows), clock, logger });
  await engine.queue.start();
  const stopSaving = keepFactors({ db, counter, clock, logger });
  return new LocalSystem({
    config,
    clock,
    logger,
    engine,
    events,
    manager,
    connections,
    configStore,
    flags,
    audit,
    classifier,
    histories,
    handlers,
    memory,
    models,
    refreshPlugins: plugins.refresh,
    beforeClose: async () => {
      await Promise.all([stopSaving(), intensity.settle(), handlers.registry.cleanup()]);
      await plugins.close();
    },
  });
}

/** Providers with their keys, what calls cost, how tokens are counted. */
async function loadModels(
  options: SystemOptions,
  { db, clock, connections }: { readonly db: Database; readonly clock: Clock; readonly connections: ConnectionStore },
) {
  const { config } = options;
  const counter = await TokenCounter.load(new Calibration(await loadCalibration(db)));
  const providers = await ProviderRegistry.create({
    providers: providerSettings(config, { db, connections }),
    defaultModel: config.defaultModel,
    live: config.live,
    foundKeys: config.foundKeys,
    clock,
    counter,
    ...(options.providers === undefined ? {} : { custom: options.providers }),
  });
  const prices = await PriceBook.load({
    providers: providers.pricedProviders,
    overrides: await loadPriceOverrides(db),
    nowMs: () => clock.nowMs(),
  });
  return { counter, providers, prices };
}
