// Steps performed by the real engine in memory: executors, scope, state and plugins as in production; a scripted model; a journal that only remembers.
import { z } from "zod";
import { AppError } from "../../../../lib/core/errors.ts";
import { DEFAULT_WORKSPACE_ID, uuidv7 } from "../../../../lib/core/ids.ts";
import type { JsonObject, JsonValue } from "../../../../lib/core/json.ts";
import { silentLogger } from "../../../../lib/core/logger.ts";
import type { UnitPart } from "../../../../lib/db/UnitPart.ts";
import type { StepRow } from "../../../../lib/journal/types.ts";
import type { StoredAttempt } from "../../../../lib/ledger/BudgetStore.ts";
import type { ReserveRequest } from "../../../../lib/ledger/Ledger.ts";
import type { AttemptRow } from "../../../../lib/ledger/LedgerStore.ts";
import type { Settlement } from "../../../../lib/ledger/types.ts";
import { ProviderRegistry } from "../../../../lib/models/ProviderRegistry.ts";
import { approvalKey, type ApprovalRow } from "../../../../lib/pilot/ApprovalStore.ts";
import { decideDirect } from "../../../../lib/pilot/decideDirect.ts";
import { ExecutionState } from "../../../../lib/pilot/ExecutionState.ts";
import type { Signal } from "../../../../lib/pilot/ExecutionStore.ts";
import { ParallelExecutor } from "../../../../lib/pilot/ParallelExecutor.ts";
import { StepExecutor } from "../../../../lib/pilot/StepExecutor.ts";
import { StepScope } from "../../../../lib/pilot/StepScope.ts";
import { performers } from "../../../../lib/pilot/steps/performers.ts";
import type { PilotServices, WalkOutcome } from "../../../../lib/pilot/types.ts";
import { defineAction, definePlugin } from "../../../../lib/plugins/definePlugin.ts";
import { PluginManager } from "../../../../lib/plugins/PluginManager.ts";
import type { Plugin } from "../../../../lib/plugins/types.ts";
import { ManualClock } from "../../../../lib/testing/ManualClock.ts";
import { ScriptedModel, type Script } from "../../../../lib/testing/ScriptedModel.ts";
import { testReservation } from "../../../../lib/testing/testReservation.ts";
import { PriceBook } from "../../../../lib/tokens/pricing.ts";
import { TokenCounter } from "../../../../lib/tokens/TokenCounter.ts";
import { defineWorkflow } from "../../../../lib/workflow/defineWorkflow.ts";
import type { WorkflowStepInput } from "../../../../lib/workflow/inputTypes.ts";
import type { WorkflowDefinition } from "../../../../lib/workflow/types.ts";
import { executorOf } from "../../plugins/executorOf.ts";

export interface PilotOptions {
  readonly steps: readonly WorkflowStepInput[];
  readonly script?: Script;
  readonly inputs?: JsonObject;
  readonly plugins?: readonly Plugin[];
  /** Stored agents by name. */
  readonly agents?: Readonly<Record<string, WorkflowDefinition>>;
  /** Asks the offline model instead of the scripted one. */
  readonly offline?: boolean;
}

/** What plugin `test` was asked to do, in order. */
export interface Asked {
  readonly action: string;
  readonly params: JsonObject;
}

export class TestPilot {
  readonly clock: ManualClock;
  readonly model: ScriptedModel;
  readonly asked: Asked[] = [];
  /** Everything that was journaled. */
  readonly parts: UnitPart[] = [];
  /** The journal as a crash would find it: what is appended later is lost. */
  isCrashed = false;
  state: ExecutionState;
  readonly definition: WorkflowDefinition;
  readonly #services: PilotServices;
  readonly #signals: Signal[] = [];
  readonly #reserved = new Map<string, ReserveRequest>();
  readonly #inputs: JsonObject;
  #epoch = 0;

