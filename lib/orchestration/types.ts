// The words of orchestration, the plan's among them: intents, budgets, policies, routes, views. Types only.
import type { AppError } from "../core/errors.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { TemplateScope } from "../operations/templates.ts";
import type { Effect, PluginCatalogAction, StepLabel, StepOutput, WorkflowStep } from "../workflow/types.ts";
import type { CompressionFacts, CompressionLevel, CompressionOutcome, StageReport, ViewHandle } from "./compression/types.ts";

/** What a step is for: which handler should own it. */
export type IntentType = "extract" | "summarize" | "generate" | "validate" | "send" | "transform" | "conditional";

/** How strong a model is asked for. */
export type Tier = "fast" | "balanced" | "capable";

/** Tokens set aside for something and what became of them. `remaining` is never negative: what was spent beyond shows as `used > allocated`. */
export interface TokenBudget {
  readonly allocated: number;
  readonly used: number;
  readonly remaining: number;
  /** True when a shorter view was sent in place of the raw content. */
  readonly compressed: boolean;
}

export interface CompressionPolicy {
  readonly enabled: boolean;
  /** 0–1: tokens out / tokens in that is aimed at; 1 = cut only while quality holds. */
  readonly ratio: number;
  /** 0–5: least Q (see compression/README.md) whose lower bound a view must reach. */
  readonly minQualityScore: number;
}

/** As the plan has it. */
export interface OrchestrationMetadata {
  readonly intent: IntentType;
  /** Tokens suggested for the step. */
  readonly tokenBudget: number;
  readonly compressionPolicy?: CompressionPolicy;
  readonly routingTier?: "fast" | "balanced" | "capable";
}

/** Where a label comes from, most trusted first. `abstained`: nothing spoke clearly; the label is the safest guess. */
export type IntentSource = "declared" | "structure" | "metadata" | "request" | "prompt" | "lexicon" | "model" | "abstained";

export interface IntentClassification {
  readonly intent: IntentType;
  readonly effect: Effect;
  /** 0–1. */
  readonly confidence: number;
  readonly source: IntentSource;
  /** Tokens that the step's model calls are expected to use, input and output; 0 for a step that calls no model. */
  readonly estimatedTokens: number;
  readonly compressionRecommended: boolean;
  /** One sentence for people. */
  readonly reason: string;
}

/** Labels one step; pure. Fulfilled by `IntentClassifier`. */
export interface StepClassifier {
  /** @param options.ais agent intensity 0–10; moves estimate and recommendation only */
  classify(step: WorkflowStep, options?: { readonly ais?: number }): IntentClassification;
}

export type GovernanceMode = "off" | "observe" | "on";

/** How views of a step's content are made. */
export interface ViewPolicy {
  readonly name: "exact" | "minimal" | "moderate" | "aggressive" | "loop";
  /** Highest level allowed. */
  readonly level: CompressionLevel;
  /** 0–5, compared with the lower bound of Q. */
  readonly minQuality: number;
}

/** What the orchestrator is told about a step, besides the step. */
export interface DecideContext {
  readonly label: StepLabel;
  readonly mode: GovernanceMode;
  /** What the step, the workflow or the installation names; undefined: the installation's own default. */
  readonly namedModel: string | undefined;
  /** Cap of one answer where the step names none. */
  readonly defaultMaxOutputTokens: number;
  /** 0–10; null: no score yet. */
  readonly ais: number | null;
  /** Planning share of this step and what is left of it and of the pool; null: none was planned. */
  readonly share: { readonly allocatedTokens: number; readonly usedTokens: number; readonly poolTokens: number } | null;
  readonly settings: { readonly minQuality: { readonly moderate: number; readonly aggressive: number } };
  /** Routing by intent; absent: it is off. */
  readonly routing?: RoutingContext;
}

/** What is known of the handler for a step's intent. */
export interface RoutingContext {
  readonly mode: GovernanceMode;
  /** Class of the handler that is registered, enabled and ready for the intent; null: there is none. */
  readonly handler: string | null;
  /** Why there is none, or what is to be known of it. */
  readonly reason: string;
}

