// The built-in handlers, with the installation's own in their place, and the way to them. Nothing is made ready before it is asked for.
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

export interface HandlerParts {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @throws AppError `HANDLER_INVALID` */
export function createHandlers(own: readonly HandlerInterface[], { db, clock, logger }: HandlerParts): HandlerRouter {
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
  for (const handler of own) registry.register(handler.intent, handler, { replaces: true });
  return new HandlerRouter({ registry, loadRows: (workspaceId) => loadHandlerRows(db, workspaceId), clock, logger });
}
