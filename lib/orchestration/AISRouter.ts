// Which model a step should be sent to: by the agent's intensity score, the person's wish, what can serve, and evidence. It calls no model.
import type { WorkflowStep } from "../workflow/types.ts";
import { PLAN_CUTS, readAis, TIERS, type TierCuts } from "./routing/chooseTier.ts";
import { decideRoute } from "./routing/decideRoute.ts";
import type { SuccessModel } from "./routing/SuccessModel.ts";
import { textBuckets } from "./routing/textBuckets.ts";
import { callNameOf, modelsOfTier, orderTables, PRESET_TABLES, type TierTables } from "./routing/tierTables.ts";
import type {
  Candidate,
  ModelFacts,
  RoutableAgent,
  RouteContext,
  RouteDecision,
  RouteInputs,
  RouteNeeds,
  SuccessEstimate,
} from "./routing/types.ts";
import type { Tier } from "./types.ts";

/** @param callModel as `ProviderRegistry.resolve` takes it */
export type ModelFactsSource = (callModel: string, tokens: { readonly input: number | null; readonly output: number | null }) => ModelFacts;

export interface AISRouterOptions {
  /** @defaultValue the plan's preset */
  readonly tables?: TierTables;
  /** @defaultValue the plan's cut: fast below 5, balanced below 7.5 */
  readonly cuts?: TierCuts;
  /** What the installation knows of models. @defaultValue nothing is checked */
  readonly facts?: ModelFactsSource;
  /** Outcomes of earlier first attempts in this workspace. @defaultValue none: no cheaper model is tried first */
  readonly evidence?: SuccessModel;
}

/** The part of a step that a route reads. */
export type RoutableStep = Pick<WorkflowStep, "id" | "type"> & Readonly<Record<string, unknown>>;

const NOTHING_KNOWN: ModelFacts = {
  state: "unchecked",
  windowTokens: null,
  takesTools: null,
  modalities: null,
  isHealthy: true,
  costUsd: null,
};
/** What hysteresis reads, and a little to see how it came. */
const PAST_READ = 3;
/** Nano-dollars. */
const USD_DIGITS = 9;

export class AISRouter {
  readonly #tables: TierTables;
  readonly #cuts: TierCuts;
  readonly #facts: ModelFactsSource;
  readonly #evidence: SuccessModel | null;

  constructor({ tables = PRESET_TABLES, cuts = PLAN_CUTS, facts = () => NOTHING_KNOWN, evidence }: AISRouterOptions = {}) {
    this.#tables = tables;
    this.#cuts = cuts;
    this.#facts = facts;
    this.#evidence = evidence ?? null;
  }

  /**
   * Synchronous and without side effects: the same agent, step, context and evidence give the same decision, which
   * carries everything it was made from (`inputs`). Below 1 ms. Never throws.
   */
  route(agent: RoutableAgent, step: RoutableStep, context: RouteContext = {}): RouteDecision {
    return decideRoute(this.inputsOf(agent, step, context));
  }

