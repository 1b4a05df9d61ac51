// The API on this process's database. Each method is a few lines over one part; what is longer stands in a file of its own.
import { findAgent, listAgents } from "../agents/AgentStore.ts";
import { listAudit } from "../audit/AuditStore.ts";
import { AUDIT_EVENTS } from "../audit/events.ts";
import { AppError } from "../core/errors.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { DocumentCache } from "../pilot/DocumentStore.ts";
import { ExecutionControl } from "../pilot/ExecutionControl.ts";
import { forecastWorkflow } from "../pilot/forecastWorkflow.ts";
import { loadStepHistory } from "../orchestration/budgets/StepHistoryStore.ts";
import { classifySteps } from "./createClassifier.ts";
import { planWorkflow } from "../pilot/planWorkflow.ts";
import { receiptOf } from "../pilot/receiptOf.ts";
import { reportedStatus, reportedWaiting, reportExecution } from "../pilot/reportExecution.ts";
import { countPrunable, deletePrunable, findByPrefix, listExecutions } from "../pilot/ReportStore.ts";
import type {
  AgentReport,
  ApprovalReport,
  AuditReport,
  BudgetReport,
  DoctorCheck,
  ExecutionEvent,
  ExecutionReport,
  ExecutionSummary,
  ForkRequest,
  LimitInput,
  PlanReport,
  ResumeOptions,
  RunRequest,
  System,
} from "../systemApi.ts";
import { nanoToUsd } from "../core/money.ts";
import type { MemoryMode } from "../memoryApi.ts";
import type { Receipt } from "../receiptApi.ts";
import type { ModelSession, SessionRequest } from "../sessionApi.ts";
import { answerApproval, listApprovals } from "./approvals.ts";
import { listBudgets, reconcileBudgets, setBudget, topUpBudget } from "./budgets.ts";
import { toPluginReport } from "./toPluginReport.ts";
import { closeSystem } from "./closeSystem.ts";
import { runChecks } from "./doctor.ts";
import { exportExecution } from "./exportExecution.ts";
import { forkExecution } from "./forkExecution.ts";
import { openSession } from "./openSession.ts";
import { requireAgent } from "./requireAgent.ts";
import { forgetMemories, pruneMemories, reportMemories, setAgentMemory } from "./memories.ts";
import { resolveWorkflow, startExecution } from "./startExecution.ts";
import type { SystemParts } from "./SystemParts.ts";
import { untilSettled } from "./untilSettled.ts";
import { planRoutes } from "./planRoutes.ts";

const UUID_LENGTH = 36;
/** A workflow that no agent runs yet has no history of its own. */
const NO_AGENT = "00000000-0000-0000-0000-000000000000";
const PRUNE_BATCH = 500;

export class LocalSystem implements System {
  readonly #parts: SystemParts;
  readonly #control: ExecutionControl;
  readonly #documents = new DocumentCache();
  #isWorking = false;
  #closing: Promise<void> | null = null;

  constructor(parts: SystemParts) {
    this.#parts = parts;
    const { db, queue, worker } = parts.engine;
    this.#control = new ExecutionControl({ db, queue, onWake: () => worker.wake(), onCancel: (id) => worker.noticeCancel(id) });
  }