/** What is to be done with a step, and why. Made without acting; recorded whether or not it is acted on. */
export interface StepDecision {
  readonly mode: GovernanceMode;
  readonly intent: IntentType;
  readonly effect: Effect;
  readonly model: string | undefined;
  readonly maxOutputTokens: number;
  readonly views: ViewPolicy;
  /** Class of the handler that is to perform the step; null: the direct path does. */
  readonly handler: string | null;
  readonly allocatedTokens: number | null;
  /** The questions asked, in order, with their answers. */
  readonly trail: readonly string[];
  /** One sentence for people. */
  readonly why: string;
}

/** The agent as budgets and routes see it. */
export interface Agent {
  readonly id: string;
  readonly name: string;
  /** Planning total of one execution in tokens; null or absent = 10 000. */
  readonly token_limit?: number | null;
  readonly steps: readonly WorkflowStep[];
}

/** What a handler is told about the execution around its step. */
export interface ExecutionContext {
  readonly executionId: string;
  readonly agentId: string;
  /** The whole nesting, for example `s2[3].s5[0].send`. */
  readonly stepPath: string;
  /** Inputs after templates were resolved against raw outputs. */
  readonly input: JsonValue;
  readonly variables: JsonObject;
  readonly budget: TokenBudget;
  readonly signal: AbortSignal;
}

/** What is wrong with a model's answer. `hard`: it is never taken; `soft`: it is taken with a warning when one repair did not mend it. */
export interface AnswerDefect {
  /** Told to the model for its repair and to people: one clause without a full stop. */
  readonly message: string;
  readonly severity: "hard" | "soft";
}

/** A model's answer as a contract sees it. */
export interface ModelAnswer {
  /** As the model wrote it, without blanks around it. */
  readonly text: string;
  /** What the step would give on; the text itself where no schema was asked for. */
  readonly value: JsonValue;
  /** True when it ended at the output limit. */
  readonly isCutOff: boolean;
}

export interface PerformOptions {
  /** In place of the step's resolved `input` (of `params` for an action). Never read as a template. */
  readonly input?: JsonValue;
  /** Judges each answer of the step's model before it counts. */
  readonly review?: AnswerReview;
}

export interface AnswerReview {
  judge(answer: ModelAnswer): readonly AnswerDefect[];
  /** Calls that may be paid to mend defects. */
  readonly repairs: 0 | 1;
}

/** What a part of a handler's work gave. `output` is what the step, or the call, would give on the direct path. */
export interface PerformedStep {
  readonly output: JsonValue;
  readonly warnings: readonly string[];
  /** Of the model calls that it made. */
  readonly tokens: number;
  /** Facts of its kind, for example the `branch` taken, what it was `extractedBy`. */
  readonly details: JsonObject;
}

/** One plugin call of several that make up a step: it has a row, a key and a verification of its own. */
export interface StepPart {
  /** Names the part for ever: a part that is recorded is never performed again. Letters, digits, `-`, `[`, `]`. */
  readonly id: string;
  readonly plugin: string;
  readonly action: string;
  /** Never read as a template. */
  readonly params: JsonObject;
}

/** `path` is that of its row. */
export type PartResult = { readonly id: string; readonly path: string; readonly isReplayed: boolean } & (
  | { readonly ok: true; readonly output: JsonValue }
  | { readonly ok: false; readonly error: AppError }
);

/** What a handler tells of one execution besides what is measured for it (time, tokens, success). JSON, shown in the step's row. */
export interface HandlerMetrics {
  /** Tokens that no model was sent because of the handler. @defaultValue 0 */
  readonly savedTokens?: number;
  readonly [fact: string]: JsonValue | undefined;
}

/** What is remembered of a handler's part in one attempt; stored as the row's `detail.handler`, and audited. */
export interface HandlerFacts {
  /** Class; null: there was none. */
  readonly name: string | null;
  readonly intent: IntentType;
  /** `observe`: the direct path was taken, this is what would have been. */
  readonly mode: "observe" | "on";
  /** Why the direct path was taken although routing is on. */
  readonly degraded?: string;
  readonly succeeded?: boolean;
  /** Milliseconds around the handler, what it waited for included. */
  readonly ms?: number;
  readonly tokens?: number;
  readonly savedTokens?: number;
  readonly metrics?: JsonObject;
}

