// Agents of the regression corpus under all sixteen combinations of the four flags: nothing breaks, effects and results stay, and no step asks more often.
import { beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../lib/core/json.ts";
import { FLAG_KEYS } from "../../../lib/flags/flagKeys.ts";
import { loadAgents, type Agent } from "../../regression/corpus.ts";
import { RecordingSystem } from "../../regression/RecordingSystem.ts";
import type { Trace } from "../../regression/Trace.ts";

/** Of a hundred, and the one that others call. */
const EACH = 5;
const LIMIT_MS = 240_000;

const all = await loadAgents();
const agents = all.filter(({ name }, index) => index % EACH === 0 || name === "05-address-check");
const combinations = Array.from({ length: 1 << FLAG_KEYS.length }, (_, bits) =>
  FLAG_KEYS.filter((_key, index) => (bits & (1 << index)) !== 0),
);

/** Answers go by the instruction, not by the data shown with it, so that a shorter view changes no answer. */
async function run(chosen: readonly Agent[], keys: readonly string[]): Promise<ReadonlyMap<string, Trace>> {
  const flags: JsonObject = Object.fromEntries(keys.map((key) => [key, true]));
  await using recording = await RecordingSystem.open({ flags, seedSource: "instruction", models: ["gpt-4o", "gpt-4o-mini", "gpt-5"] });
  return await recording.run(chosen);
}

let direct: ReadonlyMap<string, Trace>;
beforeAll(async () => {
  direct = await run(agents, []);
}, LIMIT_MS);

const outcome = ({ status, error, output }: Trace) => ({ status, error, output });
const effects = ({ actions }: Trace) => actions.map(({ path, plugin, action, params }) => ({ path, plugin, action, params }));
const charactersOf = (traces: ReadonlyMap<string, Trace>): number =>
  [...traces.values()].reduce((sum, { requests }) => sum + JSON.stringify(requests.map(({ messages }) => messages)).length, 0);
/** How often each place asked a model for the first time; repairs and escalations are counted apart. */
const firstCalls = ({ requests }: Trace) => new Set(requests.map(({ path }) => path));

describe("end-to-end orchestration", () => {
  test.each(combinations.map((keys) => ({ keys, name: keys.join(" + ") || "none" })))(
    "$name",
    async ({ keys }) => {
      const traces = await run(agents, keys);
      // The switches do something: requests are what they were where none is on, and shorter where views are.
      const sent = [charactersOf(traces), charactersOf(direct)];
      expect(sent[0]).toBeLessThanOrEqual((sent[1] ?? 0) * (keys.includes("token_governance_enabled") ? 0.9 : 1));
      const models = new Set([...traces.values()].flatMap(({ requests }) => requests.map(({ model }) => model)));
      expect(models).toEqual(new Set(keys.includes("ais_routing_enabled") ? ["gpt-4o-mini", "gpt-4o", "gpt-5"] : ["gpt-4o"]));
      for (const { name, class: kind } of agents) {
        const [before, after] = [direct.get(name), traces.get(name)];
        if (before === undefined || after === undefined) throw new Error(`${name} did not run`);
        expect.soft({ name, ...outcome(after) }).toEqual({ name, ...outcome(before) });
        expect.soft({ name, effects: effects(after) }).toEqual({ name, effects: effects(before) });
        expect.soft({ name, more: [...firstCalls(after)].filter((path) => !firstCalls(before).has(path)) }).toEqual({ name, more: [] });
        expect
          .soft(kind === "deterministic" ? { name, asked: after.requests.length } : null)
          .toEqual(kind === "deterministic" ? { name, asked: 0 } : null);
      }
    },
    LIMIT_MS,
  );
});
