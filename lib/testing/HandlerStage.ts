// One execution in memory for a handler under test: the pilot's own executors and plugins, a scripted model, a journal that only remembers and may crash.
import type { Clock } from "../core/clock.ts";
import { systemClock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import { DEFAULT_WORKSPACE_ID, uuidv7 } from "../core/ids.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { silentLogger } from "../core/logger.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import type { StepRow } from "../journal/types.ts";
import type { StoredAttempt } from "../ledger/BudgetStore.ts";
import type { ReserveOutcome, ReserveRequest } from "../ledger/Ledger.ts";
import type { AttemptRow } from "../ledger/LedgerStore.ts";
import type { Settlement } from "../ledger/types.ts";
import { ProviderRegistry } from "../models/ProviderRegistry.ts";
import { HandlerRegistry } from "../orchestration/HandlerRegistry.ts";
import type { HandlerInterface, OptimizationLevel } from "../orchestration/types.ts";
import { decideDirect } from "../pilot/decideDirect.ts";
import { ExecutionState } from "../pilot/ExecutionState.ts";
import type { HandlerRoute } from "../pilot/handlers/HandlerRoute.ts";
import { ParallelExecutor } from "../pilot/ParallelExecutor.ts";
import { StepExecutor } from "../pilot/StepExecutor.ts";
import { StepScope } from "../pilot/StepScope.ts";
import { performers } from "../pilot/steps/performers.ts";
import type { Decision, PilotServices, WalkOutcome } from "../pilot/types.ts";
import { FileJail } from "../plugins/files/FileJail.ts";
import { PluginExecutor } from "../plugins/PluginExecutor.ts";
import { PluginManager } from "../plugins/PluginManager.ts";
import type { Plugin } from "../plugins/types.ts";
import { PriceBook } from "../tokens/pricing.ts";
import { TokenCounter } from "../tokens/TokenCounter.ts";
import { defineWorkflow } from "../workflow/defineWorkflow.ts";
import type { WorkflowStepInput } from "../workflow/inputTypes.ts";
import type { WorkflowDefinition, WorkflowStep } from "../workflow/types.ts";
import { ScriptedModel, type Script } from "./ScriptedModel.ts";
import { testReservation } from "./testReservation.ts";

export interface HandlerStageOptions {
  /** The steps; the last one is the handler's, those before it bring data. */
  readonly steps: readonly WorkflowStepInput[];
  /** null: the direct path. */
  readonly handler: HandlerInterface | null;
  readonly inputs?: JsonObject;
  readonly script?: Script;
  readonly plugins?: readonly Plugin[];
  readonly clock?: Clock;
  /** @defaultValue standard */
  readonly level?: OptimizationLevel;
  /** Model calls for which there is room; the next one finds none. @defaultValue no limit */
  readonly modelCalls?: number;
}

/** A state of affairs that no handler may bring about. */
export interface OpenEnds {
  /** Calls that were begun and never settled. */
  readonly attempts: readonly string[];
}

export class HandlerStage {
  readonly model: ScriptedModel;
  readonly parts: UnitPart[] = [];
  state: ExecutionState;
  /** Units that are still stored; what comes after is lost, as if the process had died. */
  unitsUntilCrash = Number.POSITIVE_INFINITY;
  readonly #definition: WorkflowDefinition;
  readonly #services: PilotServices;
  readonly #options: HandlerStageOptions;
  readonly #reserved = new Map<string, ReserveRequest>();
  readonly #route: HandlerRoute | null;
  #epoch = 0;

  private constructor(
    options: HandlerStageOptions,
    tools: Pick<PilotServices, "counter" | "prices" | "providers" | "clock"> & { readonly model: ScriptedModel },
  ) {
    const { model, ...services } = tools;
    this.#options = options;
    this.model = model;
    this.#definition = defineWorkflow({ name: "stage", steps: options.steps });
    const catalog = new PluginManager();
    catalog.register(...(options.plugins ?? []));
    this.#route = options.handler === null ? null : routeTo(options.handler, options.level ?? "standard", services.clock);
    const noDatabase = { query: () => Promise.reject(new AppError("DATABASE_UNAVAILABLE", "there is no database on this stage")) };
    this.#services = {
      ...services,
      db: noDatabase as unknown as PilotServices["db"],
      logger: silentLogger,
      journal: {
        append: ({ parts }: { readonly parts: readonly UnitPart[] }) => Promise.resolve(this.#append(parts)),
      } as unknown as PilotServices["journal"],
      ledger: { reserve: (request: ReserveRequest) => Promise.resolve(this.#reserve(request)) } as unknown as PilotServices["ledger"],
      plugins: executorOf(catalog, services.clock),
      catalog,
      performers,
      decide: (step, state, path) => this.#decide(step, state, path),
      loadWorkflow: () => Promise.resolve(null),
      loadMemory: () => Promise.resolve(null),
      emit: () => undefined,
      maxOutputBytes: 8_000_000,
      hasLease: () => true,
    };
    this.state = this.#claim();
  }

  static async open(options: HandlerStageOptions): Promise<HandlerStage> {
    const { clock = systemClock } = options;
    const [counter, prices] = await Promise.all([TokenCounter.load(), PriceBook.load({ nowMs: () => clock.nowMs() })]);
    const model = new ScriptedModel(options.script ?? [], { clock, counter });
    const custom = [{ provider: model, models: ["m"] }];
    const providers = await ProviderRegistry.create({
      providers: [],
      live: false,
      clock,
      counter,
      custom,
      ollamaUrl: null,
      defaultModel: "scripted/m",
    });
    return new HandlerStage(options, { counter, prices, providers, clock, model });
  }

  /** One walk with what is known now. */
  async walk(): Promise<WalkOutcome> {
    const executor: ParallelExecutor = new ParallelExecutor((step, scope) => steps.execute(step, scope));
    const steps = new StepExecutor({ services: this.#services, walk: (list, scope, options) => executor.walk(list, scope, options) });
    const { state } = this;
    const scope = {
      state,
      prefix: "",
      steps: this.#definition.steps,
      variables: {},
      parent: null,
      seesParent: false,
      inputs: state.inputs,
    };
    return executor.walk(this.#definition.steps, new StepScope(scope));
  }

  /** A new claim that knows what was stored and nothing else. */
  restart(): void {
    this.unitsUntilCrash = Number.POSITIVE_INFINITY;
    this.state = this.#claim();
  }

  /** Path of the step that the handler performs. */
  get path(): string {
    return this.#definition.steps.at(-1)?.id ?? "";
  }

  get output(): JsonValue {
    return this.state.step(this.path)?.status === "completed" ? this.state.output(this.path) : null;
  }

  get detail(): NonNullable<ReturnType<ExecutionState["step"]>>["detail"] {
    return this.state.step(this.path)?.detail ?? {};
  }

  audited(): string[] {
    return this.#rows<{ readonly action: string }>("audit").map(({ action }) => action);
  }

  settlements(): readonly Settlement[] {
    return this.#rows<Settlement>("settlements");
  }

  openEnds(): OpenEnds {
    const settled = new Set(this.settlements().map(({ attemptId }) => attemptId));
    const begun = this.#rows<AttemptRow>("attempts").map(({ id, stepPath }) => [id, stepPath] as const);
    for (const [id, { stepPath }] of this.#reserved) begun.push([id, stepPath]);
    return { attempts: begun.filter(([id]) => !settled.has(id)).map(([, path]) => path) };
  }

  #rows<Row>(kind: string): Row[] {
    return this.parts.filter((part) => part.kind === kind).flatMap((part) => part.rows as readonly Row[]);
  }

  #decide(step: WorkflowStep, state: ExecutionState, path: string): Decision {
    const direct = decideDirect(step, state);
    if (this.#route === null || path !== this.path) return direct;
    return { ...direct, route: { ...this.#route, isBegun: state.partsOf(path).length > 0 } };
  }

  #append(parts: readonly UnitPart[]): "committed" | "fenced" {
    if (this.unitsUntilCrash <= 0) return "fenced";
    this.unitsUntilCrash -= 1;
    this.parts.push(...parts);
    return "committed";
  }

  #reserve(request: ReserveRequest): ReserveOutcome {
    if (this.unitsUntilCrash <= 0) return { kind: "fenced" };
    const room = this.#options.modelCalls ?? Number.POSITIVE_INFINITY;
    if (this.#reserved.size >= room) {
      const account = { kind: "execution", subject: this.state.id, window: "total", onLimit: "fail" } as const;
      const none = { tokens: 0, usd: null };
      return {
        kind: "refused",
        refusal: { reason: "limit", account, limit: none, need: { tokens: request.tokens, usd: null }, available: none },
      };
    }
    const reservation = testReservation({ outputCapTokens: request.outputCapTokens });
    this.#reserved.set(reservation.attemptId, request);
    return { kind: "reserved", reservation };
  }

  #claim(): ExecutionState {
    this.#epoch += 1;
    const now = new Date(this.#services.clock.nowMs());
    const { state, agentId } =
      (this.state as ExecutionState | undefined) === undefined
        ? { state: null, agentId: uuidv7() }
        : { state: this.state, agentId: this.state.claim.agentId };
    return new ExecutionState({
      claim: {
        id: state?.id ?? uuidv7(),
        workspaceId: DEFAULT_WORKSPACE_ID,
        agentId,
        epoch: this.#epoch,
        jobId: uuidv7(),
        retryCount: 0,
        definitionHash: Buffer.alloc(32),
        snapshotHash: Buffer.alloc(32),
        inputs: Buffer.from("{}"),
        runMode: "production",
        forkedFrom: null,
        startedAt: now,
        isCancelRequested: false,
        fruitlessEpochs: 0,
        begunSteps: [],
        isFirstClaim: this.#epoch === 1,
      },
      definition: this.#definition,
      snapshot: { flags: {}, defaultModel: null, tags: [], previewEffects: false, timeoutMs: null, pricedAs: null, subWorkflows: {} },
      inputs: this.#options.inputs ?? {},
      rows: this.#rows<StepRow>("steps").map((row) => ({
        ...row,
        outputExecutionId: null,
        outputHash: row.output?.hash ?? null,
        outputInline: row.inline === null ? null : Buffer.from(row.inline),
        completedAt: now,
      })),
      // An attempt of a dead worker may still be under way for as long as its action may take: here it is long over.
      attempts: this.#storedAttempts(new Date(now.getTime() - 3_600_000)),
      signals: [],
    });
  }

  #storedAttempts(dispatchedAt: Date): StoredAttempt[] {
    const settled = new Map(this.settlements().map((row) => [row.attemptId, row]));
    const calls = [...this.#reserved].map(([id, request]) => ({
      ...request,
      id,
      reservedTokens: request.tokens,
      reservedUsd: request.usd,
    }));
    return [...this.#rows<AttemptRow>("attempts"), ...calls].map((row) => {
      const settlement = settled.get(row.id);
      return {
        ...row,
        state: settlement?.state ?? "open",
        usedTokens: settlement?.usedTokens ?? null,
        usedUsd: settlement?.usedUsd ?? null,
        dispatchedAt,
        message: settlement?.message ?? null,
      };
    });
  }
}

function routeTo(handler: HandlerInterface, level: OptimizationLevel, clock: Clock): HandlerRoute {
  const registry = new HandlerRegistry({ clock });
  registry.register(handler.intent, handler);
  return {
    registry,
    intent: handler.intent,
    name: handler.constructor.name,
    level,
    mode: "on",
    isBegun: false,
    noteFailure: () => undefined,
  };
}

function executorOf(manager: PluginManager, clock: Clock): PluginExecutor {
  return new PluginExecutor({
    manager,
    clock,
    fetch: () => Promise.reject(new AppError("ADDRESS_FORBIDDEN", "there is no network on this stage")),
    // Opened at the first use only; below a device there can be no folder.
    filesOf: () => new FileJail({ root: "/dev/null/no-files-on-this-stage", clock }),
    connections: { findSecret: () => Promise.resolve(undefined) },
    log: silentLogger,
  });
}
