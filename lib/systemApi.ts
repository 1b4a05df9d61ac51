// What every surface (CLI, socket, server, library) calls. Arguments and results are plain JSON, so that a second process can be
// served through a socket by the owner of the data folder. Shapes only; lib/system.ts fulfils it.
import type { ErrorRecord } from "./core/errors.ts";
import type { JsonObject, JsonValue } from "./core/json.ts";
import type { MemoryApi, MemoryMode } from "./memoryApi.ts";
import type { Receipt, ReportedStatus } from "./receiptApi.ts";
import type { ModelSession, SessionRequest } from "./sessionApi.ts";

export type { ReportedStatus } from "./receiptApi.ts";

export type ExecutionStatus = "queued" | "running" | "suspended" | "completed" | "failed" | "cancelled" | "uncertain";
export type WaitingFor = "budget" | "approval" | "delay" | "uncertain" | null;

export interface RunRequest {
  /** Text of a workflow file; or `agent`: name or id of a stored agent. */
  readonly source?: { readonly text: string; readonly file: string };
  /** A definition made in code, such as defineWorkflow gives; JSON. */
  readonly definition?: object;
  readonly agent?: string;
  readonly inputs?: JsonObject;
  readonly limits?: LimitInput;
  readonly tags?: readonly string[];
  /** Overrides flags for this execution: `{ "token_governance_enabled": "observe" }`. */
  readonly flags?: JsonObject;
  /** Starting twice under one key is starting once. */
  readonly idempotencyKey?: string;
  /** `dry`: effects are previewed, not performed. */
  readonly mode?: "production" | "dry";
  /** Whom the execution is for (UUID): memory of people is kept by it. @defaultValue whom the agent belongs to, if anybody */
  readonly userId?: string;
  /** Books the offline model's calls as if on this model, for example `openai/gpt-4o-mini`; plans and receipts say so. */
  readonly pricedAs?: string;
}

export interface LimitInput {
  /** Decimal text such as "0.05": money is never a float on its way in. */
  readonly usd?: string;
  readonly tokens?: number;
  readonly onLimit?: "pause" | "fail";
}

export interface TokenFigures {
  readonly baseline: number | null;
  readonly used: number | null;
  readonly saved: number | null;
  readonly savedPercent: number | null;
}

export interface StepReport {
  readonly id: string;
  readonly path: string;
  readonly type: string;
  readonly intent: string | null;
  readonly status: string;
  readonly handler: string | null;
  readonly model: string | null;
  readonly tokens: { readonly baseline: number | null; readonly allocated: number | null; readonly used: number | null };
  readonly costUsd: number | null;
  readonly ms: number | null;
  readonly quality: number | null;
  readonly warnings: readonly string[];
  readonly error: ErrorRecord | null;
}

/** The shape of `run --json`'s last line (DESIGN §11). Unknown = null. */
export interface ExecutionReport {
  readonly executionId: string;
  readonly workflow: string;
  readonly status: ReportedStatus;
  readonly waitingFor: WaitingFor;
  readonly output: JsonValue;
  readonly error: ErrorRecord | null;
  readonly tokens: TokenFigures;
  readonly costUsd: number | null;
  readonly limitUsd: number | null;
  readonly limitTokens: number | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** Set while waiting: what a person can do, and until when. */
  readonly waiting: readonly WaitingReport[];
  readonly steps: readonly StepReport[];
}

export interface WaitingReport {
  readonly path: string;
  readonly for: Exclude<WaitingFor, null>;
  readonly until: string | null;
  readonly message: string;
  /** For a budget: what the next call needs. */
  readonly needUsd: number | null;
  readonly needTokens: number | null;
  /** For a budget: the limit that has no room for it, and by how much it must grow. */
  readonly limit: ReachedLimit | null;
}

export interface ReachedLimit {
  /** As `budgets topup` takes it: `execution:ID`, `agent:ID`, `workspace`, `tag:NAME`. */
  readonly scope: string;
  readonly window: "total" | "day" | "month";
  /** 0: that unit has room; null: it is not limited. */
  readonly missingUsd: number | null;
  readonly missingTokens: number | null;
}

export interface ExecutionSummary {
  readonly executionId: string;
  readonly workflow: string;
  readonly status: ReportedStatus;
  readonly waitingFor: WaitingFor;
  readonly costUsd: number | null;
  readonly tokensUsed: number | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
}

