// What a workflow may cost, before it runs and without a model: worst case per model step, and what its first steps need. Pure but for the counter.
import type { JsonObject, JsonValue } from "../core/json.ts";
import { nanoToUsd, type NanoUsd } from "../core/money.ts";
import { resolveTemplates, scopeOf } from "../operations/templates.ts";
import type { WorkflowForecast } from "../orchestration/TokenBudgetManager.ts";
import type { IntentClassification } from "../orchestration/types.ts";
import type { PlanReport, PlanStep } from "../systemApi.ts";
import { stepDependencies } from "../workflow/dependencies.ts";
import { nestedLists } from "../workflow/nestedSteps.ts";
import type { WorkflowDefinition, WorkflowStep } from "../workflow/types.ts";
import { decideDirect } from "./decideDirect.ts";
import type { ConfigSnapshot } from "./ExecutionState.ts";
import type { PilotServices } from "./types.ts";

/** What a request carries besides prompt and data: the system text, message frames. */
const REQUEST_OVERHEAD_TOKENS = 400;
/** One call, one repair, one longer answer: what an ai_processing step may come to. */
const MAX_CALLS_PER_STEP = 2;
const DEFAULT_TURNS = 10;

export interface PlanOptions {
  readonly definition: WorkflowDefinition;
  readonly inputs: JsonObject;
  readonly services: Pick<PilotServices, "providers" | "prices" | "counter" | "catalog">;
  readonly pricedAs: string | null;
  readonly defaultModel: string | null;
  /** Where routing sends a step; undefined, or undefined for the step: as without routing. */
  readonly modelOf?: ((step: WorkflowStep) => string | undefined) | undefined;
  /** What steps are for and what the whole is expected to use; absent: only worst cases are asked for. */
  readonly outlook?: Outlook;
}

export interface Outlook {
  readonly classifications: ReadonlyMap<string, IntentClassification>;
  readonly forecast: WorkflowForecast;
  /** Handlers by step id. @defaultValue none: routing by intent is off */
  readonly handlers?: ReadonlyMap<string, string>;
}

export interface WorkflowPlan {
  readonly report: PlanReport;
  /** Worst case of the model steps that wait for nothing: what a start asks its accounts for. */
  readonly first: { readonly tokens: number; readonly usd: NanoUsd | null };
}

interface StepPlan {
  readonly tokens: number | null;
  readonly usd: NanoUsd | null;
  readonly minCalls: number;
  /** null: only the run knows. */
  readonly maxCalls: number | null;
  readonly model: string | null;
}

export function planWorkflow(options: PlanOptions): WorkflowPlan {
  const { definition, pricedAs } = options;
  const steps: PlanStep[] = [];
  const totals = new Total();
  for (const { step, path, isRepeated } of visited(definition.steps)) {
    const plan = planStep(step, options, isRepeated);
    totals.add(plan);
    steps.push(toReport(step, path, { plan, options }));
  }
  const first = firstNeed(options);
  const model = modelOf(definition.steps[0], options);
  const total = { ...totals.report(), ...expected(options.outlook?.forecast ?? null) };
  const report: PlanReport = { workflow: definition.name, model, pricedAs, steps, total };
  return { report, first };
}

const UNKNOWN = { q10: null, q50: null, q90: null };

function expected(forecast: WorkflowForecast | null): Pick<PlanReport["total"], "envelope" | "envelopeUsd" | "samples"> {
  if (forecast === null) return { envelope: UNKNOWN, envelopeUsd: UNKNOWN, samples: 0 };
  const { tokens, usd, samples } = forecast.envelope;
  const envelopeUsd = usd === null ? UNKNOWN : { q10: nanoToUsd(usd.q10), q50: nanoToUsd(usd.q50), q90: nanoToUsd(usd.q90) };
  return { envelope: tokens, envelopeUsd, samples: Math.round(samples) };
}

