// Limits as people set them: scopes by name, set, top up and wake, reconcile. The booking itself is the ledger's.
import { findAgent } from "../agents/AgentStore.ts";
import { createAuditRow } from "../audit/AuditRow.ts";
import { auditWriter } from "../audit/AuditStore.ts";
import { AUDIT_EVENTS, type AuditEvent } from "../audit/events.ts";
import { AppError } from "../core/errors.ts";
import { isUuid } from "../core/ids.ts";
import type { JsonValue } from "../core/json.ts";
import { nanoToUsd } from "../core/money.ts";
import type { Queryable } from "../db/Database.ts";
import { retriedTransaction } from "../db/retryConflicts.ts";
import { writeFacts } from "../db/UnitPart.ts";
import {
  addToLimit,
  correctAssumed,
  listAssumed,
  loadAccountStates,
  setAccount,
  type AccountKey,
  type AccountState,
} from "../ledger/BudgetStore.ts";
import type { AccountKind, WindowKind } from "../ledger/types.ts";
import type { ExecutionControl } from "../pilot/ExecutionControl.ts";
import { findByPrefix, findExecution } from "../pilot/ReportStore.ts";
import type { BudgetReport, LimitInput } from "../systemApi.ts";
import { parseAmount } from "./startExecution.ts";
import type { SystemParts } from "./SystemParts.ts";

interface Scope {
  readonly kind: AccountKind;
  readonly subject: string;
  /** As people write it. */
  readonly shown: string;
}

export async function listBudgets({ engine, config }: SystemParts): Promise<BudgetReport[]> {
  const states = await loadAccountStates(engine.db, config.workspaceId);
  const reports: BudgetReport[] = [];
  for (const state of states) reports.push(toReport(state, await shownScope(engine.db, config.workspaceId, state)));
  return reports;
}

export async function setBudget(
  parts: SystemParts,
  control: ExecutionControl,
  {
    scope,
    limits,
    actor,
    keepsStored = false,
  }: {
    readonly scope: string;
    readonly limits: LimitInput & { readonly window?: WindowKind };
    readonly actor: string;
    /** True: only where no limit is stored; what is there is neither changed nor said to have been set. */
    readonly keepsStored?: boolean;
  },
): Promise<BudgetReport> {
  const { engine, config } = parts;
  const target = await resolveScope(parts, scope);
  if (limits.usd === undefined && limits.tokens === undefined)
    throw new AppError("USAGE", "no limit given: expected --usd, --tokens or both");
  const key = keyOf(parts, target, limits.window);
  const figures = {
    limitUsd: limits.usd === undefined ? null : parseAmount(limits.usd),
    limitTokens: limits.tokens === undefined ? null : BigInt(limits.tokens),
    onLimit: limits.onLimit ?? "pause",
  };
  await retriedTransaction(engine.db, async (tx) => {
    // Executions before accounts, as reservations lock them; those that are woken look after this has committed.
    const lockExecutions = (): Promise<void> => control.wakeForBudget(tx, config.workspaceId, reach(target), actor);
    if (!(await setAccount(tx, key, figures, { lockExecutions, keepsStored }))) return;
    await audit(tx, parts, {
      event: AUDIT_EVENTS.BUDGET_SET,
      scope: target.shown,
      actor,
      details: { usd: limits.usd ?? null, tokens: limits.tokens ?? null, window: key.windowKind, onLimit: figures.onLimit },
    });
  });
  engine.worker.wake();
  return requireReport(parts, target, key.windowKind);
}

export async function topUpBudget(
  parts: SystemParts,
  control: ExecutionControl,
  {
    scope,
    amount,
    actor,
  }: {
    readonly scope: string;
    readonly amount: { readonly usd?: string; readonly tokens?: number; readonly window?: WindowKind };
    readonly actor: string;
  },
): Promise<BudgetReport> {
  const { engine, config } = parts;
  const target = await resolveScope(parts, scope);
  if (amount.usd === undefined && amount.tokens === undefined)
    throw new AppError("USAGE", "nothing to add: expected --usd, --tokens or both");
  const key = keyOf(parts, target, amount.window);
  await retriedTransaction(engine.db, async (tx) => {
    // Executions before accounts, as reservations lock them; those that are woken look after this has committed.
    await control.wakeForBudget(tx, config.workspaceId, reach(target), actor);
    const added = { usd: amount.usd === undefined ? 0n : parseAmount(amount.usd), tokens: BigInt(amount.tokens ?? 0) };
    if (!(await addToLimit(tx, key, added))) {
      throw new AppError("NOT_FOUND", `${target.shown} has no ${key.windowKind} limit to top up`, {
        details: { scope: target.shown },
        hint: `set one with \`budgets set ${target.shown} --usd …\``,
      });
    }
    await audit(tx, parts, {
      event: AUDIT_EVENTS.BUDGET_TOPPED_UP,
      scope: target.shown,
      actor,
      details: { usd: amount.usd ?? null, tokens: amount.tokens ?? null, window: key.windowKind },
    });
  });
  engine.worker.wake();
  return requireReport(parts, target, key.windowKind);
}

