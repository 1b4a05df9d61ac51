// Inputs of a fork and of a rerun: the same rules as those of a start.
import { describe, expect, test } from "vitest";
import { createTestSystem, workflow, type TestSystem } from "../testSystem.ts";

const read = { id: "read", type: "action", plugin: "probe", action: "read", params: { count: "{{input.count}}" } };
const counting = workflow([read], { inputs: { count: { type: "number" }, to: { type: "string", default: "anna" } } });

async function ranOnce(t: TestSystem): Promise<string> {
  const { executionId } = await t.run({ ...counting, inputs: { count: 1 } });
  return executionId;
}

describe.each([{ fromStart: true }, { fromStep: "read" }])("a fork with %j", (from) => {
  test("refuses inputs that the workflow does not declare or of another type, with the error of a start", async () => {
    await using t = await createTestSystem();
    const executionId = await ranOnce(t);
    const inputs = { count: "many", cuont: 2 };

    const started = await t.system.start({ ...counting, inputs }).catch((error: unknown) => error);
    const forked = await t.system.fork({ executionId, ...from, inputs }).catch((error: unknown) => error);

    expect(forked).toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining("cuont is not declared") });
    expect(forked).toEqual(started);
  });

  test("takes text of a command line for what the declaration says, and the old inputs for the rest", async () => {
    await using t = await createTestSystem();
    const executionId = await ranOnce(t);

    const forked = await t.system.fork({ executionId, ...from, inputs: { count: "2" } });

    expect(await t.system.wait(forked.executionId)).toMatchObject({ status: "completed", output: { count: 2 } });
  });
});
