// The registry with the built-in handlers, and with the installation's own in their place. Nothing is made ready before it is asked for.
import type { Clock } from "../core/clock.ts";
import { HandlerRegistry } from "../orchestration/HandlerRegistry.ts";
import { ConditionalHandler } from "../orchestration/IntentHandlers/ConditionalHandler.ts";
import { ExtractHandler } from "../orchestration/IntentHandlers/ExtractHandler.ts";
import { GenerateHandler } from "../orchestration/IntentHandlers/GenerateHandler.ts";
import { SendHandler } from "../orchestration/IntentHandlers/SendHandler.ts";
import { SummarizeHandler } from "../orchestration/IntentHandlers/SummarizeHandler.ts";
import { TransformHandler } from "../orchestration/IntentHandlers/TransformHandler.ts";
import { ValidateHandler } from "../orchestration/IntentHandlers/ValidateHandler.ts";
import type { HandlerInterface } from "../orchestration/types.ts";

/** @throws AppError `HANDLER_INVALID` */
export function createHandlers(own: readonly HandlerInterface[], clock: Clock): HandlerRegistry {
  const registry = new HandlerRegistry({ clock });
  const builtIn = [
    new ExtractHandler(),
    new SummarizeHandler(),
    new GenerateHandler(),
    new ValidateHandler(),
    new SendHandler(),
    new TransformHandler(),
    new ConditionalHandler(),
  ];
  for (const handler of builtIn) registry.register(handler.intent, handler);
  for (const handler of own) registry.register(handler.intent, handler, { replaces: true });
  return registry;
}
