// The library's front door: names only, grouped; each is documented where it is defined. No code.

/** A whole system: opens the database, joins every part, runs workers. `loadConfig` makes its configuration. */
export { createSystem, type SystemOptions } from "./system.ts";
export { loadConfig } from "./config/loadConfig.ts";
export type { Config } from "./config/Config.ts";
export type * from "./systemApi.ts";
export type * from "./receiptApi.ts";
export type * from "./sessionApi.ts";

/** Workflows: made in TypeScript, or read from YAML and JSON with every fault named by line. */
export { defineWorkflow } from "./workflow/defineWorkflow.ts";
export { parseWorkflow, requireWorkflow, type ParseOptions } from "./workflow/WorkflowParser.ts";
export { workflowJsonSchema } from "./workflow/workflowJsonSchema.ts";
export type { ParseResult, StepOutput, StepType, WorkflowDefinition, WorkflowIssue, WorkflowStep } from "./workflow/types.ts";
export type { WorkflowDefinitionInput } from "./workflow/inputTypes.ts";

/** Plugins: what a workflow may do to the world, with effect and repeatability declared. */
export { defineAction, definePlugin } from "./plugins/definePlugin.ts";
export { PluginManager } from "./plugins/PluginManager.ts";
export { PluginExecutor } from "./plugins/PluginExecutor.ts";
export type { ActionContext, Plugin } from "./plugins/types.ts";

/** Models: a provider of your own is called only with a reservation in hand. */
export { BaseProvider, type ProviderAnswer } from "./models/BaseProvider.ts";
export { OfflineProvider } from "./models/offline.ts";
export type { ModelRequest, ModelResult } from "./models/types.ts";

/** Tokens and prices: counting, correction per model, worst cases in money. */
export { TokenCounter } from "./tokens/TokenCounter.ts";
export { Calibration } from "./tokens/calibration.ts";
export { PriceBook } from "./tokens/pricing.ts";

/** Intents: what a step is for and what it may hurt, without a model and without a database. */
export { IntentClassifier, type ClassifiableStep, type ClassifyOptions, type ToolDefinition } from "./orchestration/IntentClassifier.ts";
export type { IntentClassification, IntentType } from "./orchestration/types.ts";

/** Handlers: who performs the steps of an intent. Your own extends `BaseHandler`, or one of the seven. */
export { BaseHandler } from "./orchestration/IntentHandlers/BaseHandler.ts";
export { ConditionalHandler } from "./orchestration/IntentHandlers/ConditionalHandler.ts";
export { ExtractHandler, type ExtractHandlerOptions } from "./orchestration/IntentHandlers/ExtractHandler.ts";
export { GenerateHandler } from "./orchestration/IntentHandlers/GenerateHandler.ts";
export { SendHandler } from "./orchestration/IntentHandlers/SendHandler.ts";
export { SummarizeHandler } from "./orchestration/IntentHandlers/SummarizeHandler.ts";
export { TransformHandler } from "./orchestration/IntentHandlers/TransformHandler.ts";
export { ValidateHandler } from "./orchestration/IntentHandlers/ValidateHandler.ts";
export { HandlerRegistry, type HandlerRegistryOptions } from "./orchestration/HandlerRegistry.ts";
export type { HandlerContext, HandlerMetrics, PerformedStep, PerformOptions, StepPart, PartResult } from "./orchestration/types.ts";

/** Views and budgets, one by one: what a model is shown, and what its calls are given. */
export { TokenCompressor, type CompressOptions, type TokenCompressorOptions } from "./orchestration/TokenCompressor.ts";
export { TokenBudgetManager } from "./orchestration/TokenBudgetManager.ts";
export type {
  Agent,
  CompressedContent,
  CompressionPolicy,
  ExecutionContext,
  HandlerInterface,
  OrchestrationMetadata,
  RoutingDecision,
  TokenBudget,
} from "./orchestration/types.ts";

/** Routes: which tier and model a step is sent to, from a score, preferences and evidence, without a database. */
export { AISRouter, type AISRouterOptions, type ModelFactsSource, type RoutableStep } from "./orchestration/AISRouter.ts";
export { replayRoute } from "./orchestration/routing/decideRoute.ts";
export { explainRoute } from "./orchestration/routing/explainRoute.ts";
export { SuccessModel, type RouteOutcome } from "./orchestration/routing/SuccessModel.ts";
export type { ModelFacts, RoutableAgent, RouteContext, RouteDecision } from "./orchestration/routing/types.ts";

/** Time and logs, where a test or a host brings its own. */
export { systemClock, type Clock } from "./core/clock.ts";
export { createLogger, type Logger } from "./core/logger.ts";

/** Errors: one class; `code` says what, `retry` whether to try again, `hint` what to do. */
export { AppError } from "./core/errors.ts";
export { ERROR_CATALOGUE, type ErrorCode } from "./core/errorCatalogue.ts";
export type { JsonObject, JsonValue } from "./core/json.ts";
