// Plugins under handlers: the same calls, keys and attempts as without, and the executor's own rules unchanged.
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../lib/core/json.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";
import { createTestSystem, type TestSystem } from "../testSystem.ts";

const FLAGS: readonly JsonObject[] = [{}, { intent_routing_enabled: true }];

function workflow(name: string, step: WorkflowStepInput) {
  return defineWorkflow({ name, steps: [step] });
}

async function eachWay<T>(work: (test: TestSystem, flags: JsonObject) => Promise<T>): Promise<readonly [T, T]> {
  const results: T[] = [];
  for (const flags of FLAGS) {
    await using system = await createTestSystem();
    results.push(await work(system, flags));
  }
  return results as unknown as readonly [T, T];
}

async function attemptsOf({ db }: TestSystem): Promise<readonly object[]> {
  const { rows } = await db.query<object>("SELECT step_path, attempt, call, kind, state FROM step_attempts ORDER BY step_path, call", []);
  return rows;
}

describe("plugin execution under handlers", () => {
  test.each(["read", "send", "keyed", "verified"])("makes the same call of %s, under the same key and attempt", async (action) => {
    const [off, on] = await eachWay(async (test, flags) => {
      const report = await test.run({
        definition: workflow(action, { id: "call", type: "action", plugin: "probe", action, params: { n: 1 } }),
        flags,
      });
      const keys = test.probe.calls.map(({ key }) => key.length);
      return {
        output: report.output,
        status: report.status,
        calls: test.probe.calls.map(({ params }) => params),
        keys,
        attempts: await attemptsOf(test),
      };
    });

    expect(on).toEqual(off);
    expect(off.status).toBe("completed");
  });

  test("tries again as often, after a failure that may pass", async () => {
    const [off, on] = await eachWay(async (test, flags) => {
      let failures = 2;
      test.probe.behave = async (_action, params) => {
        failures -= 1;
        if (failures >= 0) throw Object.assign(new Error("busy"), { code: "ECONNREFUSED" });
        return params;
      };
      const step: WorkflowStepInput = {
        id: "call",
        type: "action",
        plugin: "probe",
        action: "read",
        params: { n: 1 },
        retryPolicy: { maxRetries: 3, backoffMs: 1 },
      };
      const report = await test.run({ definition: workflow("flaky", step), flags });
      return { status: report.status, calls: test.probe.calls.length };
    });

    expect(on).toEqual(off);
    expect(off).toEqual({ status: "completed", calls: 3 });
  });

  test("checks an output against its schema as before", async () => {
    const [off, on] = await eachWay(async (test, flags) => {
      const step: WorkflowStepInput = {
        id: "call",
        type: "action",
        plugin: "probe",
        action: "read",
        params: { n: "x" },
        output_schema: { type: "object", properties: { n: { type: "number" } } },
      };
      const { status, error } = await test.run({ definition: workflow("schema", step), flags });
      return { status, code: error?.code, message: error?.message };
    });

    expect(on).toEqual(off);
    expect(off).toMatchObject({ status: "failed", code: "OUTPUT_INVALID" });
  });

  test("previews effects in a dry execution, batches included, and sends nothing", async () => {
    const batch = {
      id: "send",
      type: "action",
      plugin: "probe",
      action: "send",
      params: { to: ["a", "b"] },
      intent: "send",
      metadata: { batch: { over: "to", size: 1 } },
    } as const;
    await using test = await createTestSystem();
    const report = await test.run({ definition: workflow("dry", batch), mode: "dry", flags: { intent_routing_enabled: true } });

    expect(report.status).toBe("completed");
    expect(test.probe.calls).toEqual([]);
    expect(report.output).toMatchObject({ batches: [{ output: { previewed: true } }, { output: { previewed: true } }] });
  });
});
