// From a request to an open session: the agent by its name, its lasting limit, flags as they are. The booking itself is pilot/sessions.
import { ensureAgent } from "../agents/AgentStore.ts";
import { AppError } from "../core/errors.ts";
import { uuidv7 } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { loadAccountStates } from "../ledger/BudgetStore.ts";
import type { ExecutionControl } from "../pilot/ExecutionControl.ts";
import type { ModelSession, SessionRequest } from "../sessionApi.ts";
import { setBudget } from "./budgets.ts";
import type { SystemParts } from "./SystemParts.ts";

/** Who set a limit that a program brought. */
const ACTOR = "govern";

export async function openSession(parts: SystemParts, control: ExecutionControl, request: SessionRequest): Promise<ModelSession> {
  const { engine, config, flags } = parts;
  const { workspaceId } = config;
  const { agent: name, tags = [] } = request;
  checkRequest(request);
  const agent = await ensureAgent(engine.db, { workspaceId, name });
  const id = uuidv7(parts.clock.nowMs());
  const limits = await lastingLimits(parts, control, agent.id, request.limits);
  const flagged = { id: agent.id, name, createdAtMs: agent.createdAt.getTime(), orchestration: agent.orchestration };
  const decided = flags.evaluate(await flags.snapshot(engine.db, workspaceId), flagged, id);
  return engine.sessions.open({
    id,
    workspaceId,
    agent: { id: agent.id, name, orchestration: agent.orchestration },
    snapshot: {
      flags: decided as unknown as JsonObject,
      defaultModel: null,
      tags: [...new Set(tags)],
      previewEffects: false,
      timeoutMs: null,
      subWorkflows: {},
      pricedAs: null,
    },
    limits,
    counting: { ...engine.services.prices.terms, factors: engine.services.counter.calibration.entries() },
  });
}

/** @throws AppError `USAGE` */
function checkRequest({ agent, tags = [], limits }: SessionRequest): void {
  const names = [agent, ...tags];
  if (names.some((name) => name.trim() === "" || name.includes("\0"))) {
    throw new AppError("USAGE", "an agent and its tags have names", {
      details: { expected: "text that is not blank", got: JSON.stringify(names) },
    });
  }
  const { tokens } = limits ?? {};
  if (tokens !== undefined && !(Number.isSafeInteger(tokens) && tokens >= 0)) {
    throw new AppError("USAGE", `not a number of tokens: ${tokens}`, {
      details: { expected: "a whole number of at least 0", got: String(tokens) },
    });
  }
}

/** A stored limit stands: people set and raise it, and a restart must not undo that. */
async function lastingLimits(
  parts: SystemParts,
  control: ExecutionControl,
  agentId: string,
  wanted: SessionRequest["limits"],
): Promise<ModelSession["limits"]> {
  const { engine, config } = parts;
  const find = async () =>
    (await loadAccountStates(engine.db, config.workspaceId, { kind: "agent", subject: agentId })).find(
      ({ windowKind }) => windowKind === "total",
    );
  let account = await find();
  if (account === undefined && (wanted?.usd !== undefined || wanted?.tokens !== undefined)) {
    // Between the look and this another program, or a person, may have set one.
    await setBudget(parts, control, { scope: `agent:${agentId}`, limits: { ...wanted, onLimit: "fail" }, actor: ACTOR, keepsStored: true });
    account = await find();
  }
  return {
    tokens: account === undefined || account.limitTokens === null ? null : Number(account.limitTokens),
    usd: account?.limitUsd ?? null,
  };
}
