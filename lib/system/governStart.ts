// What the start of an execution settles for governance: labels of its definition, flags as they are, settings; and what is recorded of it.
import { findDefinitionHash } from "../agents/AgentStore.ts";
import { createAuditRow } from "../audit/AuditRow.ts";
import { auditWriter } from "../audit/AuditStore.ts";
import { AUDIT_EVENTS } from "../audit/events.ts";
import type { JsonObject } from "../core/json.ts";
import type { Transaction } from "../db/Database.ts";
import { writeFacts } from "../db/UnitPart.ts";
import type { FlagEvaluation, FlagOverrides } from "../flags/FeatureFlags.ts";
import type { FlaggedAgent } from "../flags/rollout.ts";
import type { OverBudgetPolicy } from "../orchestration/budgets/GovernanceSettings.ts";
import type { ExecutionForecast } from "../orchestration/budgets/forecastExecution.ts";
import { saveForecast } from "../orchestration/budgets/StepHistoryStore.ts";
import { forecastWorkflow } from "../pilot/forecastWorkflow.ts";
import { agentAis } from "./agentAis.ts";
import { classifySteps } from "./createClassifier.ts";
import { saveExecutionRoute } from "../orchestration/routing/RoutingStore.ts";
import { executionRoute, loadRoutingSnapshot } from "../orchestration/routing/routingSnapshot.ts";
import { saveExecutionBudget } from "../orchestration/budgets/BudgetUsageStore.ts";
import { loadGovernanceSettings } from "../orchestration/budgets/GovernanceSettingsStore.ts";
import { labelDefinition } from "../orchestration/labelDefinition.ts";
import { DocumentCache } from "../pilot/DocumentStore.ts";
import { recordClassification } from "../pilot/governance/ClassificationStore.ts";
import { governanceSnapshot, type GovernanceSnapshot } from "../pilot/governance/snapshot.ts";
import { walkSteps } from "../workflow/nestedSteps.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";
import type { SystemParts } from "./SystemParts.ts";

const documents = new DocumentCache();

/** The definition with labels: those of the agent's stored definition where nothing else has changed, else new ones. */
export async function labelForAgent(
  { engine, config, classifier }: SystemParts,
  definition: WorkflowDefinition,
  sourceKey: string,
): Promise<WorkflowDefinition> {
  if (definition.labels !== undefined) return definition;
  const hash = await findDefinitionHash(engine.db, config.workspaceId, sourceKey);
  const earlier = hash === null ? null : ((await documents.load(engine.db, config.workspaceId, hash)) as unknown as WorkflowDefinition);
  return labelDefinition(definition, classifier, earlier);
}

export interface GovernedStart {
  readonly flags: FlagEvaluation;
  /** undefined: everything of orchestration is off. */
  readonly governance: GovernanceSnapshot | undefined;
}

export async function governStart(
  { engine, config, flags, logger }: SystemParts,
  {
    agent,
    tokenLimit,
    policy,
    executionId,
    definition,
    overrides = {},
  }: {
    readonly definition: WorkflowDefinition;
    /** What the workflow says; absent: the installation's. */
    readonly policy?: OverBudgetPolicy | undefined;
    readonly agent: FlaggedAgent;
    readonly tokenLimit: number;
    readonly executionId: string;
    readonly overrides?: FlagOverrides;
  },
): Promise<GovernedStart> {
  const snapshot = await flags.snapshot(engine.db, config.workspaceId);
  const decided = flags.evaluate(snapshot, agent, executionId, overrides);
  if (Object.values(decided).every(({ state }) => state === "off")) return { flags: decided, governance: undefined };
  const loaded = await loadGovernanceSettings(engine.db, config.workspaceId);
  for (const warning of loaded.warnings) logger.warn({}, warning);
  const settings = { ...loaded.settings, ...(policy === undefined ? {} : { policy }) };
  const { id, name, orchestration } = agent;
  const key = { workspaceId: config.workspaceId, agentId: id };
  // Without a score everything goes on as for an agent that has none yet.
  const ais = await agentAis(engine.db, key, definition, (warning) => logger.warn({}, warning)).catch((error: unknown) => {
    logger.warn({ agentId: id, error: String(error) }, "an agent's intensity score could not be read");
    return null;
  });
  const route =
    decided.ais_routing_enabled.state === "off"
      ? undefined
      : await loadRoutingSnapshot(engine.db, { ...key, executionId, ais, cuts: settings.tierBelowScore });
  for (const warning of route?.warnings ?? []) logger.warn({}, warning);
  const kept = { tokenLimit, settings, ais, ...(route === undefined ? {} : { route: route.snapshot }) };
  const governance = governanceSnapshot(decided, { snapshot, agent: { id, name, orchestration } }, kept);
  return { flags: decided, governance: governance ?? undefined };
}