export interface PlanStep {
  readonly id: string;
  readonly path: string;
  readonly type: string;
  readonly intent: string | null;
  readonly effect: string | null;
  readonly handler: string | null;
  readonly tier: string | null;
  readonly model: string | null;
  /** Tokens that the step is expected to use in one execution, all its runs included; null: it calls no model. */
  readonly envelope: QuantileReport;
  /** Worst case of one call of the step; null = unknown price or a size that only the run knows. */
  readonly costUsd: number | null;
  readonly calls: { readonly min: number; readonly max: number | null };
}

export interface PlanReport {
  readonly workflow: string;
  readonly model: string;
  /** Set when the model is offline: prices are "as if on" this model. */
  readonly pricedAs: string | null;
  readonly steps: readonly PlanStep[];
  readonly total: {
    /** Worst case: most calls, tokens and money; null: only the run knows. */
    readonly calls: number | null;
    readonly tokens: number | null;
    readonly costUsd: number | null;
    /** What an execution is expected to use. */
    readonly envelope: QuantileReport;
    readonly envelopeUsd: QuantileReport;
    /** Earlier executions that the expectation rests on; 0: the shipped table alone. */
    readonly samples: number;
  };
}

/** One execution in ten stays below `q10`, one in ten passes `q90`; null: unknown. */
export interface QuantileReport {
  readonly q10: number | null;
  readonly q50: number | null;
  readonly q90: number | null;
}

export interface ApprovalReport {
  readonly id: string;
  readonly executionId: string;
  readonly path: string;
  readonly title: string;
  readonly message: string | null;
  readonly context: JsonValue;
  readonly approvers: readonly string[];
  readonly approvalType: "any" | "all" | "majority";
  readonly requireComment: boolean;
  readonly status: string;
  readonly expiresAt: string | null;
  readonly answers: readonly {
    readonly approver: string;
    readonly decision: "approve" | "reject";
    readonly comment: string | null;
    readonly at: string;
  }[];
}

export interface BudgetReport {
  readonly scope: string;
  readonly window: "total" | "day" | "month";
  readonly limitUsd: number | null;
  readonly limitTokens: number | null;
  readonly spentUsd: number;
  readonly spentTokens: number;
  readonly openUsd: number;
  readonly openTokens: number;
  /** Granted to executions and not yet spent, reservations included. */
  readonly grantedUsd: number;
  readonly grantedTokens: number;
  readonly onLimit: "pause" | "fail";
}

export interface AgentReport {
  readonly id: string;
  readonly name: string;
  readonly source: string | null;
  readonly status: string;
  readonly tokenLimit: number;
  readonly orchestration: "off" | "on" | null;
  readonly memory: MemoryMode;
  readonly executions: number;
  readonly createdAt: string;
}

export interface AuditReport {
  readonly id: string;
  readonly at: string;
  readonly action: string;
  readonly actor: string | null;
  readonly entityType: string;
  readonly entityId: string | null;
  readonly executionId: string | null;
  readonly severity: string;
  readonly details: JsonValue;
}

export interface ForkRequest {
  readonly executionId: string;
  /** Step path to begin anew from; what lies before it is taken over with zero spend. Default: the first step not completed. */
  readonly fromStep?: string;
  /** Takes nothing over: every step is executed anew. */
  readonly fromStart?: boolean;
  /** Replace the old ones of the same name; the others stay. */
  readonly inputs?: JsonObject;
  readonly allowEffects?: boolean;
  readonly sameConfig?: boolean;
  readonly limits?: LimitInput;
}

export interface ResumeOptions {
  readonly actor: string;
  /** Step path of the uncertain effect that `resolve` answers; absent: the only one. */
  readonly path?: string;
  readonly resolve?: "done" | "retry";
  readonly output?: JsonValue;
  /** `cheap`: model steps whose call does not fit the budget are skipped from now on. */
  readonly finish?: "cheap";
}

export interface DoctorCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly hint: string | null;
}

/** Non-durable: for a progress display. A subscriber that comes late or dies misses events and loses nothing. */
export interface ExecutionEvent {
  readonly executionId: string;
  readonly type: "started" | "step_started" | "step_finished" | "delta" | "suspended" | "finished";
  readonly path?: string;
  readonly stepType?: string;
  readonly status?: string;
  readonly text?: string;
  readonly ms?: number;
  readonly costUsd?: number | null;
}

/** Scope of a budget: `workspace`, `agent:NAME`, `execution:ID`, `tag:NAME`. */
export type BudgetScope = string;

