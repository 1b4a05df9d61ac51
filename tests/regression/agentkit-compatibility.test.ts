// Tool loops of the hundred agents: with governance on they call the same tools and end the same as with every flag off. That they send byte for byte
// what they always sent with the flags off is existing-agents.test.ts.
import { beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/core/json.ts";
import { loadAgents, type Agent } from "./corpus.ts";
import { readGolden } from "./goldenFile.ts";
import { RecordingSystem } from "./RecordingSystem.ts";
import type { Trace } from "./Trace.ts";

const ON: JsonObject = { orchestration_intents_enabled: true, token_governance_enabled: true };
const RUN_LIMIT_MS = 240_000;

const all = await loadAgents();
const goldens = new Map(await Promise.all(all.map(async ({ name }) => [name, await readGolden(name)] as const)));
const loops = all.filter(({ name }) => offersTools(goldens.get(name)));

function offersTools(golden: JsonObject | undefined): boolean {
  const requests = (golden?.["requests"] ?? []) as unknown as Trace["requests"];
  return requests.some(({ tools }) => tools !== null);
}

/** Answers depend on the instruction alone: a view of the data gets the same one. Others may run them as sub-workflows: all are there, only loops are looked at. */
async function tracesOf(flags: JsonObject): Promise<ReadonlyMap<string, Trace>> {
  await using recording = await RecordingSystem.open({ flags, seedSource: "instruction" });
  return await recording.run(all);
}

function traceIn(traces: ReadonlyMap<string, Trace>, { name }: Agent): Trace {
  const trace = traces.get(name);
  if (trace === undefined) throw new Error(`${name} did not run`);
  return trace;
}

describe("AgentKit unchanged", () => {
  let plain: ReadonlyMap<string, Trace>;
  let governed: ReadonlyMap<string, Trace>;
  beforeAll(async () => {
    plain = await tracesOf({});
    governed = await tracesOf(ON);
  }, RUN_LIMIT_MS);

  test("is about a good part of the agents", () => {
    expect(loops.length).toBeGreaterThanOrEqual(15);
  });

  test.each(loops)("$name calls the same tools under the same keys and ends the same with governance on", (agent) => {
    const [before, after] = [traceIn(plain, agent), traceIn(governed, agent)];

    expect(after.actions).toEqual(before.actions);
    expect([after.status, after.error, after.output]).toEqual([before.status, before.error, before.output]);
  });

  test("has no call without its result, and no result without its call, with governance on", () => {
    for (const agent of loops) {
      for (const { messages } of traceIn(governed, agent).requests) {
        const parts = (messages as unknown as readonly { readonly content: unknown }[]).flatMap(({ content }) =>
          Array.isArray(content) ? (content as readonly { readonly type: string; readonly toolCallId?: string }[]) : [],
        );
        const idsOf = (type: string): (string | undefined)[] =>
          parts.filter((part) => part.type === type).map(({ toolCallId }) => toolCallId);
        expect(idsOf("tool-result")).toEqual(idsOf("tool-call"));
      }
    }
  });
});
