// The words of routing: what a decision is made from, and what it says. Types only.
import type { RoutingDecision, Tier } from "../types.ts";

/** A wish of the person who owns the agent. The model wins over the tier, the provider only orders the tables. */
export interface ModelPreference {
  readonly model?: string;
  readonly tier?: Tier;
  /** Its tier table is asked first. */
  readonly provider?: string;
}

/** An earlier execution of the same agent. */
export interface PastRoute {
  /** 0–10, as it stood when that execution started; null: there was none. */
  readonly ais: number | null;
  /** The tier that its score had led to. */
  readonly tier: Tier;
}

/** The agent as a route sees it. */
export interface RoutableAgent {
  readonly id?: string;
  /** 0–10 as of the execution's snapshot; absent, null or NaN: no score. */
  readonly ais?: number | null | undefined;
  /** Model that the agent or its workflow names; the step's own name stands above it. */
  readonly model?: string | undefined;
  readonly preference?: ModelPreference | undefined;
  /** Newest first; the latest three are read. Empty or absent: an agent without history. */
  readonly history?: readonly PastRoute[] | undefined;
}

/** What is known of a step besides its text. Everything is optional: unknown is not zero. */
export interface RouteContext {
  readonly intent?: string | undefined;
  /** `plugin.action` or the like that the step stands for. @defaultValue the step's type */
  readonly tool?: string | undefined;
  /** The step's place in the definition, without indices. @defaultValue the step's id */
  readonly signature?: string | undefined;
  /** Hash of prompt and schema: evidence under another one says nothing of this step. @defaultValue "" */
  readonly version?: string | undefined;
  /** What the model is to read, as far as it is known. @defaultValue the step's prompt */
  readonly text?: string | undefined;
  /** Upper count of the request, for the window. */
  readonly inputTokens?: number | undefined;
  /** Predicted answer, for the price. */
  readonly outputTokens?: number | undefined;
  /** What besides text must be read, such as `image`. */
  readonly modalities?: readonly string[] | undefined;
  /** Whether the answer is checked by code. @defaultValue by the step: a schema or a closed list of labels */
  readonly hasVerifier?: boolean | undefined;
  /** False: there is no time for a second call. @defaultValue true */
  readonly mayTakeTwoCalls?: boolean | undefined;
  /** The model that this tool loop began with. */
  readonly lockedModel?: string | undefined;
  /** What would be called without routing. */
  readonly directModel?: string | undefined;
}

export type ModelState = "served" | "no_key" | "unknown" | "unchecked";

/** What the installation knows of a model. null: unknown, and no reason to pass a model over. */
export interface ModelFacts {
  readonly state: ModelState;
  readonly windowTokens: number | null;
  readonly takesTools: boolean | null;
  readonly modalities: readonly string[] | null;
  /** False while the breaker of its provider and account is open. */
  readonly isHealthy: boolean;
  /** Of one call with so many tokens. null: unknown. */
  readonly costUsd: number | null;
}

/** Chance that a first attempt passes the step's check. */
export interface SuccessEstimate {
  /** 0–1. */
  readonly mean: number;
  /** One-sided 90 % lower bound, 0–1. */
  readonly lower: number;
  /** First attempts of this very step that it rests on; older ones count less. */
  readonly samples: number;
}

export interface Candidate extends ModelFacts {
  /** As the tier table has it. */
  readonly model: string;
  /** What is called: the table's alias, else `model`. */
  readonly callModel: string;
  /** null: nothing checks the answer, so nothing is known. */
  readonly estimate: SuccessEstimate | null;
}

export interface Choice {
  readonly tier: Tier;
  readonly candidate: Candidate;
}

export interface RouteNeeds {
  /** null: not counted yet. */
  readonly inputTokens: number | null;
  readonly hasTools: boolean;
  readonly modalities: readonly string[];
}

/** Everything that a decision depends on, as plain JSON: the same inputs give the same decision. */
export interface RouteInputs {
  /** null: none, or none that can be used; then `aisFault` says why. */
  readonly ais: number | null;
  readonly aisFault: string | null;
  /** Scores below which a tier is chosen. */
  readonly cuts: { readonly fast: number; readonly balanced: number };
  readonly history: readonly PastRoute[];
  readonly preference: { readonly model: string | null; readonly tier: Tier | null };
  readonly lockedModel: string | null;
  readonly directModel: string | null;
  readonly needs: RouteNeeds;
  readonly hasVerifier: boolean;
  readonly mayCascade: boolean;
  readonly tiers: Readonly<Record<Tier, readonly Candidate[]>>;
  /** Facts of the preferred model. */
  readonly preferred: Candidate | null;
}

export type DegradationCause =
  | "ais_missing"
  | "ais_invalid"
  | "unknown"
  | "no_key"
  | "window"
  | "tools"
  | "modality"
  | "unhealthy"
  | "tier_empty"
  | "no_candidate";

/** Something that was asked for and not given. */
export interface RouteDegradation {
  readonly cause: DegradationCause;
  /** Model or tier concerned; null: the agent. */
  readonly subject: string | null;
  /** One sentence for people. */
  readonly detail: string;
}

export type RouteRule = "locked" | "preference" | "ais" | "hysteresis" | "cheap_first" | "evidence" | "fallback" | "direct";

/** The plan's decision, with what it takes to explain and to replay it. */
export interface RouteDecision extends RoutingDecision {
  /** What to call: `model`, or what it is an alias for. */
  readonly callModel: string;
  /** Which rule had the last word. */
  readonly rule: RouteRule;
  /** The tier of the score alone (the plan's cut and hysteresis); what `history` keeps. */
  readonly aisTier: Tier;
  /** Where to go, once, when the answer does not pass its check; null: nowhere. */
  readonly escalation: { readonly tier: Tier; readonly model: string; readonly callModel: string } | null;
  readonly alternatives: readonly { readonly tier: Tier; readonly model: string; readonly callModel: string }[];
  readonly degradations: readonly RouteDegradation[];
  /** The questions asked, in order, with their answers. */
  readonly trail: readonly string[];
  readonly inputs: RouteInputs;
}
