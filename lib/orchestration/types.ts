// The words of orchestration, the plan's among them: intents, budgets, policies, routes, views. Types only.
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { Effect, StepLabel, StepOutput, WorkflowStep } from "../workflow/types.ts";
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
}

/** What is to be done with a step, and why. Made without acting; recorded whether or not it is acted on. */
export interface StepDecision {
  readonly mode: GovernanceMode;
  readonly intent: IntentType;
  readonly effect: Effect;
  readonly model: string | undefined;
  readonly maxOutputTokens: number;
  readonly views: ViewPolicy;
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

/** What every handler offers. The registry calls `init` once, then `validate`, `execute`, at need `rollback`, at the end `cleanup`. */
export interface HandlerInterface {
  readonly intent: IntentType;
  init(): Promise<void>;
  validate(step: WorkflowStep): Promise<boolean>;
  execute(step: WorkflowStep, context: ExecutionContext): Promise<StepOutput>;
  rollback(step: WorkflowStep, context: ExecutionContext): Promise<void>;
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
