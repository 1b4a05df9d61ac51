// Builds the migrated PGlite template once, so that every test file opens a clone in well under a second.
import { ensureTemplate } from "../lib/db/template.ts";
import { QUEUE_TEMPLATE } from "../lib/pilot/prepareQueue.ts";

export default async function setup(): Promise<void> {
  await ensureTemplate();
  await ensureTemplate(QUEUE_TEMPLATE);
}
