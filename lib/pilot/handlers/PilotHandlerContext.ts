// What a handler may use of one attempt: the step machinery behind a narrow interface, and the record of what came of it. It decides nothing.
import { AppError } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { UnitPart } from "../../db/UnitPart.ts";
import type {
  HandlerContext,
  HandlerMetrics,
  PartResult,
  PerformedStep,
  PerformOptions,
  StepPart,
  TokenBudget,
} from "../../orchestration/types.ts";
import type { ActionStep, PluginCatalogAction, WorkflowStep } from "../../workflow/types.ts";
import { PART_MARK } from "../ExecutionState.ts";
import { endUnfinished, prefixOf } from "../steps/innerSteps.ts";
import { escapeTemplates } from "../steps/escapeTemplates.ts";
import type { StepContext, StepFacts, StepOutcome, StepPerformer } from "../types.ts";
import type { HandlerRoute } from "./HandlerRoute.ts";
import { addFacts, contextWith, inputOf } from "./handledInput.ts";

const PART_ID = /^[A-Za-z0-9[\]-]{1,80}$/;
/** What no handler may take for a failure of its own that it can work around. */
const FINAL = new Set([
  "BUDGET_EXCEEDED",
  "PRICE_UNKNOWN",
  "FENCED",
  "EXECUTION_CANCELLED",
  "EXECUTION_TIMEOUT",
  "STEP_TIMEOUT",
  "EFFECT_UNCERTAIN",
]);

export class PilotHandlerContext implements HandlerContext {
  /** Aborted with the step, and once nothing more is expected of the handler. */
  readonly signal: AbortSignal;
  readonly #context: StepContext;
  readonly #performer: StepPerformer;
  readonly #route: HandlerRoute;
  readonly #onIdle: (isIdle: boolean) => void;
  readonly #closing = new AbortController();
  readonly #warnings: string[] = [];
  readonly #parts: UnitPart[] = [];
  #facts: StepFacts = {};
  #metrics: JsonObject = {};
  #savedTokens = 0;
  #ended: StepOutcome | null = null;
  #openCalls = 0;
  #hasBegun: boolean;
  #hasPerformed = false;
  #input: { readonly value: JsonValue } | null = null;

