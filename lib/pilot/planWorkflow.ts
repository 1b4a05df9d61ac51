// What a workflow may cost, before it runs and without a model: worst case per model step, and what its first steps need. Pure but for the counter.
import type { JsonObject, JsonValue } from "../core/json.ts";
import { nanoToUsd, type NanoUsd } from "../core/money.ts";
import { resolveTemplates, scopeOf } from "../operations/templates.ts";
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
  const planned = new Map<WorkflowStep, StepPlan>();
  for (const { step, path, isRepeated } of visited(definition.steps)) {
    const plan = planStep(step, options, isRepeated);
    planned.set(step, plan);
    totals.add(plan);
    steps.push(toReport(step, path, { plan, options }));
  }
  const first = firstNeed(definition, planned);
  const model = modelOf(definition.steps[0], options);
  const report: PlanReport = { workflow: definition.name, model, pricedAs, steps, total: totals.report() };
  return { report, first };
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
  const { services, definition, defaultModel, pricedAs } = options;
  const decision = decideDirect(step, { definition, snapshot: { defaultModel } as ConfigSnapshot });
  const resolved = services.providers.resolve(decision.model);
  const [provider, model] =
    pricedAs !== null && resolved.provider.name === "offline" ? split(pricedAs) : [resolved.provider.name, resolved.model];
  const inputTokens = inputTokensOf(step, options);
  const perStep = step.type === "llm_decision" ? (step.maxIterations ?? DEFAULT_TURNS) : MAX_CALLS_PER_STEP;
  const maxCalls = isRepeated ? null : perStep;
  const name = resolved.provider.name === "offline" ? "offline" : `${resolved.provider.name}/${resolved.model}`;
  if (inputTokens === null) return { tokens: null, usd: null, minCalls: 0, maxCalls, model: name };
  const cap = decision.maxOutputTokens;
  return {
    tokens: inputTokens + cap,
    usd: services.prices.worstCaseUsd(provider, model, { upperInputTokens: inputTokens, outputCapTokens: cap }),
    minCalls: 0,
    maxCalls,
    model: name,
  };
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

function firstNeed(definition: WorkflowDefinition, planned: ReadonlyMap<WorkflowStep, StepPlan>): WorkflowPlan["first"] {
  const dependencies = stepDependencies(definition.steps);
  let tokens = 0;
  let usd: NanoUsd | null = 0n;
  for (const step of definition.steps) {
    const plan = planned.get(step);
    if (
      (dependencies.get(step.id)?.size ?? 0) > 0 ||
      plan === undefined ||
      plan.tokens === null ||
      plan.tokens === 0 ||
      step.executeIf !== undefined
    )
      continue;
    tokens += plan.tokens;
    usd = usd === null || plan.usd === null ? null : usd + plan.usd;
  }
  return { tokens, usd };
}

function toReport(
  step: WorkflowStep,
  path: string,
  { plan, options }: { readonly plan: StepPlan; readonly options: PlanOptions },
): PlanStep {
  const effect = step.type === "action" ? (options.services.catalog.action(step.plugin, step.action)?.effect ?? null) : null;
  return {
    id: step.id,
    path,
    type: step.type,
    intent: null,
    effect,
    handler: null,
    tier: null,
    model: plan.model,
    envelope: { q10: null, q50: null, q90: null },
    costUsd: plan.usd === null ? null : nanoToUsd(plan.usd),
    calls: { min: plan.minCalls, max: plan.maxCalls },
  };
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

  report(): PlanReport["total"] {
    return { calls: this.#calls, tokens: this.#tokens, costUsd: this.#usd === null ? null : nanoToUsd(this.#usd) };
  }
}
