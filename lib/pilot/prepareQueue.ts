// Creates the queue's own tables and the queue: the hook of migrations and templates. Safe to repeat and to race.
import { silentLogger } from "../core/logger.ts";
import type { Database } from "../db/Database.ts";
import type { TemplateOptions } from "../db/template.ts";
import { ExecutionQueue } from "./ExecutionQueue.ts";

/** Part of the template's key: another pg-boss schema is another template. Raise it with pg-boss or with the queue's settings. */
const QUEUE_VERSION = "pg-boss-12.38.0-1";

export async function prepareQueue(db: Database): Promise<void> {
  const queue = new ExecutionQueue({ db, supervise: false, notify: false, logger: silentLogger });
  await queue.start();
  await queue.stop();
}

export const QUEUE_TEMPLATE = { prepare: prepareQueue, cacheKey: QUEUE_VERSION } as const satisfies TemplateOptions;
