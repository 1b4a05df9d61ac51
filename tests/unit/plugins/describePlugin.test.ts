// The suite itself must be able to fail: each broken plugin fails the test that is about its fault, and only real faults do.
import { expect, test } from "vitest";
import { z } from "zod";
import { systemClock } from "../../../lib/core/clock.ts";
import { AppError } from "../../../lib/core/errors.ts";
import { defineAction, definePlugin } from "../../../lib/plugins/definePlugin.ts";
import { FileJail } from "../../../lib/plugins/files/FileJail.ts";
import type { ActionDefinition } from "../../../lib/plugins/types.ts";
import { describePlugin, type ActionCase } from "../../../lib/testing/describePlugin.ts";

/** Runs the suite on a counter plugin and gives the names of the tests that fail. */
async function failuresOf(
  action: Partial<ActionDefinition>,
  world: { counted: string[] } = { counted: [] },
  extra: Partial<ActionCase> = {},
): Promise<string[]> {
  const plugin = definePlugin({
    name: "counter",
    version: "1.0.0",
    description: "Counts once per key",
    actions: {
      count: defineAction({
        description: "Counts",
        effect: "write",
        idempotency: { by: "natural", windowHours: 1 },
        params: z.strictObject({ by: z.number() }),
        output: z.object({ by: z.number() }),
        run: async (params, { idempotencyKey }) => {
          if (!world.counted.includes(idempotencyKey)) world.counted.push(idempotencyKey);
          return params as { by: number };
        },
        verify: async ({ idempotencyKey }, params) =>
          world.counted.includes(idempotencyKey) ? { happened: true, output: params as { by: number } } : { happened: false },
        ...action,
      }),
    },
  });
  const tests: [string, () => Promise<void>][] = [];
  const runner = {
    describe: (_: string, body: () => void) => body(),
    test: (name: string, body: () => Promise<void>) => void tests.push([name, body]),
  };
  describePlugin(runner, {
    plugin,
    openWorld: async () => {
      world.counted.length = 0;
      return {
        cases: { count: { params: { by: 1 }, wrong: { params: { by: "x" }, field: "by" }, ...extra } },
        fetch: async () => Promise.reject(new AppError("ADDRESS_FORBIDDEN", "none")),
        filesOf: () => new FileJail({ root: "/dev/null/none", clock: systemClock }),
        observe: async () => [...world.counted],
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
  });
  const failed: string[] = [];
  for (const [name, body] of tests) await body().catch(() => failed.push(name));
  return failed;
}

test("a sound plugin passes", async () => {
  expect(await failuresOf({})).toEqual([]);
});

test("a plugin that counts every call fails on the repeated key", async () => {
  const world = { counted: [] as string[] };
  const failed = await failuresOf(
    {
      run: async (params) => (world.counted.push(String(world.counted.length)), params as never),
      verify: async () => ({ happened: "unknown" }),
    },
    world,
  );
  expect(failed).toEqual(["count has an effect that can be seen, and none more when its key repeats"]);
});

test("a verify that lies either way, or changes the world, fails", async () => {
  const name = "count tells the truth when asked whether it happened, and changes nothing by looking";
  expect(await failuresOf({ verify: async () => ({ happened: true, output: { by: 1 } }) })).toEqual([name]);
  expect(await failuresOf({ verify: async () => ({ happened: false }) })).toEqual([name]);
  const world = { counted: [] as string[] };
  expect(await failuresOf({ verify: async () => (world.counted.push("look"), { happened: "unknown" }) }, world)).toEqual([name]);
});

test("an output that does not fit its schema fails", async () => {
  expect(await failuresOf({ run: async () => ({ by: "one" }) })).toContain("count runs, and its output fits its schema and its limit");
});

test("a schema that takes anything fails on wrong params", async () => {
  expect(await failuresOf({ params: z.any() })).toContain("count refuses wrong params before anything happens, naming the field");
});

test("a plugin that ignores its abort fails", async () => {
  const failed = await failuresOf({ run: async () => new Promise(() => undefined), timeoutMs: 50 }, undefined, { hanging: { by: 2 } });
  expect(failed).toContain("count lets go when it is aborted");
});
