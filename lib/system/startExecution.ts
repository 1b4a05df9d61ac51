// From a request to a started execution: parse, upsert the agent, snapshot flags and settings, first grant, insert.
import { upsertAgent, findAgent } from "../agents/AgentStore.ts";
import { AppError } from "../core/errors.ts";
import { uuidv5, uuidv7 } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import { parseUsd } from "../core/money.ts";
import { parseFlagOverrides } from "../flags/FeatureFlags.ts";
import type { Transaction } from "../db/Database.ts";
import type { AccountLimits } from "../ledger/BudgetStore.ts";
import { DocumentCache, makeDocument, putDocuments } from "../pilot/DocumentStore.ts";
import type { ConfigSnapshot } from "../pilot/ExecutionState.ts";
import type { GovernanceSnapshot } from "../pilot/governance/snapshot.ts";
import { planWorkflow } from "../pilot/planWorkflow.ts";
import type { LimitInput, RunRequest } from "../systemApi.ts";
import { requireDefinition } from "../workflow/defineWorkflow.ts";
import { walkSteps } from "../workflow/nestedSteps.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";
import { requireWorkflow } from "../workflow/WorkflowParser.ts";
import { checkInputs } from "./checkInputs.ts";
import { checkUser } from "./checkUser.ts";
import { governStart, labelForAgent, recordStart, type GovernedStart } from "./governStart.ts";
import { rememberStart, type RememberedStart } from "./rememberStart.ts";
import { pinSubWorkflows } from "./loadAgentWorkflow.ts";
import type { SystemParts } from "./SystemParts.ts";

const documents = new DocumentCache();

export interface ResolvedWorkflow {
  readonly definition: WorkflowDefinition;
  /** What finds the agent again next time: the workflow's name. */
  readonly sourceKey: string;
}

/** @throws AppError `WORKFLOW_INVALID` and its kin with file and line; `NOT_FOUND` for an unknown agent; `USAGE` */
export async function resolveWorkflow({ engine, config, manager }: SystemParts, request: RunRequest): Promise<ResolvedWorkflow> {
  if (request.source !== undefined) {
    const { text, file } = request.source;
    const definition = requireWorkflow(text, { file, catalog: manager });
    return { definition, sourceKey: definition.name };
  }
  if (request.definition !== undefined) {
    const definition = requireDefinition(request.definition, { catalog: manager });
    return { definition, sourceKey: definition.name };
  }
  if (request.agent === undefined) throw new AppError("USAGE", "nothing to start: expected a workflow file, a definition or an agent");
  const agent = await findAgent(engine.db, config.workspaceId, request.agent);
  if (agent?.definitionHash === undefined || agent.definitionHash === null) {
    throw new AppError("NOT_FOUND", `there is no agent ${request.agent} with a workflow`, {
      details: { agent: request.agent },
      hint: "list them with `agents ls`",
    });
  }
  const definition = (await documents.load(engine.db, config.workspaceId, agent.definitionHash)) as unknown as WorkflowDefinition;
  return { definition, sourceKey: agent.sourceKey ?? definition.name };
}

export async function startExecution(
  parts: SystemParts,
  request: RunRequest,
): Promise<{ readonly executionId: string; readonly isNew: boolean }> {
  const { engine, config } = parts;
  const { workspaceId } = config;
  const resolved = await resolveWorkflow(parts, request);
  const { sourceKey } = resolved;
  const definition = await labelForAgent(parts, resolved.definition, sourceKey);
  const inputs = checkInputs(definition, request.inputs ?? {});
  const document = makeDocument("definition", definition as unknown as JsonObject);
  // Before the agent names it: a start that is refused later must not leave an agent without its workflow.
  const subWorkflows = await pinSubWorkflows(engine.db, workspaceId, definition);
  await putDocuments(engine.db, workspaceId, [document]);
  const agent = await upsertAgent(engine.db, {
    workspaceId,
    name: definition.name,
    description: definition.description ?? null,
    sourceKey,
    definitionHash: document.hash,
    ...(definition.limits?.plannedTokens === undefined ? {} : { tokenLimit: definition.limits.plannedTokens }),
  });
  const executionId = request.idempotencyKey === undefined ? uuidv7() : uuidv5(`${workspaceId}/${agent.id}/${request.idempotencyKey}`);
  const flagged = { id: agent.id, name: definition.name, createdAtMs: agent.createdAt.getTime(), orchestration: agent.orchestration };
  const overrides = parseFlagOverrides(request.flags ?? {});
  const { flags, governance } = await governStart(parts, {
    agent: flagged,
    tokenLimit: agent.tokenLimit,
    policy: definition.limits?.overBudget,
    executionId,
    definition,
    overrides,
  });
  const pricedAs = request.pricedAs ?? null;
  if (pricedAs !== null) checkPricedAs(parts, pricedAs);
  const snapshot = snapshotOf(definition, request, { flags, governance, defaultModel: config.defaultModel, subWorkflows });
  const remembered = await rememberStart(parts, {
    executionId,
    agent,
    userId: request.userId === undefined ? null : checkUser(request.userId),
    definition,
    inputs,
    tags: snapshot.tags,
    isRehearsal: snapshot.previewEffects,
  });
  const afterInsert = inOrder(
    await recordStart(parts, { executionId, agentId: agent.id, definition, governance, pricedAs }),
    remembered.record,
  );
  const { defaultModel } = config;
  const modelOf = parts.models.modelOf({ agentId: agent.id, definition, defaultModel }, governance);
  const first = planWorkflow({ definition, inputs, services: engine.services, pricedAs, defaultModel, modelOf }).first;
  const { isNew } = await engine.starter.start({
    executionId,
    workspaceId,
    agentId: agent.id,
    definition: document,
    snapshot: makeDocument("snapshot", withMemory(snapshot, remembered) as unknown as JsonObject),
    inputs,
    runMode: request.mode ?? "production",
    totalSteps: [...walkSteps(definition)].length,
    tags: snapshot.tags,
    limits: withPlanned(accountLimits(definition, request.limits), governance),
    firstNeed: first,
    ...(afterInsert === undefined ? {} : { afterInsert }),
  });
  return { executionId, isNew };
}