export async function reconcileBudgets(
  parts: SystemParts,
  rows: readonly { readonly attemptId: string; readonly tokens: number; readonly usd: string }[],
  actor: string,
): Promise<{ readonly corrected: number; readonly unchanged: number; readonly stillAssumed: readonly string[] }> {
  const { engine, config } = parts;
  for (const { attemptId, tokens } of rows) {
    if (!isUuid(attemptId) || !Number.isSafeInteger(tokens) || tokens < 0) {
      throw new AppError("USAGE", `not a usage row: ${JSON.stringify({ attemptId, tokens })}`, {
        details: { expected: '{"attemptId": uuid, "tokens": whole number, "usd": "0.0123"}' },
      });
    }
  }
  const corrected = await retriedTransaction(engine.db, async (tx) => {
    const ids = await correctAssumed(
      tx,
      config.workspaceId,
      rows.map(({ attemptId, tokens, usd }) => ({ attemptId, tokens, usd: parseAmount(usd) })),
    );
    if (ids.length > 0)
      await audit(tx, parts, { event: AUDIT_EVENTS.BUDGET_RECONCILED, scope: "workspace", actor, details: { corrected: ids.length } });
    return ids;
  });
  return {
    corrected: corrected.length,
    unchanged: rows.length - corrected.length,
    stillAssumed: await listAssumed(engine.db, config.workspaceId),
  };
}

/** @throws AppError `USAGE` for a scope that cannot be read, `NOT_FOUND` for one that does not exist */
async function resolveScope({ engine, config }: SystemParts, scope: string): Promise<Scope> {
  const [kind, ...rest] = scope.split(":");
  const name = rest.join(":");
  if (kind === "workspace" && name === "") return { kind: "workspace", subject: config.workspaceId, shown: "workspace" };
  if (name !== "" && (kind === "tag" || kind === "key")) return { kind, subject: name, shown: scope };
  if (name !== "" && kind === "agent") {
    const agent = await findAgent(engine.db, config.workspaceId, name);
    if (agent === undefined)
      throw new AppError("NOT_FOUND", `there is no agent ${name}`, {
        details: { agent: name },
        hint: "an agent exists once its workflow has been started; list them with `agents ls`",
      });
    return { kind, subject: agent.id, shown: `agent:${agent.name}` };
  }
  if (name !== "" && kind === "execution") {
    const ids = isUuid(name) ? [name] : await findByPrefix(engine.db, config.workspaceId, name);
    const execution = ids.length === 1 ? await findExecution(engine.db, config.workspaceId, ids[0] ?? "") : undefined;
    if (execution === undefined)
      throw new AppError("NOT_FOUND", `there is no execution ${name}`, {
        details: { execution: name },
        hint: "list them with `executions ls`",
      });
    return { kind, subject: execution.id, shown: `execution:${execution.id}` };
  }
  throw new AppError("USAGE", `not a budget scope: ${scope}`, {
    details: { expected: "workspace, agent:NAME, execution:ID, tag:NAME or key:NAME", got: scope },
  });
}

function keyOf({ config }: SystemParts, { kind, subject }: Scope, window: WindowKind | undefined): AccountKey {
  return { workspaceId: config.workspaceId, kind, subject, windowKind: window ?? "total" };
}

/** Which executions a change may concern; tags and keys are not on the row, so everything that waits looks again. */
function reach({ kind, subject }: Scope): { readonly executionId?: string; readonly agentId?: string } {
  if (kind === "execution") return { executionId: subject };
  return kind === "agent" ? { agentId: subject } : {};
}

async function requireReport({ engine, config }: SystemParts, { kind, subject, shown }: Scope, window: WindowKind): Promise<BudgetReport> {
  const states = await loadAccountStates(engine.db, config.workspaceId, { kind, subject });
  const state = states.find(({ windowKind }) => windowKind === window);
  if (state === undefined) throw new AppError("INTERNAL", `the limit on ${shown} was set but is not there`);
  return toReport(state, shown);
}

async function shownScope(
  db: Queryable,
  workspaceId: SystemParts["config"]["workspaceId"],
  { kind, subject }: AccountState,
): Promise<string> {
  if (kind === "workspace") return "workspace";
  if (kind !== "agent") return `${kind}:${subject}`;
  return `agent:${(await findAgent(db, workspaceId, subject))?.name ?? subject}`;
}

function toReport(state: AccountState, scope: string): BudgetReport {
  return {
    scope,
    window: state.windowKind,
    limitUsd: state.limitUsd === null ? null : nanoToUsd(state.limitUsd),
    limitTokens: state.limitTokens === null ? null : Number(state.limitTokens),
    spentUsd: nanoToUsd(state.spent.usd),
    spentTokens: Number(state.spent.tokens),
    openUsd: nanoToUsd(state.open.usd),
    openTokens: Number(state.open.tokens),
    grantedUsd: nanoToUsd(state.granted.usd),
    grantedTokens: Number(state.granted.tokens),
    onLimit: state.onLimit,
  };
}

async function audit(
  db: Queryable,
  { config, clock }: SystemParts,
  {
    event,
    scope,
    actor,
    details,
  }: { readonly event: AuditEvent; readonly scope: string; readonly actor: string; readonly details: JsonValue },
): Promise<void> {
  const row = createAuditRow(
    { workspaceId: config.workspaceId, action: event, entityType: "budget", entityId: scope, actor, details },
    clock.nowMs(),
  );
  await writeFacts(db, auditWriter, [row]);
}
