// A module of handlers as an operator's configuration may list it.
import { SendHandler } from "../../../../lib/orchestration/IntentHandlers/SendHandler.ts";

export class OwnSendHandler extends SendHandler {}

export const handler = new OwnSendHandler();
