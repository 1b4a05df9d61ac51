// Builds the migrated PGlite template once, so that every test file opens a clone in well under a second.
import { ensureTemplate } from "../lib/db/template.ts";

export default async function setup(): Promise<void> {
  await ensureTemplate();
}
