// From rows to the report that every surface shows. Reads; decides nothing.
import { AppError, type ErrorRecord } from "../core/errors.ts";
import type { WorkspaceId } from "../core/ids.ts";
import { decodeJson, type JsonValue } from "../core/json.ts";
import { nanoToUsd, type NanoUsd } from "../core/money.ts";
import type { Queryable } from "../db/Database.ts";
import { loadSteps, loadValues, type StoredStep } from "../journal/JournalStore.ts";
import { loadAccountStates } from "../ledger/BudgetStore.ts";
import type { ExecutionReport, ReachedLimit, ReportedStatus, StepReport, WaitingFor, WaitingReport } from "../systemApi.ts";
import type { WorkflowDefinition } from "../workflow/types.ts";
import { DocumentCache } from "./DocumentStore.ts";
import type { StepDetail } from "./ExecutionState.ts";
import type { Status } from "./ExecutionStore.ts";
import type { GovernanceFacts } from "./governance/facts.ts";
import { sumGovernance } from "./governance/sumGovernance.ts";
import { findExecution, sumCalls, type CallSum, type ExecutionRecord } from "./ReportStore.ts";

const documents = new DocumentCache();

export function reportedStatus(status: Status): ReportedStatus {
  return status === "suspended" ? "waiting" : status;
}

export function reportedWaiting(waitingFor: string | null): WaitingFor {
  return waitingFor === "budget" || waitingFor === "approval" || waitingFor === "delay" || waitingFor === "uncertain" ? waitingFor : null;
}

/** @throws AppError `NOT_FOUND` */
export async function requireExecution(db: Queryable, workspaceId: WorkspaceId, id: string): Promise<ExecutionRecord> {
  const record = await findExecution(db, workspaceId, id);
  if (record === undefined)
    throw new AppError("NOT_FOUND", `there is no execution ${id}`, { details: { execution: id }, hint: "list them with `executions ls`" });
  return record;
}

export async function reportExecution(db: Queryable, workspaceId: WorkspaceId, id: string): Promise<ExecutionReport> {
  const record = await requireExecution(db, workspaceId, id);
  const steps = await loadSteps(db, id);
  const calls = await sumCalls(db, id);
  const [account] = await loadAccountStates(db, workspaceId, { kind: "execution", subject: id });
  const { tokens, usd } = total(calls.values());
  const latest = latestAttempts(steps);
  const governance = governanceByPath(steps);
  const { labels = {} } = (await documents.load(db, workspaceId, record.definitionHash)) as unknown as WorkflowDefinition;
  const isWaiting = record.status === "suspended" || record.status === "uncertain";
  return {
    executionId: id,
    workflow: record.workflow,
    status: reportedStatus(record.status),
    waitingFor: isWaiting ? reportedWaiting(record.waitingFor) : null,
    output: await loadOutput(db, record),
    error: record.error === null ? null : (JSON.parse(record.error) as ErrorRecord),
    tokens: tokenFigures(tokens, [...governance.values()].flat()),
    costUsd: usdOrNull(usd),
    limitUsd: usdOrNull(account?.limitUsd ?? null),
    limitTokens: account === undefined || account.limitTokens === null ? null : Number(account.limitTokens),
    startedAt: record.startedAt?.toISOString() ?? null,
    finishedAt: record.finishedAt?.toISOString() ?? null,
    waiting: isWaiting ? latest.flatMap(waitingOf) : [],
    steps: latest.map((step) =>
      stepReport(step, callsBelow(calls, step.stepPath), { labels, governance: governance.get(step.stepPath) ?? [] }),
    ),
  };
}

function total(calls: Iterable<CallSum>): { readonly tokens: number; readonly usd: NanoUsd | null } {
  let tokens = 0;
  let usd: NanoUsd | null = 0n;
  for (const sum of calls) {
    tokens += sum.tokens;
    usd = usd === null || sum.usd === null ? null : usd + sum.usd;
  }
  return { tokens, usd };
}

function usdOrNull(usd: NanoUsd | null): number | null {
  return usd === null ? null : nanoToUsd(usd);
}