  inputsOf(agent: RoutableAgent, step: RoutableStep, context: RouteContext = {}): RouteInputs {
    const { ais, fault } = readAis(agent.ais);
    const { preference = {}, history = [] } = agent;
    const hasTools = step.type === "llm_decision";
    const hasVerifier = context.hasVerifier ?? isVerifiable(step);
    const preferredModel = preferredBy(agent, step);
    // Where no evidence will be asked for, none is looked up.
    const estimate = hasVerifier && history.length > 0 ? this.#estimator(agent, step, context) : null;
    const candidate = remembered((model) => this.#candidate(model, context, estimate));
    return {
      ais,
      aisFault: fault,
      cuts: { fast: this.#cuts.fast, balanced: this.#cuts.balanced },
      history: history.slice(0, PAST_READ).map((past) => ({ ais: readAis(past.ais).ais, tier: past.tier })),
      preference: { model: preferredModel, tier: knownTier(preference.tier) },
      lockedModel: context.lockedModel ?? null,
      directModel: context.directModel ?? null,
      needs: needsOf(hasTools, context),
      hasVerifier,
      mayCascade: context.mayTakeTwoCalls !== false && !hasTools,
      tiers: this.#tiers(candidate, preference.provider),
      preferred: preferredModel === null ? null : candidate(preferredModel),
    };
  }

  #tiers(candidate: (model: string) => Candidate, provider: string | undefined): RouteInputs["tiers"] {
    const isServed = (model: string): boolean => ["served", "unchecked"].includes(candidate(model).state);
    const ordered = orderTables(this.#tables, { provider, isServed });
    const tier = (of: Tier): readonly Candidate[] => modelsOfTier(ordered, of).map(candidate);
    return { fast: tier("fast"), balanced: tier("balanced"), capable: tier("capable") };
  }

  #candidate(
    model: string,
    { inputTokens, outputTokens }: RouteContext,
    estimate: ((callModel: string) => SuccessEstimate) | null,
  ): Candidate {
    const tokens = { input: inputTokens ?? null, output: outputTokens ?? null };
    const alias = callNameOf(this.#tables, model);
    // An alias stands in for a name that nothing serves; a gateway may well serve it.
    const own = alias === model ? null : this.#facts(model, tokens);
    const callModel = own?.state === "served" ? model : alias;
    const facts = own?.state === "served" ? own : this.#facts(callModel, tokens);
    const { costUsd } = facts;
    const chance = estimate === null ? null : roundedEstimate(estimate(callModel));
    return { model, callModel, ...facts, costUsd: costUsd === null ? null : rounded(costUsd, USD_DIGITS), estimate: chance };
  }

  #estimator(agent: RoutableAgent, step: RoutableStep, context: RouteContext): ((callModel: string) => SuccessEstimate) | null {
    const evidence = this.#evidence;
    if (evidence === null) return null;
    const key = evidenceKeyOf(agent, step, context);
    const buckets = textBuckets(context.text ?? textOfStep(step));
    return (model) => evidence.estimate({ ...key, model }, buckets);
  }
}

/** Decided by rounded figures, so that what is stored is short and still exactly what was decided by. */
function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function roundedEstimate({ mean, lower, samples }: SuccessEstimate): SuccessEstimate {
  return { mean: rounded(mean, 4), lower: rounded(lower, 4), samples: rounded(samples, 2) };
}

function needsOf(hasTools: boolean, { inputTokens, modalities }: RouteContext): RouteNeeds {
  return { inputTokens: inputTokens ?? null, hasTools, modalities: modalities ?? [] };
}

/** The step's own name, then the agent's wish, then what the agent or its workflow names. */
function preferredBy({ model, preference }: RoutableAgent, step: RoutableStep): string | null {
  return nameIn(step["model"]) ?? nameIn(preference?.model) ?? nameIn(model);
}

function remembered<Value>(make: (name: string) => Value): (name: string) => Value {
  const made = new Map<string, Value>();
  return (name) => {
    const value = made.get(name) ?? make(name);
    made.set(name, value);
    return value;
  };
}

/** Under what a step's outcomes are kept: the writer of outcomes must use the same. */
export function evidenceKeyOf(
  { id = "" }: RoutableAgent,
  step: RoutableStep,
  { intent, tool, signature, version }: RouteContext,
): { readonly intent: string; readonly tool: string; readonly signature: string; readonly version: string } {
  return { intent: intent ?? "", tool: tool ?? step.type, signature: `${id}/${signature ?? step.id}`, version: version ?? "" };
}

/** Code can tell whether the answer is right in form: a schema, or labels of which one must be given. */
export function isVerifiable(step: RoutableStep): boolean {
  if (isObject(step["output_schema"])) return true;
  const config = step["config"];
  return isObject(config) && (isObject(config["output_schema"]) || (Array.isArray(config["labels"]) && config["labels"].length > 0));
}

/** What evidence takes for the text of a step whose rendered request is not known. */
export function textOfStep(step: RoutableStep): string {
  return nameIn(step["prompt"]) ?? nameIn(step["instruction"]) ?? "";
}

function nameIn(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function knownTier(tier: unknown): Tier | null {
  return TIERS.find((known) => known === tier) ?? null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
