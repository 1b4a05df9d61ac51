// `npm run db:snapshot`: writes schema.snapshot.json from the migrations; with `--check` compares instead and fails on a difference.
import { readFile, writeFile } from "node:fs/promises";
import { introspectSchema } from "./introspectSchema.ts";
import { openDatabase } from "./openDatabase.ts";
import { ensureTemplate } from "./template.ts";

const SNAPSHOT = new URL("schema.snapshot.json", import.meta.url);

await using db = await openDatabase({ kind: "pglite", folder: null }, { template: () => ensureTemplate() });
const current = `${JSON.stringify(await introspectSchema(db), null, 2)}\n`;
if (!process.argv.includes("--check")) {
  await writeFile(SNAPSHOT, current);
} else if (current !== (await readFile(SNAPSHOT, "utf8").catch(() => ""))) {
  process.stderr.write("lib/db/schema.snapshot.json does not fit supabase/migrations: run `npm run db:snapshot` and read the difference\n");
  process.exitCode = 1;
}