  /** @param onIdle told whenever the handler begins to be, or is no longer, the only one at work */
  constructor(parts: {
    readonly context: StepContext;
    readonly performer: StepPerformer;
    readonly route: HandlerRoute;
    readonly onIdle: (isIdle: boolean) => void;
  }) {
    this.#context = parts.context;
    this.#performer = parts.performer;
    this.#route = parts.route;
    this.#onIdle = parts.onIdle;
    this.#hasBegun = parts.route.isBegun;
    this.signal = AbortSignal.any([parts.context.signal, this.#closing.signal]);
  }

  get executionId(): string {
    return this.#context.state.id;
  }

  get agentId(): string {
    return this.#context.state.claim.agentId;
  }

  get workspaceId(): string {
    return this.#context.state.workspaceId;
  }

  get stepPath(): string {
    return this.#context.path;
  }

  get intent(): HandlerContext["intent"] {
    return this.#route.intent;
  }

  get level(): HandlerContext["level"] {
    return this.#route.level;
  }

  get attempt(): number {
    return this.#context.attempt;
  }

  get memory(): string {
    return (this.#context.state.memory?.sections ?? []).flatMap(({ lines }) => lines).join("\n");
  }

  get nowMs(): number {
    return this.#context.services.clock.nowMs();
  }

  get scope(): HandlerContext["scope"] {
    return this.#context.scope;
  }

  /** Resolved when it is first asked for. */
  get input(): JsonValue {
    this.#input ??= { value: inputOf(this.#context) };
    return this.#input.value;
  }

  /** Inputs and loop variables; outputs of steps are read by `resolve`. */
  get variables(): JsonObject {
    const { scope } = this.#context;
    return Object.fromEntries(
      scope.roots().flatMap((root): [string, JsonValue][] => {
        const found = scope.get(root);
        return found.found && found.isStep !== true ? [[root, found.value]] : [];
      }),
    );
  }

  /** The step's planned share; without one, the most that its one answer may have. */
  get budget(): TokenBudget {
    const { decision, step } = this.#context;
    const planned = decision.governance?.execution.budget.budgetOf(step.id);
    if (planned !== undefined) return planned;
    const allocated = step.token_budget ?? decision.maxOutputTokens;
    const used = this.#facts.tokensUsed ?? 0;
    return { allocated, used, remaining: Math.max(allocated - used, 0), compressed: false };
  }

  /** What ends the step whatever the handler made of it; null: nothing did. */
  get ended(): StepOutcome | null {
    return this.#ended;
  }

  /** True once the handler asked for anything to be done: from then on nothing falls back. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get facts(): StepFacts {
    const warnings = [...new Set([...(this.#facts.warnings ?? []), ...this.#warnings])];
    return { ...this.#facts, ...(warnings.length === 0 ? {} : { warnings }) };
  }

  get parts(): readonly UnitPart[] {
    return this.#parts;
  }

  get savedTokens(): number {
    return this.#savedTokens;
  }

  get metrics(): JsonObject {
    return this.#metrics;
  }

  /** What a handler asks for later is refused. @param reason it was given up */
  close(reason?: AppError): void {
    this.#closing.abort(reason);
  }

  resolve(value: JsonValue, field: string): JsonValue {
    return this.#context.resolve(value, field);
  }

  perform(options: PerformOptions = {}): Promise<PerformedStep> {
    return this.#call(async () => {
      this.#checkOnce();
      const before = this.#facts.tokensUsed ?? 0;
      const outcome = await this.#performer(contextWith(this.#context, options));
      const output = this.#take(outcome);
      const warnings = outcome.status === "completed" ? (outcome.facts?.warnings ?? []) : [];
      const details = outcome.status === "completed" ? (outcome.facts?.more ?? {}) : {};
      return { output, warnings, tokens: (this.#facts.tokensUsed ?? 0) - before, details };
    });
  }

  read({ plugin, action, params }: { readonly plugin: string; readonly action: string; readonly params: JsonObject }): Promise<JsonValue> {
    return this.#call(async () => {
      const { effect } = this.#context.services.plugins.profile({ plugin, action, params });
      if (writes(effect)) {
        throw new AppError(
          "HANDLER_INVALID",
          `step ${this.stepPath}: ${plugin}.${action} has the effect ${effect}: a handler performs it as a part`,
          {
            details: { step: this.stepPath, expected: "an action that reads", got: effect },
          },
        );
      }
      const { plugin: ownPlugin, action: ownAction } = this.#facts;
      const output = this.#take(await this.#context.callAction({ plugin, action, params }));
      // The step's own plugin and action are what its row shows.
      const { plugin: _plugin, action: _action, ...rest } = this.#facts;
      this.#facts = {
        ...rest,
        ...(ownPlugin === undefined ? {} : { plugin: ownPlugin }),
        ...(ownAction === undefined ? {} : { action: ownAction }),
      };
      return output;
    });
  }

