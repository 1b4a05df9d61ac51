// What a handler costs around a step: the plan's own limit on the median, and ours. Steps are those of the direct path, in memory.
import { beforeAll, describe, expect, test } from "vitest";
import { ExtractHandler } from "../../../lib/orchestration/IntentHandlers/ExtractHandler.ts";
import { SummarizeHandler } from "../../../lib/orchestration/IntentHandlers/SummarizeHandler.ts";
import { TransformHandler } from "../../../lib/orchestration/IntentHandlers/TransformHandler.ts";
import { ValidateHandler } from "../../../lib/orchestration/IntentHandlers/ValidateHandler.ts";
import type { HandlerInterface } from "../../../lib/orchestration/types.ts";
import type { WorkflowStepInput } from "../../../lib/workflow/inputTypes.ts";
import { openStage } from "../../orchestration/serveStep.ts";

/** The plan's. */
const LIMIT_MS = 30;
/** Ours. */
const GOAL_MS = 1;
const RUNS = 41;

const rows = Array.from({ length: 200 }, (_, index) => ({ id: index, name: `n${index}`, total: index * 3 }));
const CASES: readonly [string, () => HandlerInterface, WorkflowStepInput][] = [
  ["extract", () => new ExtractHandler(), { id: "s", type: "action", plugin: "world", action: "fetch", params: { rows } }],
  ["transform", () => new TransformHandler(), { id: "s", type: "transform", operation: "sort", input: rows, config: { sort_by: "total" } }],
  [
    "validate",
    () => new ValidateHandler(),
    { id: "s", type: "validation", input: rows, schema: { type: "array", items: { type: "object", required: ["id"] } } },
  ],
  ["summarize", () => new SummarizeHandler(), { id: "s", type: "ai_processing", prompt: "Summarize", input: rows }],
];

async function timesOf(handler: HandlerInterface | null, step: WorkflowStepInput): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { stage } = await openStage(handler, step, { script: ["All rows were read."] });
    const beganMs = performance.now();
    await stage.walk();
    times.push(performance.now() - beganMs);
  }
  return times.toSorted((left, right) => left - right);
}

const median = (times: readonly number[]): number => times[(RUNS - 1) / 2] ?? Number.NaN;

describe("handler execution", () => {
  beforeAll(async () => {
    for (const [, create, step] of CASES) await timesOf(create(), step);
  });

  test.each(CASES)("%s: adds less than the plan allows, at the median less than a millisecond", async (_intent, create, step) => {
    const direct = median(await timesOf(null, step));
    const handled = median(await timesOf(create(), step));

    expect(handled - direct).toBeLessThan(LIMIT_MS);
    // Twice the goal: other work on the machine is in both figures, and not in equal parts.
    expect(handled - direct).toBeLessThan(GOAL_MS * 2);
  });
});
