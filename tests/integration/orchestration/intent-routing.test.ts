// Routing by intent in whole executions: who performs a step, what is recorded, what happens where there is no handler, with the flag off, observing and on.
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../lib/core/json.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { BaseHandler } from "../../../lib/orchestration/IntentHandlers/BaseHandler.ts";
import type { HandlerContext, HandlerFacts } from "../../../lib/orchestration/types.ts";
import { loadSteps } from "../../../lib/journal/JournalStore.ts";
import type { StepDetail } from "../../../lib/pilot/ExecutionState.ts";
import { QUEUE_TEMPLATE } from "../../../lib/pilot/prepareQueue.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";
import type { StepOutput, StepType, WorkflowStep } from "../../../lib/workflow/types.ts";
import { openTestDatabase } from "../../testEnvironment.ts";
import { createTestSystem, keptOpen, type TestSystem } from "../testSystem.ts";

const ON: JsonObject = { intent_routing_enabled: true };
const OBSERVE: JsonObject = { intent_routing_enabled: "observe" };

const orders = [
  { id: "A-1", total: 12 },
  { id: "A-2", total: 340 },
];

const digest = defineWorkflow({
  name: "order digest",
  model: "openai/gpt-4o-mini",
  steps: [
    { id: "read", type: "action", plugin: "probe", action: "read", params: { orders } },
    { id: "large", type: "transform", operation: "filter", input: "{{read.orders}}", config: { condition: "item.total > 100" } },
    { id: "check", type: "validation", input: "{{large}}", schema: { type: "array", minItems: 1 } },
    { id: "digest", type: "ai_processing", prompt: "Summarize these orders", input: "{{large}}" },
    {
      id: "urgent",
      type: "conditional",
      condition: "large.size() > 0",
      then_steps: [{ id: "tell", type: "action", plugin: "probe", action: "send", params: { text: "{{digest}}" }, intent: "send" }],
      else_steps: [],
    },
    { id: "pause", type: "delay", duration: 1 },
  ],
  output: "{{urgent}}",
});

const lists = defineWorkflow({
  name: "mailing",
  steps: [
    {
      id: "send",
      type: "action",
      plugin: "probe",
      action: "send",
      params: { to: ["ada", "ben", "cy"] },
      intent: "send",
      metadata: { batch: { over: "to", size: 2 } },
      retryPolicy: { maxRetries: 0 },
    },
  ],
});

async function withSystem<T>(work: (test: TestSystem) => Promise<T>): Promise<T> {
  await using system = await createTestSystem({ script: () => ({ text: "One order is large: A-2." }) });
  return await work(system);
}

const handlersOf = (steps: readonly { readonly id: string; readonly handler: string | null }[]): object =>
  Object.fromEntries(steps.map(({ id, handler }) => [id, handler]));

/** What is remembered of handlers, by the path of the step. */
async function factsOf(db: Database, executionId: string): Promise<ReadonlyMap<string, HandlerFacts>> {
  const rows = await loadSteps(db, executionId);
  return new Map(
    rows.flatMap(({ stepPath, detail }): [string, HandlerFacts][] => {
      const { handler } = JSON.parse(detail ?? "{}") as StepDetail;
      return handler === undefined ? [] : [[stepPath, handler]];
    }),
  );
}