  performPart(part: StepPart): Promise<PartResult> {
    return this.#call(async () => {
      const { step: parent, scope: parentScope, state, signal, services } = this.#context;
      if (!PART_ID.test(part.id))
        throw new AppError("HANDLER_INVALID", `step ${this.stepPath}: ${JSON.stringify(part.id)} is no id of a part`);
      const step = partStep(parent, part);
      const path = `${prefixOf(this.#context)}${step.id}`;
      const result = { id: part.id, path, isReplayed: state.step(path)?.status === "completed" };
      const scope = parentScope.child({ prefix: prefixOf(this.#context), steps: [step], signal });
      const outcome = await this.#context.walk([step], scope, { maxConcurrency: 1 });
      if (outcome.status !== "completed") this.#take(endUnfinished(this.#context, outcome));
      if (state.step(path)?.status === "failed") return { ...result, ok: false, error: state.errorOf(path) };
      await state.load(services.db, [path]);
      return { ...result, ok: true, output: state.output(path) };
    });
  }

  begunParts(): readonly string[] {
    return this.#context.state.partsOf(this.stepPath);
  }

  findAction(plugin: string, action: string): PluginCatalogAction | undefined {
    return this.#context.services.catalog.action(plugin, action);
  }

  async compress(
    content: string,
    { task, targetTokens }: { readonly task?: string; readonly targetTokens?: number } = {},
  ): Promise<string> {
    const { governance } = this.#context.decision;
    if (governance?.isActing !== true) return content;
    return this.#call(async () => {
      const options = { of: "handler", ...(task === undefined ? {} : { task }), ...(targetTokens === undefined ? {} : { targetTokens }) };
      const { text, savedTokens } = await governance.show(content, options);
      this.#savedTokens += savedTokens;
      return text;
    });
  }

  sleep(ms: number): Promise<void> {
    return this.#call(() => this.#context.services.clock.sleep(ms, this.signal));
  }

  verdict(error: AppError): AppError {
    this.#hasBegun = true;
    this.#ended ??= { status: "failed", error };
    return error;
  }

  warn(warning: string): void {
    this.#warnings.push(warning);
  }

  track({ savedTokens = 0, ...more }: HandlerMetrics): void {
    this.#savedTokens += savedTokens;
    this.#metrics = { ...this.#metrics, ...more };
  }

  /** The attempt has one key: the effect of a second call could not be told from that of the first, and would go out again. */
  #checkOnce(): void {
    const { step, services } = this.#context;
    if (step.type !== "action" || !writes(services.catalog.action(step.plugin, step.action)?.effect)) return;
    if (this.#hasPerformed) {
      throw new AppError(
        "HANDLER_INVALID",
        `step ${this.stepPath}: its ${step.plugin}.${step.action} was performed, a further call is a part: performPart`,
        { details: { step: this.stepPath, expected: "one perform of an action with an effect" } },
      );
    }
    this.#hasPerformed = true;
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted)
      throw new AppError("HANDLER_INVALID", `step ${this.stepPath}: its handler was given up and may do nothing more`);
    if (this.#ended !== null) throw endedError(this.stepPath);
    this.#hasBegun = true;
    this.#openCalls += 1;
    if (this.#openCalls === 1) this.#onIdle(false);
    try {
      return await work();
    } finally {
      this.#openCalls -= 1;
      if (this.#openCalls === 0) this.#onIdle(true);
    }
  }

  /** Keeps what an outcome brings; whatever ends the step is remembered, so that no handler can overlook it. */
  #take(outcome: StepOutcome): JsonValue {
    if (outcome.status === "completed" || outcome.status === "failed") {
      this.#facts = addFacts(this.#facts, outcome.facts ?? {});
      this.#parts.push(...(outcome.parts ?? []));
    }
    if (outcome.status === "completed") return outcome.output;
    if (outcome.status === "failed") {
      if (FINAL.has(outcome.error.code) || this.signal.aborted) this.#ended = { status: "failed", error: outcome.error };
      throw outcome.error;
    }
    this.#ended = outcome;
    throw endedError(this.stepPath);
  }
}

/** What is not known may. */
function writes(effect: PluginCatalogAction["effect"] | undefined): boolean {
  return effect !== "none" && effect !== "read";
}

function endedError(path: string): AppError {
  return new AppError("STEP_FAILED", `step ${path} ends here: it waits, was skipped or is being stopped`, { details: { step: path } });
}

/** A part is an action step of its own: its attempts, time-outs and doubts are told apart from those of other parts. */
function partStep(parent: WorkflowStep, { id, plugin, action, params }: StepPart): ActionStep {
  return {
    id: `${PART_MARK}${id}`,
    type: "action",
    plugin,
    action,
    params: escapeTemplates(params) as JsonObject,
    continueOnError: true,
    ...(parent.retryPolicy === undefined ? {} : { retryPolicy: parent.retryPolicy }),
    ...(parent.timeoutMs === undefined ? {} : { timeoutMs: parent.timeoutMs }),
  };
}
