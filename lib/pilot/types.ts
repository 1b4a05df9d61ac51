// The pilot's words: outcomes of steps and walks, what a step's performer is given. Types only.
import type { Clock } from "../core/clock.ts";
import type { AppError } from "../core/errors.ts";
import type { WorkspaceId } from "../core/ids.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { Logger } from "../core/logger.ts";
import type { NanoUsd } from "../core/money.ts";
import type { Database } from "../db/Database.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import type { Journal } from "../journal/Journal.ts";
import type { HandlerFacts, PerformOptions } from "../orchestration/types.ts";
import type { Ledger } from "../ledger/Ledger.ts";
import type { MemoryBlock } from "../memory/types.ts";
import type { ProviderRegistry } from "../models/ProviderRegistry.ts";
import type { ModelRequest, ModelResult } from "../models/types.ts";
import type { RouteDecision } from "../orchestration/routing/types.ts";
import type { OwnCostKind } from "../orchestration/savings/types.ts";
import type { ActionExecutor, PluginCatalog } from "../plugins/types.ts";
import type { ExecutionEvent, WaitingFor } from "../systemApi.ts";
import type { PriceBook } from "../tokens/pricing.ts";
import type { TokenCounter } from "../tokens/TokenCounter.ts";
import type { StepType, WorkflowDefinition, WorkflowStep } from "../workflow/types.ts";
import type { ExecutionState } from "./ExecutionState.ts";
import type { GovernanceFacts } from "./governance/facts.ts";
import type { StepGovernance } from "./governance/StepGovernance.ts";
import type { HandlerRoute } from "./handlers/HandlerRoute.ts";
import type { StepScope } from "./StepScope.ts";

/** Something that only time or a person can bring. */
export interface Wait {
  readonly path: string;
  readonly for: Exclude<WaitingFor, null>;
  /** null: no time limit. */
  readonly until: Date | null;
  readonly message: string;
  readonly needUsd: number | null;
  readonly needTokens: number | null;
  /** What the step must find again when it goes on; kept with its waiting row. */
  readonly more?: JsonObject;
}

/** What is remembered of a step besides its output; stored as the row's columns and its `detail`. */
export interface StepFacts {
  readonly plugin?: string;
  readonly action?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly tokensUsed?: number;
  /** null: unknown. */
  readonly costUsd?: NanoUsd | null;
  readonly itemCount?: number;
  readonly warnings?: readonly string[];
  /** Type-specific facts, for example the branch taken. */
  readonly more?: JsonObject;
  /** What governance decided and did. */
  readonly governance?: GovernanceFacts;
  /** Routing by intent: which handler performed the step, or would have. */
  readonly handler?: HandlerFacts;
  /** Input tokens by which memory made the attempt's calls longer. Absent: there was none. */
  readonly memoryTokens?: number;
}

/**
 * How a step ended.
 * `halted`: nothing may start any more (failure elsewhere, cancel, lost lease); the step is as if it had not begun.
 */
export type StepOutcome =
  | { readonly status: "completed"; readonly output: JsonValue; readonly facts?: StepFacts; readonly parts?: readonly UnitPart[] }
  | { readonly status: "skipped"; readonly reason: string }
  | { readonly status: "failed"; readonly error: AppError; readonly facts?: StepFacts; readonly parts?: readonly UnitPart[] }
  | { readonly status: "waiting"; readonly waits: readonly Wait[]; readonly parts?: readonly UnitPart[] }
  | { readonly status: "halted" };

/** How a list of steps ended. */
export type WalkOutcome =
  | { readonly status: "completed" }
  | { readonly status: "failed"; readonly error: AppError; readonly path: string }
  | { readonly status: "waiting"; readonly waits: readonly Wait[] }
  | { readonly status: "halted" };

export interface WalkOptions {
  readonly maxConcurrency?: number;
}

export type Walk = (steps: readonly WorkflowStep[], scope: StepScope, options?: WalkOptions) => Promise<WalkOutcome>;

/** What is decided about a step before it is performed. `direct` is the path without orchestration, and the one taken when it fails. */
export interface Decision {
  readonly path: "direct" | "governed";
  /** Model name for steps that call one. */
  readonly model: string | undefined;
  readonly maxOutputTokens: number;
  readonly why: string;
  /** On the governed path: gives views, keeps what calls would have cost without them. */
  readonly governance?: StepGovernance;
  /** The handler that performs the step in the direct performer's place; while observing, the one that would. */
  readonly route?: HandlerRoute;
  /** Why the step should have been governed, or routed, and is not. */
  readonly bypass?: string;
  /** Routing of the model by the agent's score; while only observing `model` is the direct one. */
  readonly aisRoute?: { readonly mode: "observe" | "on"; readonly decision: RouteDecision };
}