  private constructor(
    options: PilotOptions,
    tools: Pick<PilotServices, "counter" | "prices" | "providers"> & { readonly clock: ManualClock; readonly model: ScriptedModel },
  ) {
    const { clock } = tools;
    this.clock = clock;
    this.definition = defineWorkflow({ name: "test", steps: options.steps, maxConcurrency: 4 });
    this.model = tools.model;
    this.#inputs = options.inputs ?? {};
    const plugins = [testPlugin(this.asked), ...(options.plugins ?? [])];
    const catalog = new PluginManager();
    catalog.register(...plugins);
    this.#services = {
      db: { query: () => Promise.reject(new Error("this test has no database")) } as unknown as PilotServices["db"],
      clock,
      logger: silentLogger,
      journal: {
        append: ({ parts }: { readonly parts: readonly UnitPart[] }) => Promise.resolve(this.#append(parts)),
      } as unknown as PilotServices["journal"],
      ledger: { reserve: (request: ReserveRequest) => Promise.resolve(this.#reserve(request)) } as unknown as PilotServices["ledger"],
      plugins: executorOf(plugins, { clock }),
      catalog,
      providers: tools.providers,
      counter: tools.counter,
      prices: tools.prices,
      performers,
      decide: decideDirect,
      loadMemory: async () => null,
      loadWorkflow: (_state, name) => Promise.resolve(options.agents?.[name] ?? null),
      emit: () => undefined,
      maxOutputBytes: 1_000_000,
      hasLease: () => true,
    };
    this.state = this.#claim();
  }

  static async create(options: PilotOptions): Promise<TestPilot> {
    const clock = new ManualClock();
    const [counter, prices] = await Promise.all([TokenCounter.load(), PriceBook.load({ nowMs: () => clock.nowMs() })]);
    const model = new ScriptedModel(options.script ?? [], { clock });
    const custom = options.offline === true ? [] : [{ provider: model, models: ["m"] }];
    const defaultModel = options.offline === true ? "offline" : "scripted/m";
    const providers = await ProviderRegistry.create({ providers: [], live: false, clock, counter, custom, ollamaUrl: null, defaultModel });
    return new TestPilot(options, { counter, prices, providers, clock, model });
  }

  /** One walk over the whole workflow with what is known now. */
  async walk(): Promise<WalkOutcome> {
    const executor: ParallelExecutor = new ParallelExecutor((step, scope) => steps.execute(step, scope));
    const steps = new StepExecutor({ services: this.#services, walk: (list, scope, options) => executor.walk(list, scope, options) });
    const { state } = this;
    const scope = new StepScope({
      state,
      prefix: "",
      steps: this.definition.steps,
      variables: {},
      parent: null,
      seesParent: false,
      inputs: state.inputs,
    });
    return executor.walk(this.definition.steps, scope);
  }

  /** A new claim that knows only what was journaled, as after a crash. */
  restart(): void {
    this.isCrashed = false;
    this.state = this.#claim();
  }

  answer(path: string, approver: string, decision: "approve" | "reject", comment: string | null = null): void {
    const payload = JSON.stringify({ decision, comment });
    this.#signals.push({ key: approvalKey(path, approver), actor: approver, payload, createdAt: new Date(this.clock.nowMs()) });
    this.state.replaceSignals(this.#signals);
  }

  output(path: string): JsonValue {
    const step = this.state.step(path);
    if (step === undefined) throw new Error(`${path} was not performed; there are: ${this.paths().join(", ")}`);
    if (step.status !== "completed")
      throw new Error(`${path} is ${step.status}: ${step.detail.error?.message ?? step.detail.reason ?? step.detail.message ?? ""}`);
    return this.state.output(path);
  }

  paths(): string[] {
    return this.state.steps().map(([path]) => path);
  }

  error(path: string): AppError {
    if (this.state.step(path)?.status !== "failed")
      throw new Error(`${path} did not fail: ${JSON.stringify(this.state.step(path)?.detail)}`);
    return this.state.errorOf(path);
  }

  detail(path: string): NonNullable<ReturnType<ExecutionState["step"]>>["detail"] {
    return this.state.step(path)?.detail ?? {};
  }

  rows<Row>(kind: string): Row[] {
    return this.parts.filter((part) => part.kind === kind).flatMap((part) => part.rows as readonly Row[]);
  }

  approvals(): ApprovalRow[] {
    return this.rows<ApprovalRow>("approvals");
  }

  audited(): string[] {
    return this.rows<{ readonly action: string }>("audit").map(({ action }) => action);
  }

  /** The last message of each request to the model, as text. */
  prompts(): string[] {
    return this.model.requests.map(({ messages }) => {
      const content = messages.at(-1)?.content;
      return typeof content === "string" ? content : JSON.stringify(content);
    });
  }

  #append(parts: readonly UnitPart[]): "committed" | "fenced" {
    if (this.isCrashed) return "fenced";
    this.parts.push(...parts);
    return "committed";
  }

  #reserve(request: ReserveRequest): object {
    const reservation = testReservation({ outputCapTokens: request.outputCapTokens });
    this.#reserved.set(reservation.attemptId, request);
    return { kind: "reserved", reservation, accounts: 0 };
  }

  #claim(): ExecutionState {
    this.#epoch += 1;
    const now = new Date(this.clock.nowMs());
    const id = this.state === undefined ? uuidv7() : this.state.id;
    return new ExecutionState({
      claim: {
        id,
        workspaceId: DEFAULT_WORKSPACE_ID,
        agentId: uuidv7(),
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
      definition: this.definition,
      snapshot: { flags: {}, defaultModel: null, tags: [], previewEffects: false, timeoutMs: null, pricedAs: null, subWorkflows: {} },
      inputs: this.#inputs,
      rows: this.rows<StepRow>("steps").map((row) => ({
        ...row,
        outputExecutionId: null,
        outputHash: null,
        outputInline: row.inline === null ? null : Buffer.from(row.inline),
        completedAt: now,
      })),
      attempts: this.#storedAttempts(now),
      signals: this.#signals,
    });
  }

  #storedAttempts(dispatchedAt: Date): StoredAttempt[] {
    const settled = new Map(this.rows<Settlement>("settlements").map((row) => [row.attemptId, row]));
    const calls = [...this.#reserved].map(([id, request]) => ({
      ...request,
      id,
      reservedTokens: request.tokens,
      reservedUsd: request.usd,
    }));
    return [...this.rows<AttemptRow>("attempts"), ...calls].map((row) => {
      const settlement = settled.get(row.id);
      return {
        id: row.id,
        stepPath: row.stepPath,
        attempt: row.attempt,
        call: row.call,
        epoch: row.epoch,
        kind: row.kind,
        provider: row.provider,
        model: row.model,
        state: settlement?.state ?? "open",
        reservedTokens: row.reservedTokens,
        reservedUsd: row.reservedUsd,
        usedTokens: settlement?.usedTokens ?? null,
        usedUsd: settlement?.usedUsd ?? null,
        idempotencyKey: row.idempotencyKey,
        dispatchedAt,
        message: settlement?.message ?? null,
      };
    });
  }
}

