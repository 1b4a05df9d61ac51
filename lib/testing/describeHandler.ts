// Conformance of any handler, for any runner with describe and test: same results, abort, limits, one effect however often it is begun, no traces, metrics.
import assert from "node:assert/strict";
import { z } from "zod";
import { AppError } from "../core/errors.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { checkHandler } from "../orchestration/handlers/checkHandler.ts";
import type { HandlerInterface } from "../orchestration/types.ts";
import type { WalkOutcome } from "../pilot/types.ts";
import { defineAction, definePlugin } from "../plugins/definePlugin.ts";
import type { Plugin } from "../plugins/types.ts";
import { defineWorkflow } from "../workflow/defineWorkflow.ts";
import type { WorkflowStepInput } from "../workflow/inputTypes.ts";
import type { WorkflowStep } from "../workflow/types.ts";
import type { TestRunner } from "./describePlugin.ts";
import { HandlerStage, type HandlerStageOptions } from "./HandlerStage.ts";
import type { Script } from "./ScriptedModel.ts";

/** One step that the handler serves, and what is around it. The plugin `world` has `read` and `write`, which give their params back. */
export interface HandlerCase {
  readonly step: WorkflowStepInput;
  readonly inputs?: JsonObject;
  /** Answers of the model by turn: the first to a question, the second to its repair. A function where a step asks several questions. */
  readonly script?: Script;
  readonly plugins?: readonly Plugin[];
  /** False where the handler is meant to give something else than the direct path. @defaultValue true */
  readonly isEqualToDirect?: boolean;
  /** Expected output, where it is stated. */
  readonly output?: JsonValue;
}

export interface HandlerConformance {
  readonly createHandler: () => HandlerInterface;
  /** By name; at least one. */
  readonly cases: Readonly<Record<string, HandlerCase>>;
  /** A step that it must leave to others. */
  readonly unserved: WorkflowStepInput;
}

/** No step of a test needs more units; a handler that needs more never ends. */
const MAX_UNITS = 200;

/**
 * @example
 * import { describe, test } from "vitest";
 * describeHandler({ describe, test }, { createHandler: () => new MyHandler(), cases: { plain: { step } }, unserved });
 */
export function describeHandler({ describe, test }: TestRunner, { createHandler, cases, unserved }: HandlerConformance): void {
  describe(`handler ${createHandler().constructor.name} conforms`, () => {
    test("has the interface, comes ready and goes, and may go twice", async () => {
      const handler = createHandler();
      checkHandler(handler.intent, handler);
      await handler.init();
      await handler.cleanup();
      await handler.cleanup();
    });
    test("leaves a step of another kind to others", async () => {
      assert.equal(await createHandler().validate(stepOf(unserved)), false, "it says that it serves a step that it must not");
    });
    for (const [name, one] of Object.entries(cases)) {
      const check = (claim: string, body: (trial: Trial) => Promise<void>): void => {
        test(`${name}: ${claim}`, () => body(new Trial(createHandler, one)));
      };
      describeResults(check, one);
      describeEnds(check);
      describeRecord(check);
    }
  });
}

type Check = (claim: string, body: (trial: Trial) => Promise<void>) => void;

function describeResults(check: Check, one: HandlerCase): void {
  check("serves the step, and gives what the direct path gives, by the same effects", async (trial) => {
    assert.equal(await trial.createHandler().validate(stepOf(one.step)), true, "validate says that it does not serve the step");
    const [handled, direct] = [await trial.run(), await trial.run({ handler: null })];
    assert.equal(handled.outcome.status, "completed", describeOutcome(handled.outcome));
    if (one.output !== undefined) assert.deepEqual(handled.stage.output, one.output);
    if (one.isEqualToDirect === false) return;
    assert.deepEqual(handled.stage.output, direct.stage.output, "the output is another one than without the handler");
    assert.deepEqual(handled.world.written, direct.world.written, "the effects are others than without the handler");
  });
  check("gives the same to many steps at once", async (trial) => {
    const handler = trial.createHandler();
    const alone = (await trial.run({ handler })).stage.output;
    const together = await Promise.all([1, 2, 3, 4].map(() => trial.run({ handler })));
    for (const { stage } of together) assert.deepEqual(stage.output, alone, "steps that run at the same time see each other");
  });
}

