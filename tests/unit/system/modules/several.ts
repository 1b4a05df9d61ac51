// A module of several handlers.
import { TransformHandler } from "../../../../lib/orchestration/IntentHandlers/TransformHandler.ts";
import { ValidateHandler } from "../../../../lib/orchestration/IntentHandlers/ValidateHandler.ts";

export const handlers = [new TransformHandler(), new ValidateHandler()];