  async work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    await this.#parts.engine.worker.start();
    this.#parts.memory.keeper.start();
  }

  subscribe(executionId: string, listener: (event: ExecutionEvent) => void): () => void {
    return this.#parts.events.subscribe(executionId, listener);
  }

  openSession(request: SessionRequest): Promise<ModelSession> {
    return openSession(this.#parts, this.#control, request);
  }

  start(request: RunRequest): Promise<{ readonly executionId: string; readonly isNew: boolean }> {
    return startExecution(this.#parts, request);
  }

  async report(executionId: string): Promise<ExecutionReport> {
    return reportExecution(this.#db, this.#workspaceId, await this.#idOf(executionId));
  }

  async wait(executionId: string): Promise<ExecutionReport> {
    const id = await this.#idOf(executionId);
    await untilSettled(this.#parts, id);
    return reportExecution(this.#db, this.#workspaceId, id);
  }

  async plan(request: RunRequest): Promise<PlanReport> {
    const { engine, config } = this.#parts;
    const { definition, sourceKey } = await resolveWorkflow(this.#parts, request);
    const { pricedAs = null, inputs = {} } = request;
    const { services } = engine;
    const { defaultModel } = config;
    const classifications = classifySteps(definition, this.#parts.classifier);
    const agent = await findAgent(this.#db, this.#workspaceId, sourceKey);
    const past = { workspaceId: this.#workspaceId, agentId: agent?.id ?? NO_AGENT, hasIntents: false };
    const history = await loadStepHistory(this.#db, past);
    const routes = await planRoutes(this.#parts, { definition, agent, classifications, overrides: request.flags ?? {} });
    const about = { definition, services, pricedAs, defaultModel, modelOf: routes.modelOf };
    const forecast = forecastWorkflow({ ...about, agentId: past.agentId, classifications, history });
    return planWorkflow({ ...about, inputs, outlook: { classifications, forecast, handlers: routes.handlers } }).report;
  }

  async receipt(executionId: string): Promise<Receipt> {
    return receiptOf(this.#db, this.#parts.engine.services.prices, this.#workspaceId, await this.#idOf(executionId));
  }

  async listExecutions(filter: {
    readonly status?: string;
    readonly agent?: string;
    readonly limit?: number;
    readonly before?: string;
  }): Promise<readonly ExecutionSummary[]> {
    const status = filter.status === "waiting" ? "suspended" : filter.status;
    const rows = await listExecutions(this.#db, this.#workspaceId, {
      limit: Math.min(filter.limit ?? 20, 1_000),
      ...(status === undefined ? {} : { status: status as never }),
      ...(filter.agent === undefined ? {} : { agent: filter.agent }),
      ...(filter.before === undefined ? {} : { before: await this.#idOf(filter.before) }),
    });
    return rows.map((row) => ({
      executionId: row.id,
      workflow: row.workflow,
      status: reportedStatus(row.status),
      waitingFor: reportedWaiting(row.waitingFor),
      costUsd: row.usd === null ? null : nanoToUsd(row.usd),
      tokensUsed: row.tokens,
      createdAt: row.createdAt.toISOString(),
      finishedAt: row.finishedAt?.toISOString() ?? null,
    }));
  }

  async cancel(executionId: string, actor: string): Promise<ExecutionReport> {
    const id = await this.#idOf(executionId);
    if (!(await this.#parts.engine.sessions.cancel(this.#workspaceId, id, actor))) await this.#control.cancel(this.#workspaceId, id, actor);
    return this.report(id);
  }

  async resume(executionId: string, options: ResumeOptions): Promise<ExecutionReport> {
    const id = await this.#idOf(executionId);
    const { actor, path, resolve, output, finish } = options;
    if (finish === "cheap") await this.#control.finishCheap(this.#workspaceId, id, actor);
    else if (resolve === undefined) await this.#control.poke(this.#workspaceId, id, actor);
    else
      await this.#control.resolveEffect(this.#workspaceId, id, {
        actor,
        resolve,
        ...(path === undefined ? {} : { path }),
        ...(output === undefined ? {} : { output }),
      });
    return this.report(id);
  }

  async fork(request: ForkRequest): Promise<{ readonly executionId: string; readonly previewed: readonly string[] }> {
    return forkExecution(this.#parts, { ...request, executionId: await this.#idOf(request.executionId) });
  }

  async exportExecution(executionId: string): Promise<JsonObject> {
    return exportExecution(this.#parts, await this.#idOf(executionId));
  }

  async listApprovals(filter: { readonly executionId?: string; readonly all?: boolean }): Promise<readonly ApprovalReport[]> {
    const executionId = filter.executionId === undefined ? undefined : await this.#idOf(filter.executionId);
    return listApprovals(this.#parts, {
      ...(executionId === undefined ? {} : { executionId }),
      ...(filter.all === undefined ? {} : { all: filter.all }),
    });
  }

  answerApproval(answer: {
    readonly id: string;
    readonly approver: string;
    readonly decision: "approve" | "reject";
    readonly comment?: string;
  }): Promise<ApprovalReport> {
    return answerApproval(this.#parts, this.#control, answer);
  }

  async listAgents(): Promise<readonly AgentReport[]> {
    return (await listAgents(this.#db, this.#workspaceId)).map(toAgentReport);
  }

  async showAgent(nameOrId: string): Promise<AgentReport & { readonly definition: JsonValue }> {
    const agent = await requireAgent(this.#db, this.#workspaceId, nameOrId);
    const definition = agent.definitionHash === null ? null : await this.#documents.load(this.#db, this.#workspaceId, agent.definitionHash);
    return { ...toAgentReport(agent), definition };
  }

  setAgentMemory(nameOrId: string, mode: MemoryMode, actor: string): ReturnType<System["setAgentMemory"]> {
    return setAgentMemory(this.#parts, { nameOrId, mode, actor });
  }

  listMemories(of: Parameters<System["listMemories"]>[0]): ReturnType<System["listMemories"]> {
    return reportMemories(this.#parts, of);
  }

  forgetMemories(of: Parameters<System["forgetMemories"]>[0], actor: string): ReturnType<System["forgetMemories"]> {
    return forgetMemories(this.#parts, of, actor);
  }

  listBudgets(): Promise<readonly BudgetReport[]> {
    return listBudgets(this.#parts);
  }

  setBudget(scope: string, limits: LimitInput & { readonly window?: "total" | "day" | "month" }, actor: string): Promise<BudgetReport> {
    return setBudget(this.#parts, this.#control, { scope, limits, actor });
  }

  topUpBudget(
    scope: string,
    amount: { readonly usd?: string; readonly tokens?: number; readonly window?: "total" | "day" | "month" },
    actor: string,
  ): Promise<BudgetReport> {
    return topUpBudget(this.#parts, this.#control, { scope, amount, actor });
  }

  reconcileBudgets(
    rows: readonly { readonly attemptId: string; readonly tokens: number; readonly usd: string }[],
    actor: string,
  ): Promise<{ readonly corrected: number; readonly unchanged: number; readonly stillAssumed: readonly string[] }> {
    return reconcileBudgets(this.#parts, rows, actor);
  }

  async setConnection(name: string, secret: string, actor: string, options: { readonly acceptLost?: boolean } = {}): Promise<void> {
    const { connections, audit } = this.#parts;
    await connections.setConnection(this.#db, this.#workspaceId, { ...options, name, secret });
    audit.log({ workspaceId: this.#workspaceId, action: AUDIT_EVENTS.CONNECTION_SET, entityType: "connection", entityId: name, actor });
  }

  async listConnections(): Promise<readonly { readonly name: string; readonly updatedAt: string }[]> {
    const rows = await this.#parts.connections.listConnections(this.#db, this.#workspaceId);
    return rows.map(({ name, updatedAt }) => ({ name, updatedAt: updatedAt.toISOString() }));
  }

  async listPlugins({ refresh = false }: { readonly refresh?: boolean } = {}): ReturnType<System["listPlugins"]> {
    if (refresh) await this.#parts.refreshPlugins();
    return this.#parts.manager.list().map(toPluginReport);
  }

  async listFlags(): Promise<readonly { readonly key: string; readonly value: JsonValue; readonly description: string | null }[]> {
    const flags = await this.#parts.configStore.loadFlags(this.#db, this.#workspaceId);
    return flags.map(({ key, value, description }) => ({ key, value: value as JsonValue, description }));
  }

  async setFlag(key: string, value: JsonValue, actor: string): Promise<void> {
    await this.#parts.configStore.setFlag(this.#db, { workspaceId: this.#workspaceId, key, value, actor });
  }

  async listAudit(filter: {
    readonly executionId?: string;
    readonly limit?: number;
    readonly before?: string;
  }): Promise<readonly AuditReport[]> {
    await this.#parts.audit.flush();
    const executionId = filter.executionId === undefined ? undefined : await this.#idOf(filter.executionId);
    const rows = await listAudit(this.#db, {
      workspaceId: this.#workspaceId,
      limit: Math.min(filter.limit ?? 50, 1_000),
      ...(executionId === undefined ? {} : { executionId }),
      ...(filter.before === undefined ? {} : { before: filter.before }),
    });
    return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
  }

  async prune({ olderThanDays, dryRun }: { readonly olderThanDays: number; readonly dryRun?: boolean }): ReturnType<System["prune"]> {
    const found = await countPrunable(this.#db, this.#workspaceId, olderThanDays);
    const memories = await pruneMemories(this.#parts, dryRun === true);
    if (dryRun === true) return { ...found, memories };
    let pruned = 0;
    for (let last = PRUNE_BATCH; last === PRUNE_BATCH; pruned += last)
      last = await deletePrunable(this.#db, this.#workspaceId, olderThanDays, PRUNE_BATCH);
    this.#parts.audit.log({
      workspaceId: this.#workspaceId,
      action: AUDIT_EVENTS.PILOT_EXECUTIONS_PRUNED,
      entityType: "execution",
      details: { executions: pruned, olderThanDays },
    });
    return { executions: pruned, bytes: found.bytes, memories };
  }

  doctor(): Promise<readonly DoctorCheck[]> {
    return runChecks(this.#parts);
  }

  close(): Promise<void> {
    this.#closing ??= closeSystem(this.#parts, this.#isWorking);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #db() {
    return this.#parts.engine.db;
  }

  get #workspaceId() {
    return this.#parts.config.workspaceId;
  }

  /** A whole id, or the beginning of exactly one. @throws AppError `NOT_FOUND`, `USAGE` */
  async #idOf(text: string): Promise<string> {
    const id = text.replace(/^exec_/, "").toLowerCase();
    if (id.length === UUID_LENGTH && /^[0-9a-f-]+$/.test(id)) return id;
    const found = /^[0-9a-f-]+$/.test(id) ? await findByPrefix(this.#db, this.#workspaceId, id) : [];
    if (found.length === 0)
      throw new AppError("NOT_FOUND", `there is no execution ${text}`, {
        details: { execution: text },
        hint: "list them with `executions ls`",
      });
    if (found.length > 1) throw new AppError("USAGE", `several executions begin with ${text}`, { hint: "give more of the id" });
    return found[0] ?? id;
  }
}

function toAgentReport(agent: Awaited<ReturnType<typeof listAgents>>[number]): AgentReport {
  return {
    id: agent.id,
    name: agent.name,
    source: agent.sourceKey,
    status: agent.status,
    tokenLimit: agent.tokenLimit,
    orchestration: agent.orchestration,
    memory: agent.memory,
    executions: agent.executions,
    createdAt: agent.createdAt.toISOString(),
  };
}