async function loadOutput(db: Queryable, { id, outputHash }: ExecutionRecord): Promise<JsonValue> {
  if (outputHash === null) return null;
  const content = (await loadValues(db, id, [outputHash])).get(outputHash.toString("hex"));
  return content === undefined ? null : decodeJson(content);
}

/** One row per path: its last attempt, at the place of its first. */
function latestAttempts(steps: readonly StoredStep[]): StoredStep[] {
  const byPath = new Map<string, StoredStep>();
  for (const step of steps) {
    const held = byPath.get(step.stepPath);
    if (held === undefined || held.attempt <= step.attempt) byPath.set(step.stepPath, step);
  }
  return [...byPath.values()];
}

/** A step's own calls; nested steps have rows of their own. */
function callsBelow(calls: ReadonlyMap<string, CallSum>, path: string): CallSum | undefined {
  return calls.get(path);
}

/** Every attempt's facts: what a failed attempt spent counts, too. */
function governanceByPath(steps: readonly StoredStep[]): Map<string, GovernanceFacts[]> {
  const byPath = new Map<string, GovernanceFacts[]>();
  for (const step of steps) {
    const { governance } = detailOf(step);
    if (governance !== undefined) byPath.set(step.stepPath, [...(byPath.get(step.stepPath) ?? []), governance]);
  }
  return byPath;
}

/** Unknown where nothing was governed: nobody compared anything then. */
function tokenFigures(used: number, facts: readonly GovernanceFacts[]): ExecutionReport["tokens"] {
  if (facts.length === 0) return { baseline: null, used, saved: null, savedPercent: null };
  const { savedTokens: saved } = sumGovernance(facts);
  const baseline = used + saved;
  return { baseline, used, saved, savedPercent: baseline === 0 ? null : Math.round((saved / baseline) * 1_000) / 10 };
}

interface StepAbout {
  readonly labels: NonNullable<WorkflowDefinition["labels"]>;
  readonly governance: readonly GovernanceFacts[];
}

function stepReport(step: StoredStep, calls: CallSum | undefined, { labels, governance }: StepAbout): StepReport {
  const detail = detailOf(step);
  const id = step.stepPath.slice(step.stepPath.lastIndexOf(".") + 1);
  const { savedTokens, allocatedTokens, quality } = sumGovernance(governance);
  const used = calls === undefined ? null : calls.tokens;
  return {
    id,
    path: step.stepPath,
    type: step.stepType,
    intent: labels[id]?.intent ?? null,
    status: step.status,
    handler: performedBy(detail),
    model: calls?.model ?? detail.model ?? null,
    tokens: { baseline: governance.length === 0 || used === null ? null : used + savedTokens, allocated: allocatedTokens, used },
    costUsd: step.epoch === 0 ? 0 : calls === undefined ? (detail.costUsd ?? null) : usdOrNull(calls.usd),
    ms: step.executionTimeMs,
    quality,
    warnings: detail.warnings ?? [],
    error: detail.error ?? null,
  };
}

/** null: the direct path did. */
function performedBy({ handler }: StepDetail): string | null {
  return handler === undefined || handler.mode !== "on" || handler.degraded !== undefined ? null : handler.name;
}

function waitingOf(step: StoredStep): WaitingReport[] {
  if (step.status !== "waiting" && step.status !== "uncertain") return [];
  const detail = detailOf(step);
  const reason = reportedWaiting(detail.waitFor ?? null);
  if (reason === null) return [];
  return [
    {
      path: step.stepPath,
      for: reason,
      until: detail.wakeAtMs === undefined ? null : new Date(detail.wakeAtMs).toISOString(),
      message: detail.message ?? "",
      needUsd: detail.needUsd ?? null,
      needTokens: detail.needTokens ?? null,
      limit: reason === "budget" ? ((detail.more?.["limit"] ?? null) as unknown as ReachedLimit | null) : null,
    },
  ];
}

function detailOf(step: StoredStep): StepDetail {
  return step.detail === null ? {} : (JSON.parse(step.detail) as StepDetail);
}