interface Visit {
  readonly step: WorkflowStep;
  readonly path: string;
  /** Inside a loop or scatter: it runs as often as there are items. */
  readonly isRepeated: boolean;
}

function* visited(steps: readonly WorkflowStep[], prefix = "", isRepeated = false): Generator<Visit> {
  for (const step of steps) {
    const path = `${prefix}${step.id}`;
    yield { step, path, isRepeated };
    for (const { kind, steps: inner } of nestedLists(step))
      yield* visited(inner, `${path}${kind === "each" ? "[*]" : ""}.`, isRepeated || kind === "each");
  }
}

function planStep(step: WorkflowStep, options: PlanOptions, isRepeated: boolean): StepPlan {
  if (step.type !== "ai_processing" && step.type !== "llm_decision") return { tokens: 0, usd: 0n, minCalls: 0, maxCalls: 0, model: null };
  const { services } = options;
  const { provider, model, name, cap } = pricedModel(step, options);
  const inputTokens = inputTokensOf(step, options);
  const perStep = step.type === "llm_decision" ? (step.maxIterations ?? DEFAULT_TURNS) : MAX_CALLS_PER_STEP;
  const maxCalls = isRepeated ? null : perStep;
  if (inputTokens === null) return { tokens: null, usd: null, minCalls: 0, maxCalls, model: name };
  return {
    tokens: inputTokens + cap,
    usd: services.prices.worstCaseUsd(provider, model, { upperInputTokens: inputTokens, outputCapTokens: cap }),
    minCalls: 0,
    maxCalls,
    model: name,
  };
}

interface PricedModel {
  readonly provider: string;
  readonly model: string;
  /** As shown. */
  readonly name: string;
  /** Most output tokens of one call. */
  readonly cap: number;
}

function pricedModel(step: WorkflowStep, { services, definition, defaultModel, pricedAs, modelOf: routed }: PlanOptions): PricedModel {
  const decision = decideDirect(step, { definition, snapshot: { defaultModel } as ConfigSnapshot });
  const resolved = services.providers.resolve(routed?.(step) ?? decision.model);
  const isOffline = resolved.provider.name === "offline";
  const [provider, model] = pricedAs !== null && isOffline ? split(pricedAs) : [resolved.provider.name, resolved.model];
  return { provider, model, name: isOffline ? "offline" : `${resolved.provider.name}/${resolved.model}`, cap: decision.maxOutputTokens };
}

/** Upper count of one request; null when it holds outputs of other steps, whose size only the run knows, and no `token_budget` bounds it. */
function inputTokensOf(
  step: Extract<WorkflowStep, { readonly type: "ai_processing" | "llm_decision" }>,
  { services, inputs, definition }: PlanOptions,
): number | null {
  if (step.token_budget !== undefined) return step.token_budget;
  const content: JsonValue = [step.prompt ?? "", step.input ?? null, step.output_schema ?? null];
  const defaults = Object.fromEntries(
    Object.entries(definition.inputs ?? {}).flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value]])),
  );
  try {
    const known = { ...defaults, ...inputs };
    const resolved = resolveTemplates(content, scopeOf({ input: known, inputs: known }));
    return services.counter.countUpper(JSON.stringify(resolved)) + REQUEST_OVERHEAD_TOKENS;
  } catch {
    // A template names what is not known before the run.
    return null;
  }
}

/**
 * What the cheapest first call needs for certain: its prompt as written and its output cap, without the frame around them.
 * A start is refused only when not even that fits; where something can start that needs no model, nothing is asked.
 */
function firstNeed(options: PlanOptions): WorkflowPlan["first"] {
  const { definition } = options;
  const dependencies = stepDependencies(definition.steps);
  let least: WorkflowPlan["first"] | null = null;
  for (const step of definition.steps) {
    if ((dependencies.get(step.id)?.size ?? 0) > 0) continue;
    const need = leastNeed(step, options);
    if (need === null) return NOTHING;
    if (least === null || need.tokens < least.tokens) least = need;
  }
  return least ?? NOTHING;
}

