// What the fault tests run: every kind of step and effect. `completedSteps` is what a finished execution must have, row by row.
import type { JsonObject } from "../../lib/core/json.ts";
import { FAULT_MODEL } from "./child/faultModel.ts";

export interface FaultWorkflow {
  readonly definition: JsonObject;
  /** Paths with exactly one completed row each when the execution has completed. */
  readonly completedPaths: readonly string[];
}

const call = (id: string, action: string, more: JsonObject = {}): JsonObject => ({
  id,
  type: "action",
  plugin: "outside",
  action,
  params: { value: id },
  ...more,
});
const after = (...ids: string[]): JsonObject => ({ dependencies: ids });
const schema = { type: "object", properties: { total: { type: "number" } }, required: ["total"], additionalProperties: false };
/** A reply that was lost is tried again where that is harmless. */
const eager = { retryPolicy: { maxRetries: 5, backoffMs: 20, retryableErrors: ["UPSTREAM_UNAVAILABLE", "STEP_TIMEOUT"] } };

function workflow(name: string, steps: JsonObject[], completedPaths: string[]): FaultWorkflow {
  return { definition: { name, model: FAULT_MODEL, steps }, completedPaths };
}

export const FAULT_WORKFLOWS: readonly FaultWorkflow[] = [
  workflow(
    "pure and delays",
    [
      call("a", "pure"),
      call("b", "pure", after("a")),
      { id: "short", type: "delay", duration: 150, ...after("a") },
      { id: "long", type: "delay", duration: 1_200, ...after("b") },
      call("c", "pure", after("long", "short")),
    ],
    ["a", "b", "short", "long", "c"],
  ),
  workflow(
    "effects",
    [
      call("keyed", "keyed", eager),
      call("verified", "verified", { ...eager, ...after("keyed") }),
      call("blind", "blind", after("verified")),
      call("last", "pure", { params: { value: "{{blind.id}}" }, ...after("blind") }),
    ],
    ["keyed", "verified", "blind", "last"],
  ),
  workflow(
    "loop",
    [
      {
        id: "each",
        type: "loop",
        iterateOver: [1, 2, 3],
        loopSteps: [
          call("one", "verified", { params: { value: "{{item}}" }, ...eager }),
          call("two", "pure", { params: { value: "{{one.id}}" } }),
        ],
      },
      {
        id: "fan",
        type: "scatter_gather",
        scatter: { input: [1, 2, 3, 4], maxConcurrency: 3, steps: [call("send", "keyed", { params: { value: "{{item}}" }, ...eager })] },
        ...after("each"),
      },
    ],
    [
      "each",
      "fan",
      ...[0, 1, 2].flatMap((index) => [`each[${index}].one`, `each[${index}].two`]),
      ...[0, 1, 2, 3].map((index) => `fan[${index}].send`),
    ],
  ),
  workflow(
    "approval",
    [
      call("before", "pure"),
      { id: "ok", type: "human_approval", approvers: ["ann"], title: "Go on?", ...after("before") },
      call("pay", "blind", after("ok")),
    ],
    ["before", "ok", "pay"],
  ),
  workflow(
    "model",
    [
      { id: "say", type: "ai_processing", prompt: "Say how things are, briefly.", max_output_tokens: 50 },
      { id: "count", type: "ai_processing", prompt: "How many are there in total?", max_output_tokens: 50, output_schema: schema },
      {
        id: "agent",
        type: "llm_decision",
        prompt: "Find out.",
        plugins: ["outside"],
        max_output_tokens: 50,
        dependencies: ["say", "count"],
      },
      call("tell", "keyed", { params: { value: "{{agent}}" }, ...eager }),
    ],
    ["say", "count", "agent", "agent.turn1[0]", "tell"],
  ),
  workflow(
    "scatter over a model",
    [
      {
        id: "fan",
        type: "scatter_gather",
        scatter: {
          input: ["a", "b", "c", "d"],
          maxConcurrency: 4,
          steps: [
            { id: "ask", type: "ai_processing", prompt: "What about {{item}}?", max_output_tokens: 40 },
            call("note", "verified", { params: { value: "{{ask}}" }, ...eager }),
          ],
        },
      },
    ],
    ["fan", ...[0, 1, 2, 3].flatMap((index) => [`fan[${index}].ask`, `fan[${index}].note`])],
  ),
];