/** `echo` gives its params back, `write` is an effect that may not be repeated, `fail` fails, `drop` is destructive. */
function testPlugin(asked: Asked[]): Plugin {
  const note = (action: string, params: unknown): JsonObject => {
    asked.push({ action, params: params as JsonObject });
    return params as JsonObject;
  };
  const params = z.looseObject({});
  const harmless = { idempotency: { by: "natural", windowHours: 1 }, params } as const;
  return definePlugin({
    name: "test",
    version: "1.0.0",
    description: "For tests",
    actions: {
      echo: defineAction({ ...harmless, description: "Gives its params back", effect: "read", run: async (given) => note("echo", given) }),
      write: defineAction({
        description: "Changes something",
        effect: "write",
        idempotency: { by: "none", windowHours: 0 },
        params,
        run: async (given) => note("write", given),
      }),
      fail: defineAction({
        ...harmless,
        description: "Fails",
        effect: "read",
        run: async (given) => {
          note("fail", given);
          throw new AppError("UPSTREAM_REJECTED", `refused: ${JSON.stringify(given)}`);
        },
      }),
      drop: defineAction({ ...harmless, description: "Destroys", effect: "destructive", run: async (given) => note("drop", given) }),
    },
  });
}

/** The steps performed once, which must end well. */
export async function perform(options: PilotOptions): Promise<TestPilot> {
  const pilot = await TestPilot.create(options);
  const outcome = await pilot.walk();
  if (outcome.status === "failed") throw outcome.error;
  if (outcome.status !== "completed") throw new Error(`the walk is ${JSON.stringify(outcome)}`);
  return pilot;
}

/** A step that gives its params on as its data. */
export function echo(id: string, params: JsonObject): WorkflowStepInput {
  return { id, type: "action", plugin: "test", action: "echo", params };
}

export async function failureOf(options: PilotOptions): Promise<AppError> {
  const outcome = await (await TestPilot.create(options)).walk();
  if (outcome.status !== "failed") throw new Error(`it did not fail: ${JSON.stringify(outcome)}`);
  return outcome.error;
}
