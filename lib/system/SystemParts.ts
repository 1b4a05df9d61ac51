// What the parts of the local system share.
import type { ConnectionStore } from "../access/ConnectionStore.ts";
import type { AuditTrailService } from "../audit/AuditTrailService.ts";
import type { Config } from "../config/Config.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { FeatureFlags } from "../flags/FeatureFlags.ts";
import type { SystemConfigStore } from "../flags/SystemConfigStore.ts";
import type { StepHistoryCache } from "../orchestration/budgets/StepHistoryCache.ts";
import type { StepClassifier } from "../orchestration/types.ts";
import type { HandlerRouter } from "../pilot/handlers/HandlerRouter.ts";
import type { PluginManager } from "../plugins/PluginManager.ts";
import type { ModelRouting } from "../pilot/governance/ModelRouting.ts";
import type { Engine } from "./createEngine.ts";
import type { Memory } from "./createMemory.ts";
import type { EventBus } from "./EventBus.ts";

export interface SystemParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly engine: Engine;
  readonly events: EventBus;
  readonly manager: PluginManager;
  readonly connections: ConnectionStore;
  readonly configStore: SystemConfigStore;
  readonly flags: FeatureFlags;
  readonly audit: AuditTrailService;
  readonly classifier: StepClassifier;
  readonly histories: StepHistoryCache;
  readonly handlers: HandlerRouter;
  readonly memory: Memory;
  readonly models: ModelRouting;
  /** Asks MCP servers for their tools anew. */
  readonly refreshPlugins: () => Promise<void>;
  /** Runs after work has stopped and before the database closes. */
  readonly beforeClose: () => Promise<void>;
}