/** How a row of `orchestration_handlers` tunes a handler. `minimal`: it checks, but pays for nothing extra. */
export type OptimizationLevel = "minimal" | "standard";

/**
 * What a handler may use for one attempt of one step; the pilot makes it. Everything goes through the step machinery: reservations, journal,
 * keys, views and limits are those of the direct path. A call that ends the step (waiting, cancelled, no budget) ends it whatever the
 * handler makes of the error.
 */
export interface HandlerContext extends ExecutionContext {
  readonly workspaceId: string;
  readonly intent: IntentType;
  /** From 1. */
  readonly attempt: number;
  readonly level: OptimizationLevel;
  /** What models are told of earlier executions besides the step's own data; empty: nothing. */
  readonly memory: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Names that templates and conditions can see. */
  readonly scope: TemplateScope;
  /** @throws AppError `TEMPLATE_INVALID` with step and field */
  resolve(value: JsonValue, field: string): JsonValue;
  /** The step as the direct path performs it. @throws AppError what fails there; `HANDLER_INVALID` for the second time of an action with an effect */
  perform(options?: PerformOptions): Promise<PerformedStep>;
  /** One plugin call that belongs to the step and reads only. @throws AppError `HANDLER_INVALID` for an action with an effect; what the call fails with */
  read(call: { readonly plugin: string; readonly action: string; readonly params: JsonObject }): Promise<JsonValue>;
  /** One after the other. A part that fails is a result; its retries are its own. */
  performPart(part: StepPart): Promise<PartResult>;
  /** Ids of parts that were begun by this or an earlier attempt, in any order. */
  begunParts(): readonly string[];
  /** What the catalogue knows of a plugin's action; undefined: there is none. */
  findAction(plugin: string, action: string): PluginCatalogAction | undefined;
  /** A shorter view where governance acts, else the content itself. Never for what is stored. */
  compress(content: string, options?: { readonly task?: string; readonly targetTokens?: number }): Promise<string>;
  /** Rejects when the step is aborted. */
  sleep(ms: number): Promise<void>;
  /**
   * Ends the step with this error, to be thrown: what was asked for cannot be done. Anything else that is thrown before anything was asked of
   * the context is a fault of the handler, and the direct path is taken.
   */
  verdict(error: AppError): AppError;
  warn(warning: string): void;
  track(metrics: HandlerMetrics): void;
}

/**
 * What every handler offers. The registry calls `init` once, then `validate` and `execute`, `rollback` after an execution that failed, at the end
 * `cleanup`. One handler serves many steps at the same time: what belongs to one of them stands in its context.
 */
export interface HandlerInterface {
  readonly intent: IntentType;
  init(): Promise<void>;
  /** Whether it can serve this step; false: the step takes the direct path. */
  validate(step: WorkflowStep): Promise<boolean>;
  execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput>;
  /** Takes back what the handler itself keeps of a failed execution. What the outside world saw is the business of `rollbackAction`. */
  rollback(step: WorkflowStep, context: HandlerContext): Promise<void>;
  cleanup(): Promise<void>;
}

/** As the plan has it. */
export interface RoutingDecision {
  readonly tier: "fast" | "balanced" | "capable";
  readonly model: string;
  readonly reason: string;
  readonly alternatives: readonly { readonly tier: Tier; readonly model: string }[];
  /** null: unknown price. */
  readonly expectedCostUsd: number | null;
}

/** What `TokenCompressor.compress` gives. */
export interface CompressedContent {
  /** What a model sees in place of the content. */
  readonly view: string;
  readonly tokensIn: number;
  readonly tokensOut: number;
  /** The content can be rebuilt from the view alone. */
  readonly lossless: boolean;
  /** Q, 0–5: 5 × the calibrated probability that a question answerable from the content is answerable from the view. */
  readonly quality: number;
  /** One-sided 90 % lower bound of Q; what a minimum is compared with. */
  readonly qualityLowerBound: number;
  /** Highest level that was used: 0 lossless, 1 reducers and projection, 2 selection and fit, 3 model summary. */
  readonly level: 0 | 1 | 2 | 3;
  readonly stages: readonly StageReport[];
  readonly facts: CompressionFacts;
  readonly handles: readonly ViewHandle[];
  readonly outcome: CompressionOutcome;
}
