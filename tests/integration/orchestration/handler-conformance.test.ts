// The cases of the conformance suite in whole executions, on the database of the run: with and without the handler, and under a limit that holds no call.
import { describe, expect, test } from "vitest";
import { AppError } from "../../../lib/core/errors.ts";
import type { JsonObject } from "../../../lib/core/json.ts";
import type { HandlerCase } from "../../../lib/testing/describeHandler.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";
import { OutsideWorld } from "../../orchestration/serveStep.ts";
import { conformances } from "../../unit/orchestration/handlers/handlerCases.ts";
import { createTestSystem } from "../testSystem.ts";

const ON: JsonObject = { intent_routing_enabled: true };

for (const { createHandler, cases } of conformances) {
  const { intent } = createHandler();
  const name = createHandler().constructor.name;

  describe(`${name} in whole executions`, () => {
    test.each(Object.entries(cases))("%s", async (_case, one: HandlerCase) => {
      const world = new OutsideWorld();
      const turns = one.script ?? [];
      await using system = await createTestSystem({
        handlers: [createHandler()],
        plugins: [world.plugin()],
        script: async (request, index) => {
          const turn = request.messages.filter(({ role }) => role === "assistant").length;
          const answer = typeof turns === "function" ? await turns(request, index) : turns[turn];
          return typeof answer === "string" ? { text: answer } : (answer ?? { text: "" });
        },
      });
      const definition = defineWorkflow({ name: "case", model: "openai/gpt-4o-mini", steps: [{ ...one.step, intent }] });
      const request = { definition, inputs: one.inputs ?? {} };
      const on = await system.run({ ...request, flags: ON });
      const [handled, calls] = [world.sent.splice(0), system.model.requests.length];
      const off = await system.run({ ...request });
      const direct = world.sent.splice(0);

      expect(on).toMatchObject({ status: "completed", error: null });
      expect(on.steps.find(({ id }) => id === one.step.id)?.handler).toBe(name);
      expect(on.output).toEqual(one.output ?? on.output);
      const isEqual = one.isEqualToDirect !== false;
      expect(isEqual ? [on.output, handled] : "another by design").toEqual(isEqual ? [off.output, direct] : "another by design");

      const before = system.model.requests.length;
      // Where not even the first call fits, the start is refused already.
      const code = await system.run({ ...request, flags: ON, limits: { tokens: 1, onLimit: "fail" } }).then(
        ({ error }) => error?.code ?? null,
        (error: unknown) => (AppError.is(error) ? error.code : "another error"),
      );
      expect(system.model.requests.length - before).toBe(0);
      expect(code).toBe(calls === 0 ? null : "BUDGET_EXCEEDED");
    });
  });
}