describe("Intent Routing Integration", () => {
  test("routes extract to ExtractHandler", async () => {
    await withSystem(async ({ system, run, probe, model }) => {
      const off = await run({ definition: digest });
      const on = await run({ definition: digest, flags: ON });

      expect(handlersOf(on.steps)).toEqual({
        read: "ExtractHandler",
        large: "TransformHandler",
        check: "ValidateHandler",
        digest: "SummarizeHandler",
        urgent: "ConditionalHandler",
        tell: "SendHandler",
        pause: null,
      });
      expect(new Set(Object.values(handlersOf(off.steps)))).toEqual(new Set([null]));
      expect(on.output).toEqual(off.output);
      expect(probe.calls.map(({ action, params }) => [action, params])).toEqual([
        ["read", { orders }],
        ["send", { text: "One order is large: A-2." }],
        ["read", { orders }],
        ["send", { text: "One order is large: A-2." }],
      ]);
      expect(JSON.stringify(model.requests[1]?.messages)).toBe(JSON.stringify(model.requests[0]?.messages));
      const plan = await system.plan({ definition: digest, flags: ON });
      expect(handlersOf(plan.steps)).toEqual(handlersOf(on.steps));
      expect(handlersOf((await system.plan({ definition: digest })).steps)).toEqual(handlersOf(off.steps));
    });
  });

  test("falls back if handler missing", async () => {
    await withSystem(async ({ system, db, run }) => {
      await db.query("UPDATE orchestration_handlers SET enabled = FALSE WHERE intent = 'extract'", []);
      const on = await run({ definition: digest, flags: ON });
      const bypassed = (await system.listAudit({ executionId: on.executionId })).filter(
        ({ action }) => action === "orchestration.bypassed",
      );

      expect(on.status).toBe("completed");
      expect(handlersOf(on.steps)).toMatchObject({ read: null, large: "TransformHandler" });
      expect(bypassed).toMatchObject([{ entityId: "read", details: { reason: "ExtractHandler is disabled by its row" } }]);
    });
  });

  test("preserves audit trail", async () => {
    await withSystem(async ({ system, run }) => {
      const off = await run({ definition: digest });
      const on = await run({ definition: digest, flags: ON });
      const actionsOf = async (executionId: string): Promise<string[]> =>
        (await system.listAudit({ executionId }))
          .map(({ action, entityId }) => `${action} ${entityId === executionId ? "" : entityId}`)
          .sort();
      const [before, after] = [await actionsOf(off.executionId), await actionsOf(on.executionId)];

      expect(after.filter((line) => !line.startsWith("orchestration."))).toEqual(before);
      expect(after.filter((line) => line.startsWith("orchestration."))).toEqual(
        ["check", "digest", "large", "read", "urgent", "urgent.tell"].map((path) => `orchestration.handler_executed ${path}`),
      );
    });
  });

  test("tracks handler metrics", async () => {
    await withSystem(async ({ system, db, run }) => {
      const on = await run({ definition: digest, flags: ON });
      const facts = (await factsOf(db, on.executionId)).get("digest");
      const tokens = on.steps.find(({ id }) => id === "digest")?.tokens.used;
      const audit = (await system.listAudit({ executionId: on.executionId })).find(
        ({ action, entityId }) => action === "orchestration.handler_executed" && entityId === "digest",
      );

      expect(facts).toMatchObject({ name: "SummarizeHandler", intent: "summarize", mode: "on", succeeded: true, tokens, savedTokens: 0 });
      expect(facts?.ms).toBeGreaterThan(0);
      expect((await factsOf(db, on.executionId)).get("large")).toMatchObject({ tokens: 0, metrics: { itemsIn: 2, itemsOut: 1 } });
      expect(audit?.details).toMatchObject({ handler: "SummarizeHandler", succeeded: true, tokens });
      expect((await factsOf(db, (await run({ definition: digest })).executionId)).size).toBe(0);
    });
  });

  test("changes nothing while it observes, and records who would have performed what", async () => {
    await withSystem(async ({ db, system, run }) => {
      const observed = await run({ definition: digest, flags: OBSERVE });

      expect(new Set(Object.values(handlersOf(observed.steps)))).toEqual(new Set([null]));
      const digested = (await factsOf(db, observed.executionId)).get("digest");
      expect(digested).toEqual({ name: "SummarizeHandler", intent: "summarize", mode: "observe" });
      expect(
        (await system.listAudit({ executionId: observed.executionId })).some(({ action }) => action.startsWith("orchestration.")),
      ).toBe(false);
    });
  });

  test("sends a list in batches", async () => {
    await withSystem(async ({ run, probe }) => {
      const on = await run({ definition: lists, flags: ON });

      expect(on).toMatchObject({ status: "completed", output: { sent: 3, refused: 0 } });
      expect(probe.calls.map(({ params }) => params)).toEqual([{ to: ["ada", "ben"] }, { to: ["cy"] }]);
      expect(new Set(probe.calls.map(({ key }) => key)).size).toBe(2);
    });
  });

  test("sends what is left of a list when the process that began it stands still: the same batches under the same keys", async () => {
    await using db = await openTestDatabase(QUEUE_TEMPLATE);
    const database = keptOpen(db);
    const stuck = Promise.withResolvers<void>();
    // One at a time: while it stands still it claims nothing.
    await using first = await createTestSystem({ database, env: { NEURONFORGE_MAX_CONCURRENT_EXECUTIONS: "1" } });
    first.probe.behave = async (_action, params) => {
      if (first.probe.calls.length === 2) await stuck.promise;
      return params;
    };
    const [step] = lists.steps;
    const keyed = defineWorkflow({ name: "mailing", steps: [{ ...step, action: "keyed" } as WorkflowStepInput] });
    const { executionId } = await first.system.start({ definition: keyed, flags: ON });
    await expect.poll(() => first.probe.calls.length, { timeout: 20_000 }).toBe(2);
    // As if its wake-up had run out, which takes longer than a test should.
    await db.query("UPDATE workflow_executions SET wake_id = gen_random_uuid()", []);
    await using second = await createTestSystem({ database });
    const report = await second.system.wait(executionId);
    stuck.resolve();

    expect(report).toMatchObject({ status: "completed", output: { sent: 3, refused: 0 } });
    expect(first.probe.calls.map(({ params }) => params)).toEqual([{ to: ["ada", "ben"] }, { to: ["cy"] }]);
    expect(second.probe.calls).toEqual(first.probe.calls.slice(1));
  });

  test("goes on with the rest once a person has said what became of a batch", async () => {
    await withSystem(async ({ system, run, probe }) => {
      let isBroken = true;
      probe.behave = async (_action, params) => {
        if (isBroken) throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
        return params;
      };
      const waiting = await run({ definition: lists, flags: ON });
      isBroken = false;
      await system.resume(waiting.executionId, { actor: "ada", resolve: "done" });

      expect(await system.wait(waiting.executionId)).toMatchObject({ status: "completed", output: { sent: 3, refused: 0 } });
      expect(probe.calls.map(({ params }) => params)).toEqual([{ to: ["ada", "ben"] }, { to: ["cy"] }]);
    });
  });

  test("puts an installation's own handler in the place of the built-in one", async () => {
    class LoudHandler extends BaseHandler {
      readonly intent = "transform";
      protected readonly stepTypes: readonly StepType[] = ["transform"];
      async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
        const { output } = await context.perform();
        await this.trackMetrics({ loud: true }, context);
        return this.output(step, context, output);
      }
    }
    await using system = await createTestSystem({ script: () => ({ text: "x" }), handlers: [new LoudHandler()] });
    const on = await system.run({ definition: digest, flags: ON });

    expect(handlersOf(on.steps)).toMatchObject({ large: "LoudHandler", read: "ExtractHandler" });
  });

  test("works beside governance: views and handlers in one step", async () => {
    const long = defineWorkflow({
      name: "long digest",
      model: "openai/gpt-4o-mini",
      steps: [
        {
          id: "read",
          type: "action",
          plugin: "probe",
          action: "read",
          params: { rows: Array.from({ length: 80 }, (_, index) => ({ id: `A-${index}`, note: null, total: index })) },
        },
        { id: "digest", type: "ai_processing", prompt: "Summarize these orders: which has the highest total?", input: "{{read.rows}}" },
      ],
    });
    await withSystem(async ({ run, model }) => {
      const governed = await run({ definition: long, flags: { token_governance_enabled: true } });
      const both = await run({ definition: long, flags: { token_governance_enabled: true, ...ON } });

      expect(both.tokens).toEqual(governed.tokens);
      expect(JSON.stringify(model.requests[1]?.messages)).toBe(JSON.stringify(model.requests[0]?.messages));
      expect(handlersOf(both.steps)).toEqual({ read: "ExtractHandler", digest: "SummarizeHandler" });
    });
  });
});
