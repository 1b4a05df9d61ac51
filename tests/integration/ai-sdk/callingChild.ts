// A process that makes one governed call which is never answered, says so, and waits to be killed. Takes folder, database URL and agent as JSON.
import { govern } from "../../../lib/ai-sdk/index.ts";
import { loadConfig } from "../../../lib/config/loadConfig.ts";
import { silentLogger } from "../../../lib/core/logger.ts";
import { createSystem } from "../../../lib/system.ts";
import { mockModel } from "../../unit/ai-sdk/mockAnswers.ts";

export interface ChildCall {
  readonly folder: string;
  /** Absent: PGlite in `folder`. */
  readonly databaseUrl?: string;
  readonly agent: string;
}

process.on("disconnect", () => process.exit());

const { folder, databaseUrl, agent } = JSON.parse(process.argv[2] ?? "{}") as ChildCall;
const place = databaseUrl === undefined ? {} : { NEURONFORGE_DATABASE: "postgres", DATABASE_URL: databaseUrl };
const system = await createSystem({
  config: loadConfig({ NEURONFORGE_DATA: folder, ...place }, {}, { cwd: folder }),
  logger: silentLogger,
});
const mock = mockModel(() => ({ text: "never" }));
mock.doGenerate = () => {
  process.send?.("calling");
  return new Promise<never>(() => undefined);
};
const model = govern(mock, { system, agent });
await model.doGenerate({ prompt: [{ role: "user", content: [{ type: "text", text: "Greet." }] }], maxOutputTokens: 500 });