export interface ModelCallRequest extends Omit<ModelRequest, "model" | "maxOutputTokens" | "signal" | "provider"> {
  /** From the decision; undefined: the installation's default. */
  readonly model: string | undefined;
  readonly maxOutputTokens: number;
  /** What the call is for, in token_usage. */
  readonly activityType?: string;
  /** An answer with tool calls is stored with its settlement, so that a resumed loop need not ask again. */
  readonly journalMessage?: boolean;
  /** Tokens by which views in this request are shorter than what they stand for. @defaultValue 0 */
  readonly savedInputTokens?: number;
  /** An answer was cut off at a cap that governance had set: this time the caller's own. @defaultValue false */
  readonly isUncapped?: boolean;
  /** Why governance itself needs this call, which the direct path would not make. @defaultValue it does not */
  readonly ownCost?: OwnCostKind;
}

export type ModelCallOutcome =
  | {
      readonly kind: "answered";
      readonly result: ModelResult;
      readonly tokens: number;
      readonly costUsd: NanoUsd | null;
      /** The output limit that was asked for; below the request's own where governance capped it. */
      readonly outputCapTokens: number;
    }
  | { readonly kind: "failed"; readonly error: AppError; readonly tokens: number; readonly costUsd: NanoUsd | null }
  | { readonly kind: "refused"; readonly outcome: StepOutcome };

/** Everything a performer may use for one attempt of one step. */
export interface StepContext<Step extends WorkflowStep = WorkflowStep> {
  readonly step: Step;
  /** The whole nesting, for example `s2[3].s5[0].send`. */
  readonly path: string;
  readonly attempt: number;
  readonly scope: StepScope;
  readonly state: ExecutionState;
  readonly services: PilotServices;
  /** Aborted at the step's time-out, at cancel and when the lease is lost. */
  readonly signal: AbortSignal;
  readonly decision: Decision;
  /** Judges the model's answers of a step that a handler performs; absent on the direct path. */
  readonly review?: PerformOptions["review"];
  /** Resolves templates against raw outputs. @throws AppError TEMPLATE_INVALID with step and field */
  resolve(value: JsonValue, field: string): JsonValue;
  /** Performs nested steps in a scope made by `scope.child(…)`. */
  walk(steps: readonly WorkflowStep[], scope: StepScope, options?: WalkOptions): Promise<WalkOutcome>;
  /**
   * One governed model call: counted, reserved (durable) and settled. Its settlement travels in the step's unit; a
   * further call of the same attempt first commits the one before.
   */
  callModel(request: ModelCallRequest): Promise<ModelCallOutcome>;
  /** One plugin call with attempt row, verification and uncertainty, under a path of its own for tool calls. */
  callAction(call: ActionCallRequest): Promise<StepOutcome>;
  /** Commits what this attempt's calls left so far; what follows may rely on it. @throws AppError `FENCED` */
  flushCalls(): Promise<void>;
}

export interface ActionCallRequest {
  readonly plugin: string;
  readonly action: string;
  readonly params: JsonValue;
  /** Path that key and attempt row are made from; default: the step's own. */
  readonly path?: string;
}

export type StepPerformer<Type extends StepType = StepType> = (
  context: StepContext<Extract<WorkflowStep, { readonly type: Type }>>,
) => Promise<StepOutcome>;

export type Performers = { readonly [Type in StepType]: StepPerformer<Type> };

/** Loads a stored workflow for `sub_workflow` by agent name or id; null when there is none in the workspace. */
export type LoadWorkflow = (state: ExecutionState, nameOrId: string) => Promise<WorkflowDefinition | null>;

/** What an execution was given to remember at its start; null: nothing, or it was forgotten since. */
export type LoadMemory = (workspaceId: WorkspaceId, executionId: string) => Promise<MemoryBlock | null>;

/** Collaborators of one process, joined in system.ts. */
export interface PilotServices {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly plugins: ActionExecutor;
  readonly catalog: PluginCatalog;
  readonly providers: ProviderRegistry;
  readonly counter: TokenCounter;
  readonly prices: PriceBook;
  readonly performers: Performers;
  readonly decide: (step: WorkflowStep, state: ExecutionState, path: string, scope: StepScope) => Decision | Promise<Decision>;
  readonly loadWorkflow: LoadWorkflow;
  /** Asked for executions with memory only, once per claim and before each model call. */
  readonly loadMemory: LoadMemory;
  readonly emit: (event: ExecutionEvent) => void;
  /** False once no heartbeat was written for so long that another worker may have this one's executions. Asked right before an effect leaves. */
  readonly hasLease: () => boolean;
  /** Bytes of one output as JSON. */
  readonly maxOutputBytes: number;
}