function snapshotOf(
  { tags = [], limits }: WorkflowDefinition,
  request: RunRequest,
  now: GovernedStart & Pick<ConfigSnapshot, "defaultModel" | "subWorkflows">,
): ConfigSnapshot {
  return {
    flags: now.flags as unknown as JsonObject,
    defaultModel: now.defaultModel,
    tags: [...new Set([...tags, ...(request.tags ?? [])])],
    previewEffects: request.mode === "dry",
    timeoutMs: limits?.timeoutMs ?? null,
    subWorkflows: now.subWorkflows,
    pricedAs: request.pricedAs ?? null,
    ...(now.governance === undefined ? {} : { governance: now.governance }),
  };
}

function withMemory(snapshot: ConfigSnapshot, { snapshot: memory }: RememberedStart): ConfigSnapshot {
  return memory === undefined ? snapshot : { ...snapshot, memory };
}

type AfterInsert = ((tx: Transaction) => Promise<void>) | undefined;

function inOrder(first: AfterInsert, second: AfterInsert): AfterInsert {
  if (first === undefined || second === undefined) return first ?? second;
  return async (tx) => {
    await first(tx);
    await second(tx);
  };
}

/** The request's own figures come before the workflow's. */
export function accountLimits(definition: WorkflowDefinition, limits: LimitInput | undefined): AccountLimits | null {
  const { usd: writtenUsd, ...written } = definition.limits ?? {};
  const { usd, tokens, onLimit = "pause" } = { ...written, ...(writtenUsd === undefined ? {} : { usd: String(writtenUsd) }), ...limits };
  if (usd === undefined && tokens === undefined) return null;
  return { limitUsd: usd === undefined ? null : parseAmount(usd), limitTokens: tokens === undefined ? null : BigInt(tokens), onLimit };
}

/** Where a planned total pauses or fails an execution, it is an account of its own: kept by the ledger, topped up like any other. */
function withPlanned(limits: AccountLimits | null, governance: GovernanceSnapshot | undefined): AccountLimits | null {
  if (governance?.tokens !== "on") return limits;
  const { settings, tokenLimit } = governance;
  if ((settings.policy !== "pause" && settings.policy !== "fail") || (limits !== null && limits.limitTokens !== null)) return limits;
  return { limitUsd: null, onLimit: settings.policy, ...limits, limitTokens: BigInt(tokenLimit) };
}

/** @throws AppError `USAGE` */
export function parseAmount(usd: string): bigint {
  try {
    const nano = parseUsd(usd);
    if (nano >= 0n) return nano;
  } catch {
    // Told below, in the words of whoever typed it.
  }
  throw new AppError("USAGE", `not an amount in USD: ${usd}`, { details: { expected: "a figure such as 0.05", got: usd } });
}

function checkPricedAs({ engine }: SystemParts, pricedAs: string): void {
  const [provider = "", ...rest] = pricedAs.split("/");
  const worst = engine.services.prices.worstCaseUsd(provider, rest.join("/"), { upperInputTokens: 1, outputCapTokens: 1 });
  if (worst === null) {
    throw new AppError("MODEL_UNKNOWN", `no price is known for ${pricedAs}`, {
      details: { expected: "provider/model, for example openai/gpt-4o-mini", got: pricedAs },
    });
  }
}
