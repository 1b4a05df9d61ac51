// The built-in handlers, with the installation's own in their place, and the way to them. Nothing is made ready before it is asked for.
import type { Config } from "../config/Config.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Database } from "../db/Database.ts";
import { loadHandlerRows } from "../orchestration/handlers/HandlerStore.ts";
import { HandlerRegistry } from "../orchestration/HandlerRegistry.ts";
import { ConditionalHandler } from "../orchestration/IntentHandlers/ConditionalHandler.ts";
import { ExtractHandler } from "../orchestration/IntentHandlers/ExtractHandler.ts";
import { GenerateHandler } from "../orchestration/IntentHandlers/GenerateHandler.ts";
import { SendHandler } from "../orchestration/IntentHandlers/SendHandler.ts";
import { SummarizeHandler } from "../orchestration/IntentHandlers/SummarizeHandler.ts";
import { TransformHandler } from "../orchestration/IntentHandlers/TransformHandler.ts";
import { ValidateHandler } from "../orchestration/IntentHandlers/ValidateHandler.ts";
import type { HandlerInterface } from "../orchestration/types.ts";
import { HandlerRouter } from "../pilot/handlers/HandlerRouter.ts";
import { loadHandlers } from "./loadHandlers.ts";

export interface HandlerParts {
  readonly config: Pick<Config, "handlers">;
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @throws AppError `HANDLER_INVALID`, for a module of the configuration with its path */
export async function createHandlers(
  own: readonly HandlerInterface[],
  { config, db, clock, logger }: HandlerParts,
): Promise<HandlerRouter> {
  const registry = new HandlerRegistry({ clock });
  const builtIn = [
    new ExtractHandler({ clock }),
    new SummarizeHandler(),
    new GenerateHandler(),
    new ValidateHandler(),
    new SendHandler(),
    new TransformHandler(),
    new ConditionalHandler(),
  ];
  for (const handler of builtIn) registry.register(handler.intent, handler);
  for (const handler of [...(await loadHandlers(config.handlers)), ...own]) registry.register(handler.intent, handler, { replaces: true });
  return new HandlerRouter({ registry, loadRows: (workspaceId) => loadHandlerRows(db, workspaceId), clock, logger });
}