function describeEnds(check: Check): void {
  check("does nothing when the execution was stopped before", async (trial) => {
    const { stage, world } = await trial.open();
    stage.state.halt("cancelled");
    assert.notEqual((await stage.walk()).status, "completed", "it completed although it was stopped");
    assert.equal(stage.model.requests.length + world.calls, 0, "it called something although it was stopped");
  });
  check("begins nothing more once it is stopped", async (trial) => {
    const { stage, world } = await trial.open();
    world.onCall = () => stage.state.halt("cancelled");
    await stage.walk();
    assert(world.calls + stage.model.requests.length <= 1, "it went on calling after it was stopped");
    assert.deepEqual(stage.openEnds().attempts, [], "calls were left without a settlement");
  });
  check("passes no limit: what a limit refuses ends the step", async (trial) => {
    const calls = (await trial.run()).stage.model.requests.length;
    for (let room = 0; room < calls; room += 1) {
      const { stage, outcome } = await trial.run({ modelCalls: room });
      assert.equal(stage.model.requests.length, room, `${stage.model.requests.length} calls were made where there was room for ${room}`);
      // A repair is a wish: a step may do without it, never without its first answer.
      if (room > 0 && outcome.status === "completed") continue;
      assert.equal(outcome.status, "failed", "it completed without the call that was refused");
      assert.equal(outcome.error.code, "BUDGET_EXCEEDED", outcome.error.message);
    }
  });
  check("repeats no effect, wherever it is interrupted", async (trial) => {
    const undisturbed = await trial.run();
    for (let units = 0; units < MAX_UNITS; units += 1) {
      const { stage, world } = await trial.open();
      stage.unitsUntilCrash = units;
      const first = await stage.walk();
      stage.restart();
      const outcome = first.status === "completed" ? first : await stage.walk();
      assert.equal(outcome.status, "completed", `interrupted after ${units} units: ${describeOutcome(outcome)}`);
      assert.deepEqual(stage.output, undisturbed.stage.output, `interrupted after ${units} units it gives something else`);
      assert.deepEqual(world.written, undisturbed.world.written, `interrupted after ${units} units the effects are others`);
      if (first.status === "completed") return;
    }
    assert.fail(`the step needs more than ${MAX_UNITS} units`);
  });
  check("leaves no trace of a step that failed", async (trial) => {
    const handler = trial.createHandler();
    const before = (await trial.run({ handler })).stage.output;
    const failed = await trial.run({ handler, isFailing: true });
    const calls = failed.world.calls + failed.stage.model.requests.length;
    if (calls > 0) assert.equal(failed.outcome.status, "failed", `all ${calls} calls failed, and ${describeOutcome(failed.outcome)}`);
    assert.deepEqual(failed.stage.openEnds().attempts, [], "calls were left without a settlement");
    assert.deepEqual((await trial.run({ handler })).stage.output, before, "a step that failed changed what the next one gives");
  });
}

function describeRecord(check: Check): void {
  check("is measured: name, success, time and tokens as they were paid", async (trial) => {
    const { stage } = await trial.run();
    const { handler } = stage.detail;
    assert(handler !== undefined, "nothing of the handler is in the step's row");
    assert.equal(handler.name, trial.createHandler().constructor.name);
    assert.equal(handler.succeeded, true);
    assert((handler.ms ?? -1) >= 0, "its time was not measured");
    assert.equal(
      handler.tokens,
      stage.settlements().reduce((sum, { usedTokens }) => sum + (usedTokens ?? 0), 0),
      "tokens are not those that were paid",
    );
    const executed = stage.audited().filter((action) => action === "orchestration.handler_executed");
    assert.equal(executed.length, 1, `it is audited ${executed.length} times`);
  });
}

/** What the outside world saw. */
class World {
  /** Params of each effect by its key: two entries of one key would be a repetition. */
  readonly written: JsonValue[] = [];
  readonly #byKey = new Map<string, JsonValue>();
  calls = 0;
  isFailing = false;
  onCall: () => void = () => undefined;

