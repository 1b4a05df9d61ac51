// Agents that remember, for tests: what their model answers and notes, how they are switched on, when their summary is made.
import type { JsonValue } from "../../../lib/core/json.ts";
import type { Database } from "../../../lib/db/Database.ts";
import type { ModelRequest } from "../../../lib/models/types.ts";
import type { RunRequest } from "../../../lib/systemApi.ts";
import type { Script } from "../../../lib/testing/ScriptedModel.ts";
import { workflow, type TestSystem } from "../testSystem.ts";

export const isSummary = (request: ModelRequest): boolean => request.system?.startsWith("You keep notes") === true;

export const NOTE = {
  summary: "Answered Anneke about pump 17.",
  outcomes: ["pump 17 ordered"],
  patterns: ["pump questions need the serial number"],
  suggestions: ["ask for the serial number"],
  facts: [
    { key: "Reply Language", value: "wants answers in Dutch", type: "preference", confidence: 0.9 },
    { key: "guess", value: "wants answers in Dutch tomorrow", type: "fact", confidence: 0.5 },
    { key: "invented", value: "owns a yacht in Monaco", type: "fact", confidence: 0.95 },
  ],
};

/** Steps get an answer, summaries get a note. */
export const answering: Script = (request) => (isSummary(request) ? { output: NOTE as unknown as JsonValue } : "done");

export function promptOf(request: ModelRequest | undefined): string {
  const content = request?.messages[0]?.content;
  return typeof content === "string" ? content : JSON.stringify(content);
}

export function agentOf(name: string, more: object = {}): RunRequest {
  const steps = [{ id: "ask", type: "ai_processing", prompt: "Answer the letter.", input: "{{inputs.letter}}" }];
  return { ...workflow(steps, { name, inputs: { letter: { type: "string" } }, ...more }), inputs: { letter: "pump 17 is broken" } };
}

/** The agent as it is stored by its first execution, which nothing is remembered of. */
export async function switched(test: TestSystem, request: RunRequest, mode: "on" | "user" = "on"): Promise<string> {
  await test.run(request);
  const { name } = request.definition as { name: string };
  const agent = await test.system.setAgentMemory(name, mode, "ann");
  test.model.requests.length = 0;
  return agent.id;
}

/** Summaries follow ends; closing waits for them, a test asks for the row. */
export async function noted(test: TestSystem, executionId: string): Promise<string> {
  for (;;) {
    const state = await stateOf(test, executionId);
    if (state !== "pending") return state;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

export async function stateOf({ db }: TestSystem, executionId: string): Promise<string> {
  const { rows } = await db.query<{ summary_state: string }>("SELECT summary_state FROM execution_memory WHERE execution_id = $1", [
    executionId,
  ]);
  return rows[0]?.summary_state ?? "none";
}

/** The same database for a second system: its owner closes it. */
export function unclosed(db: Database): Database {
  return new Proxy(db, {
    get: (target, key) => {
      const value: unknown = key === "close" ? async () => undefined : Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

export function noModelStep(): object {
  return { id: "t", type: "transform", operation: "set", config: { value: 1 } };
}
