// Conformance of any plugin, for any runner with describe and test: schemas, clear errors, abort, one effect per key, honest verify, bounded output.
import assert from "node:assert/strict";
import { type Clock, systemClock } from "../core/clock.ts";
import type { GuardedFetch } from "../core/guardedFetch.ts";
import { DEFAULT_WORKSPACE_ID, randomId, type WorkspaceId } from "../core/ids.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { silentLogger } from "../core/logger.ts";
import { idempotencyKey } from "../plugins/idempotencyKey.ts";
import { PluginExecutor } from "../plugins/PluginExecutor.ts";
import { PluginManager } from "../plugins/PluginManager.ts";
import type { Action, ActionCall, ActionOutcome, ConnectionSource, FileServices, Plugin } from "../plugins/types.ts";

/** Vitest, Jest and node:test all have these. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (name: string, body: () => Promise<void>) => unknown;
}

/** What one action is tried with. */
export interface ActionCase {
  /** Params that work in a fresh world. */
  readonly params: JsonObject;
  /** Params that must be refused, and the field that the error must name. */
  readonly wrong: { readonly params: JsonValue; readonly field: string };
  /** Params with which the action does not end by itself: an abort must end it. */
  readonly hanging?: JsonObject;
  /** Params whose output is beyond `maxOutputBytes`. */
  readonly tooLarge?: JsonObject;
}

/** One fresh outside world; opened and closed once per test. */
export interface PluginWorld extends AsyncDisposable {
  readonly cases: Readonly<Record<string, ActionCase>>;
  readonly fetch: GuardedFetch;
  filesOf(workspaceId: WorkspaceId): FileServices;
  readonly connections?: ConnectionSource;
  readonly clock?: Clock;
  /** All that actions can change out there: equal snapshots mean that nothing happened in between. */
  observe(): Promise<JsonValue>;
}

export interface PluginConformance {
  readonly plugin: Plugin;
  readonly openWorld: () => Promise<PluginWorld>;
}

/** How long an aborted action may take to let go. */
const LET_GO_MS = 5_000;

/**
 * @example
 * import { describe, test } from "vitest";
 * describePlugin({ describe, test }, { plugin: myPlugin, openWorld: openMyWorld });
 */
export function describePlugin({ describe, test }: TestRunner, { plugin, openWorld }: PluginConformance): void {
  describe(`plugin ${plugin.name} conforms`, () => {
    for (const [name, action] of plugin.actions) {
      const inWorld = (claim: string, body: (trial: Trial) => Promise<void>): void => {
        test(`${name} ${claim}`, async () => {
          await using world = await openWorld();
          await body(new Trial(plugin, name, world));
        });
      };
      describeSchemas(inWorld, action);
      describeRuns(inWorld, action);
      if (action.effect === "write" || action.effect === "destructive") describeEffects(inWorld, action);
    }
  });
}

type InWorld = (claim: string, body: (trial: Trial) => Promise<void>) => void;

function describeSchemas(inWorld: InWorld, action: Action): void {
  inWorld("describes itself in plain JSON", async () => {
    assert.notEqual(action.description.trim(), "", "the description is empty");
    assert.doesNotThrow(() => JSON.stringify([action.params.json, action.output?.json]), "a schema is not plain JSON");
  });
  inWorld("refuses wrong params before anything happens, naming the field", async (trial) => {
    const before = await trial.world.observe();
    const outcome = await trial.execute(trial.case.wrong.params);
    assert(!outcome.ok, "wrong params were accepted");
    assert.equal(outcome.error.code, "PARAMS_INVALID", outcome.error.message);
    assert.equal(outcome.effectHappened, "no");
    assert(outcome.error.message.includes(trial.case.wrong.field), `"${outcome.error.message}" does not name ${trial.case.wrong.field}`);
    assert.deepEqual(await trial.world.observe(), before, "wrong params had an effect");
  });
}

function describeRuns(inWorld: InWorld, action: Action): void {
  inWorld("runs, and its output fits its schema and its limit", async (trial) => {
    const outcome = await trial.execute(trial.case.params);
    assert(outcome.ok, outcome.ok ? "" : outcome.error.message);
    assert(Buffer.byteLength(JSON.stringify(outcome.data)) <= action.maxOutputBytes, "the output is beyond maxOutputBytes");
  });
  inWorld("does nothing when its caller has aborted already", async (trial) => {
    const before = await trial.world.observe();
    const outcome = await trial.execute(trial.case.params, AbortSignal.abort());
    assert(!outcome.ok && outcome.effectHappened === "no", "it ran although the signal was aborted");
    assert.deepEqual(await trial.world.observe(), before, "an aborted call had an effect");
  });
  inWorld("lets go when it is aborted", async (trial) => {
    const { hanging } = trial.case;
    if (hanging === undefined) return;
    const abort = new AbortController();
    const running = trial.execute(hanging, abort.signal);
    await trial.started;
    abort.abort();
    const outcome = await running;
    assert(!outcome.ok && outcome.error.code === "EXECUTION_CANCELLED", "the abort was not reported");
    await trial.untilLetGo();
  });
  inWorld("is refused an output beyond its limit", async (trial) => {
    if (trial.case.tooLarge === undefined) return;
    const outcome = await trial.execute(trial.case.tooLarge);
    assert(!outcome.ok && outcome.error.code === "OUTPUT_TOO_LARGE", outcome.ok ? "the output was kept" : outcome.error.message);
  });
}