/** Rows of the plan's tables and the audit row, in the transaction that inserts the execution. undefined: the flag is off. */
export async function recordStart(
  parts: SystemParts,
  start: {
    readonly executionId: string;
    readonly agentId: string;
    readonly definition: WorkflowDefinition;
    readonly governance: GovernanceSnapshot | undefined;
    readonly pricedAs: string | null;
  },
): Promise<((tx: Transaction) => Promise<void>) | undefined> {
  const { executionId, definition, governance } = start;
  if (governance === undefined) return undefined;
  const { classifier, config, clock } = parts;
  const forecast = governance.tokens === "off" ? null : await forecastStart(parts, { ...start, governance });
  const saveBudget = async (tx: Transaction): Promise<void> => {
    if (governance.route !== undefined) await saveExecutionRoute(tx, config.workspaceId, executionId, executionRoute(governance.route));
    if (forecast === null) return;
    await saveExecutionBudget(tx, config.workspaceId, executionId, { allocatedTokens: governance.tokenLimit, usedTokens: 0 });
    await saveForecast(tx, executionId, forecast);
  };
  if (governance.intents === "off") return saveBudget;
  const steps = [...walkSteps(definition)].map(({ step }) => ({ step, found: classifier.classify(step) }));
  const { labels = {} } = definition;
  const intents: JsonObject = Object.fromEntries(steps.map(({ step, found }) => [step.id, labels[step.id]?.intent ?? found.intent]));
  return async (tx) => {
    await saveBudget(tx);
    await recordClassification(tx, {
      executionId,
      steps: steps.map(({ step, found }) => ({
        stepType: step.type,
        intent: labels[step.id]?.intent ?? found.intent,
        complexityScore: null,
        estimatedTokens: found.estimatedTokens,
        isCompressionRecommended: found.compressionRecommended,
      })),
      summary: JSON.stringify({ mode: governance.intents, steps: labels }),
    });
    const row = createAuditRow(
      {
        workspaceId: config.workspaceId,
        executionId,
        action: AUDIT_EVENTS.ORCHESTRATION_INTENT_CLASSIFIED,
        entityType: "execution",
        entityId: executionId,
        details: { mode: governance.intents, intents },
      },
      clock.nowMs(),
    );
    await writeFacts(tx, auditWriter, [row]);
  };
}

/** Stored with the execution: later forecasts are corrected by how this one did. */
async function forecastStart(
  { engine, config, classifier, histories, models }: SystemParts,
  {
    agentId,
    definition,
    governance,
    pricedAs,
  }: {
    readonly agentId: string;
    readonly definition: WorkflowDefinition;
    readonly governance: GovernanceSnapshot;
    readonly pricedAs: string | null;
  },
): Promise<ExecutionForecast> {
  const history = await histories.get(engine.db, { workspaceId: config.workspaceId, agentId, hasIntents: governance.intents !== "off" });
  const classifications = classifySteps(definition, classifier);
  const { defaultModel } = config;
  const modelOf = models.modelOf({ agentId, definition, defaultModel }, governance);
  return forecastWorkflow({ agentId, definition, classifications, services: engine.services, pricedAs, defaultModel, history, modelOf });
}