export interface SystemApi extends MemoryApi {
  /** Upserts the agent, stores the definition, inserts the execution and its wake-up in one transaction. */
  start(request: RunRequest): Promise<{ readonly executionId: string; readonly isNew: boolean }>;
  /** The state now. */
  report(executionId: string): Promise<ExecutionReport>;
  /** Resolves when the execution is terminal, uncertain, or a person must act (delays are waited for). */
  wait(executionId: string): Promise<ExecutionReport>;
  plan(request: RunRequest): Promise<PlanReport>;
  receipt(executionId: string): Promise<Receipt>;
  listExecutions(filter: {
    readonly status?: string;
    readonly agent?: string;
    readonly limit?: number;
    readonly before?: string;
  }): Promise<readonly ExecutionSummary[]>;
  cancel(executionId: string, actor: string): Promise<ExecutionReport>;
  /** `resolve`: for an uncertain effect: `done` (it happened; an output may be given) or `retry` (it did not). `finish: "cheap"` skips what does not fit the budget. */
  resume(executionId: string, options: ResumeOptions): Promise<ExecutionReport>;
  fork(request: ForkRequest): Promise<{ readonly executionId: string; readonly previewed: readonly string[] }>;
  exportExecution(executionId: string): Promise<JsonObject>;
  listApprovals(filter: { readonly executionId?: string; readonly all?: boolean }): Promise<readonly ApprovalReport[]>;
  answerApproval(answer: {
    readonly id: string;
    readonly approver: string;
    readonly decision: "approve" | "reject";
    readonly comment?: string;
  }): Promise<ApprovalReport>;
  listAgents(): Promise<readonly AgentReport[]>;
  showAgent(nameOrId: string): Promise<AgentReport & { readonly definition: JsonValue }>;
  listBudgets(): Promise<readonly BudgetReport[]>;
  setBudget(scope: BudgetScope, limits: LimitInput & { readonly window?: "total" | "day" | "month" }, actor: string): Promise<BudgetReport>;
  /** Adds to the limit and wakes what waits for it. */
  topUpBudget(
    scope: BudgetScope,
    amount: { readonly usd?: string; readonly tokens?: number; readonly window?: "total" | "day" | "month" },
    actor: string,
  ): Promise<BudgetReport>;
  /** Corrects calls booked as assumed: `rows` from a provider's usage export, by attempt id. */
  reconcileBudgets(
    rows: readonly { readonly attemptId: string; readonly tokens: number; readonly usd: string }[],
    actor: string,
  ): Promise<{ readonly corrected: number; readonly unchanged: number; readonly stillAssumed: readonly string[] }>;
  /**
   * Refused with `SECRET_KEY_MISSING` while the key of other connections is not there.
   *
   * @param options `acceptLost`: store it all the same
   */
  setConnection(name: string, secret: string, actor: string, options?: { readonly acceptLost?: boolean }): Promise<void>;
  listConnections(): Promise<readonly { readonly name: string; readonly updatedAt: string }[]>;
  /** @param options `refresh`: MCP servers are asked for their tools anew, and started for it. @defaultValue what they listed last */
  listPlugins(options?: { readonly refresh?: boolean }): Promise<
    readonly {
      readonly name: string;
      readonly version: string;
      readonly description: string;
      readonly actions: readonly {
        readonly name: string;
        readonly effect: string;
        readonly description: string;
        readonly params: JsonObject;
      }[];
    }[]
  >;
  listFlags(): Promise<readonly { readonly key: string; readonly value: JsonValue; readonly description: string | null }[]>;
  setFlag(key: string, value: JsonValue, actor: string): Promise<void>;
  listAudit(filter: { readonly executionId?: string; readonly limit?: number; readonly before?: string }): Promise<readonly AuditReport[]>;
  /**
   * Removes finished executions older than so many days; those that live forks refer to are kept. Memories go by their own
   * time, and the oldest of an agent that has many become one.
   */
  prune(options: {
    readonly olderThanDays: number;
    readonly dryRun?: boolean;
  }): Promise<{ readonly executions: number; readonly bytes: number; readonly memories: number }>;
  doctor(): Promise<readonly DoctorCheck[]>;
}

/** A system of this process: the API, its event stream, and its end. */
export interface System extends SystemApi, AsyncDisposable {
  subscribe(executionId: string, listener: (event: ExecutionEvent) => void): () => void;
  /** Starts claiming and running executions; resolves when the loop runs. */
  work(): Promise<void>;
  /**
   * Books model calls outside of a workflow like those of a step; `govern(model, { system })` of `neuronforge/ai-sdk` does it for you.
   *
   * @throws AppError `USAGE` for limits that are no amounts, and blank names
   */
  openSession(request: SessionRequest): Promise<ModelSession>;
  /** Stops claiming, hands over what is held, closes sessions, flushes audit, closes the database. */
  close(): Promise<void>;
}