function describeEffects(inWorld: InWorld, action: Action): void {
  inWorld("has an effect that can be seen, and none more when its key repeats", async (trial) => {
    const before = await trial.world.observe();
    const first = await trial.execute(trial.case.params);
    assert(first.ok, first.ok ? "" : first.error.message);
    const after = await trial.world.observe();
    assert.notDeepEqual(after, before, "the world shows no effect: observe() misses it, or the action does nothing");
    if (trial.idempotency.by === "none") return;
    const second = await trial.execute(trial.case.params);
    assert(second.ok, second.ok ? "" : second.error.message);
    assert.deepEqual(await trial.world.observe(), after, "the same key had a second effect");
  });
  if (!action.canVerify) return;
  inWorld("tells the truth when asked whether it happened, and changes nothing by looking", async (trial) => {
    const before = await trial.world.observe();
    assert.notEqual((await trial.verify()).happened, true, "claims an effect that did not happen");
    assert.deepEqual(await trial.world.observe(), before, "looking changed the world");
    const outcome = await trial.execute(trial.case.params);
    assert(outcome.ok, outcome.ok ? "" : outcome.error.message);
    const after = await trial.world.observe();
    const found = await trial.verify();
    assert.notEqual(found.happened, false, "denies an effect that happened");
    assert.deepEqual(await trial.world.observe(), after, "looking changed the world");
    if (found.happened === true && action.output !== undefined)
      assert(action.output.check(found.output).ok, "verify's output does not fit the output schema");
  });
}

/** One action in one world, always under the same key. */
class Trial {
  readonly world: PluginWorld;
  readonly #executor: PluginExecutor;
  readonly #plugin: string;
  readonly #action: string;
  readonly #key = { executionId: randomId(), stepPath: "s1" };
  readonly #started = Promise.withResolvers<void>();
  readonly #letGo = Promise.withResolvers<void>();

  constructor(plugin: Plugin, action: string, world: PluginWorld) {
    this.world = world;
    this.#plugin = plugin.name;
    this.#action = action;
    const manager = new PluginManager();
    manager.register({ ...plugin, actions: new Map([...plugin.actions].map(([name, given]) => [name, this.#watch(given)])) });
    this.#executor = new PluginExecutor({
      manager,
      clock: world.clock ?? systemClock,
      fetch: world.fetch,
      filesOf: (workspaceId) => world.filesOf(workspaceId),
      connections: world.connections ?? { findSecret: async () => undefined },
      log: silentLogger,
    });
  }

  get case(): ActionCase {
    const found = this.world.cases[this.#action];
    assert(found !== undefined, `the world has no case for action ${this.#action}`);
    return found;
  }

  get idempotency(): Action["idempotency"] {
    return this.#executor.profile({ plugin: this.#plugin, action: this.#action, params: this.case.params }).idempotency;
  }

  /** Resolves when the action's code begins. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  async execute(params: JsonValue, signal?: AbortSignal): Promise<ActionOutcome> {
    return this.#executor.execute(this.#call(params, signal));
  }

  async verify(): ReturnType<PluginExecutor["verify"]> {
    return this.#executor.verify(this.#call(this.case.params));
  }

  /** The executor reports an abort at once; whether the action itself stopped is seen here. */
  async untilLetGo(): Promise<void> {
    const waited = new AbortController();
    const tooLong = systemClock.sleep(LET_GO_MS, waited.signal).then(
      () => assert.fail(`the action still ran ${LET_GO_MS} ms after its abort`),
      () => undefined,
    );
    await Promise.race([this.#letGo.promise, tooLong]);
    waited.abort();
  }

  #call(params: JsonValue, signal?: AbortSignal): ActionCall {
    const context = {
      ...this.#key,
      workspaceId: DEFAULT_WORKSPACE_ID,
      idempotencyKey: idempotencyKey(this.#key),
      ...(signal !== undefined && { signal }),
    };
    return { plugin: this.#plugin, action: this.#action, params, context };
  }

  #watch(action: Action): Action {
    return {
      ...action,
      run: async (params, context) => {
        this.#started.resolve();
        try {
          return await action.run(params, context);
        } finally {
          this.#letGo.resolve();
        }
      },
    };
  }
}