  note(): void {
    this.calls += 1;
    this.onCall();
    if (this.isFailing) throw new AppError("UPSTREAM_REJECTED", "the world refuses everything in this trial");
  }

  plugin(): Plugin {
    const params = z.looseObject({});
    return definePlugin({
      name: "world",
      version: "1.0.0",
      description: "The outside world of a conformance test",
      actions: {
        read: defineAction({
          description: "Gives its params back",
          effect: "read",
          idempotency: { by: "natural", windowHours: 1 },
          params,
          run: async (given) => {
            this.note();
            return given as JsonValue;
          },
        }),
        write: defineAction({
          description: "Changes something, and cannot take the same change twice",
          effect: "write",
          idempotency: { by: "none", windowHours: 0 },
          params,
          run: async (given, { idempotencyKey }) => {
            this.note();
            this.written.push(given as JsonValue);
            this.#byKey.set(idempotencyKey, given as JsonValue);
            return given as JsonValue;
          },
          verify: async ({ idempotencyKey }) => {
            const output = this.#byKey.get(idempotencyKey);
            return output === undefined ? { happened: false } : { happened: true, output };
          },
        }),
      },
    });
  }
}

interface TrialOptions {
  readonly handler?: HandlerInterface | null;
  readonly modelCalls?: number;
  /** Every call fails. */
  readonly isFailing?: boolean;
}

class Trial {
  readonly createHandler: () => HandlerInterface;
  readonly #case: HandlerCase;

  constructor(createHandler: () => HandlerInterface, one: HandlerCase) {
    this.createHandler = createHandler;
    this.#case = one;
  }

  async open({ handler = this.createHandler(), modelCalls, isFailing = false }: TrialOptions = {}): Promise<{
    readonly stage: HandlerStage;
    readonly world: World;
  }> {
    const { step, inputs, script, plugins = [] } = this.#case;
    const world = new World();
    world.isFailing = isFailing;
    const options: HandlerStageOptions = {
      // No pauses: what is tried again is tried at once.
      steps: [{ retryPolicy: { maxRetries: 0 }, ...step }],
      handler,
      script: watched(script ?? [], world, isFailing),
      plugins: [world.plugin(), ...plugins],
      ...(inputs === undefined ? {} : { inputs }),
      ...(modelCalls === undefined ? {} : { modelCalls }),
    };
    return { stage: await HandlerStage.open(options), world };
  }

  async run(options: TrialOptions = {}): Promise<{ readonly stage: HandlerStage; readonly world: World; readonly outcome: WalkOutcome }> {
    const opened = await this.open(options);
    return { ...opened, outcome: await opened.stage.walk() };
  }
}

/** The script by turn: a step that is begun anew asks the same again and is answered from its beginning. */
function watched(script: Script, world: World, isFailing: boolean): Script {
  return async (request, index) => {
    world.onCall();
    if (isFailing)
      return { error: new AppError("UPSTREAM_REJECTED", "the model fails in this trial", { details: { mayHaveSpent: false } }) };
    const turn = request.messages.filter(({ role }) => role === "assistant").length;
    const found = typeof script === "function" ? await script(request, index) : script[turn];
    const answer = typeof found === "string" ? { text: found } : found;
    if (answer === undefined)
      throw new AppError("SCRIPT_EXHAUSTED", `call ${index + 1} is not in the case's script`, { details: { mayHaveSpent: false } });
    return answer;
  };
}

function stepOf(input: WorkflowStepInput): WorkflowStep {
  const [step] = defineWorkflow({ name: "conformance", steps: [input] }).steps;
  assert(step !== undefined);
  return step;
}

function describeOutcome(outcome: WalkOutcome): string {
  if (outcome.status === "failed") return `it failed: ${outcome.error.code} ${outcome.error.message}`;
  return outcome.status === "waiting" ? `it waits: ${outcome.waits.map(({ message }) => message).join("; ")}` : `it is ${outcome.status}`;
}