const NOTHING: WorkflowPlan["first"] = { tokens: 0, usd: 0n };

/** null: the step may run without a model call. */
function leastNeed(step: WorkflowStep, options: PlanOptions): WorkflowPlan["first"] | null {
  if ((step.type !== "ai_processing" && step.type !== "llm_decision") || step.executeIf !== undefined) return null;
  // With an input that turns out empty, with fields found by rule, or from the cache, no model is asked.
  if (mayBeEmpty(step.input) || step.cache?.enabled === true || (step.type === "ai_processing" && step.config?.ai_type !== undefined))
    return null;
  const prompt = step.prompt ?? "";
  const inputTokens = prompt.includes("{{") ? 0 : options.services.counter.count(prompt);
  const { provider, model, cap } = pricedModel(step, options);
  return {
    tokens: inputTokens + cap,
    usd: options.services.prices.worstCaseUsd(provider, model, { upperInputTokens: inputTokens, outputCapTokens: cap }),
  };
}

/** Text outside of templates is there whatever the run resolves; anything else may turn out empty. No input at all is not an empty one. */
function mayBeEmpty(input: JsonValue | undefined): boolean {
  if (input === undefined) return false;
  return typeof input !== "string" || (input.split("{{", 1)[0] ?? "").trim() === "";
}

function toReport(
  step: WorkflowStep,
  path: string,
  { plan, options }: { readonly plan: StepPlan; readonly options: PlanOptions },
): PlanStep {
  const { outlook } = options;
  const declared = step.type === "action" ? (options.services.catalog.action(step.plugin, step.action)?.effect ?? null) : null;
  const label = options.definition.labels?.[step.id] ?? outlook?.classifications.get(step.id);
  const need = outlook?.forecast.needs.get(step.id);
  return {
    id: step.id,
    path,
    type: step.type,
    intent: label?.intent ?? null,
    effect: label?.effect ?? declared,
    handler: handlerOf(step, outlook),
    tier: null,
    model: plan.model,
    envelope: need?.envelope.tokens ?? UNKNOWN,
    costUsd: plan.usd === null ? null : nanoToUsd(plan.usd),
    calls: { min: plan.minCalls, max: plan.maxCalls },
  };
}

function handlerOf(step: WorkflowStep, outlook: Outlook | undefined): string | null {
  return outlook?.handlers?.get(step.id) ?? null;
}

function modelOf(step: WorkflowStep | undefined, { services, definition, defaultModel }: PlanOptions): string {
  const name = definition.model ?? step?.model ?? defaultModel ?? undefined;
  const { provider, model } = services.providers.resolve(name);
  return provider.name === "offline" ? "offline" : `${provider.name}/${model}`;
}

function split(name: string): [string, string] {
  const slash = name.indexOf("/");
  return [name.slice(0, slash), name.slice(slash + 1)];
}

/** Worst case of every call; anything unknown makes the sum unknown. */
class Total {
  #calls: number | null = 0;
  #tokens: number | null = 0;
  #usd: NanoUsd | null = 0n;

  add(plan: StepPlan): void {
    this.#calls = this.#calls === null || plan.maxCalls === null ? null : this.#calls + plan.maxCalls;
    const { tokens, usd, maxCalls } = plan;
    this.#tokens = this.#tokens === null || tokens === null || maxCalls === null ? null : this.#tokens + tokens * maxCalls;
    this.#usd = this.#usd === null || usd === null || maxCalls === null ? null : this.#usd + usd * BigInt(maxCalls);
  }

  report(): Pick<PlanReport["total"], "calls" | "tokens" | "costUsd"> {
    return { calls: this.#calls, tokens: this.#tokens, costUsd: this.#usd === null ? null : nanoToUsd(this.#usd) };
  }
}
