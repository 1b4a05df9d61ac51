// A hundred agents do what they did before orchestration existed: the same requests, plugin calls, steps and results, byte for byte.
// A difference that is meant is recorded by `npm run test:record`; its golden files are part of the change's review.
import { readdir } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/core/json.ts";
import { FLAG_KEYS } from "../../lib/flags/flagKeys.ts";
import { STEP_TYPES } from "../../lib/workflow/stepTypes.ts";
import { loadAgents, type Agent } from "./corpus.ts";
import { describeDifference } from "./describeDifference.ts";
import { decodeGolden, encodeGolden, GOLDEN_FOLDER, readGolden } from "./goldenFile.ts";
import { RecordingSystem } from "./RecordingSystem.ts";
import { AGENT_CLASSES, comparePaths, toJson, type AgentClass, type Trace } from "./Trace.ts";

const MAX_GOLDEN_CHARACTERS = 2_000_000;
const RUN_LIMIT_MS = 240_000;
const SETTINGS = [
  "executeIf",
  "continueOnError",
  "retryPolicy",
  "rollbackAction",
  "cache",
  "output_variable",
  "output_schema",
  "dependencies",
  "maxConcurrency",
  "inheritContext",
];
/** Every so many agents also run with flags that only watch. */
const OBSERVED_EACH = 4;

const agents = await loadAgents();
const goldens = new Map<string, JsonObject>();
for (const { name } of agents) {
  const golden = await readGolden(name);
  if (golden !== undefined) goldens.set(name, golden);
}

function goldenOf({ name, source }: Agent): JsonObject {
  const golden = goldens.get(name);
  if (golden === undefined) throw new Error(`nothing was recorded for ${name}: run \`npm run test:record\``);
  if (golden["source"] !== source)
    throw new Error(`the agent ${name} itself was changed since its trace was recorded: run \`npm run test:record\``);
  return golden;
}

function compare(agent: Agent, traces: ReadonlyMap<string, Trace>): string {
  const trace = traces.get(agent.name);
  return trace === undefined ? "it did not run" : describeDifference(goldenOf(agent), toJson(trace));
}

async function record(chosen: readonly Agent[], flags: JsonObject): Promise<ReadonlyMap<string, Trace>> {
  await using recording = await RecordingSystem.open({ flags });
  return await recording.run(chosen);
}

describe("runs 100 old agents unchanged", () => {
  let traces: ReadonlyMap<string, Trace>;
  beforeAll(async () => {
    traces = await record(agents, {});
  }, RUN_LIMIT_MS);

  test.each(agents)("$name", (agent) => {
    expect(compare(agent, traces)).toBe("");
  });
});

describe("runs old agents unchanged while the four flags observe", () => {
  const isHelper = ({ name }: Agent): boolean => name === "05-address-check";
  const observed = agents.filter((agent, index) => index % OBSERVED_EACH === 0 || isHelper(agent));
  let traces: ReadonlyMap<string, Trace>;
  beforeAll(async () => {
    traces = await record(observed, Object.fromEntries(FLAG_KEYS.map((key) => [key, "observe"])));
  }, RUN_LIMIT_MS);

  test.each(observed)("$name", (agent) => {
    expect(compare(agent, traces)).toBe("");
  });
});

describe("the comparison", () => {
  const name = "02-invoice-processing";
  const golden = goldens.get(name) ?? {};
  const planted = (change: (trace: Planted) => void): string => {
    const copy = structuredClone(golden) as unknown as Planted;
    change(copy);
    return describeDifference(golden, copy as unknown as JsonObject);
  };

  test("finds no difference where there is none", () => {
    expect(goldens.has(name)).toBe(true);
    expect(planted(() => undefined)).toBe("");
  });

  test.each<[string, RegExp, (trace: Planted) => void]>([
    ["one more blank in a prompt", /requests.*content:\n {2}golden: /, (trace) => (trace.requests[0]!.messages[0]!.content += " ")],
    ["another output limit", /maxOutputTokens/, (trace) => (trace.requests[0]!.maxOutputTokens += 1)],
    ["a call that is not made", /requests\(.*\):\n[^]*now: {4}"nothing"/, (trace) => trace.requests.pop()],
    [
      "a call too many",
      /actions\(elsewhere 1\):\n {2}golden: "nothing"/,
      (trace) => trace.actions.push({ ...trace.actions[0]!, path: "elsewhere" }),
    ],
    ["another parameter", /params/, (trace) => (trace.actions[0]!.params = { ...trace.actions[0]!.params, more: 1 })],
    ["parameters in another order", /keys in another order/, (trace) => (trace.actions[0]!.params = reversed(trace.actions[0]!.params))],
    ["another key", /\.key:/, (trace) => (trace.actions[0]!.key = "<execution>/other/0")],
    ["another output of a step", /steps\(.*\)\.output/, (trace) => (trace.steps[0]!.output = { planted: true })],
    ["another status", /\.status:/, (trace) => (trace.status = "cancelled")],
  ])("tells %s", (_what, told, change) => {
    const difference = planted(change);
    expect(difference).toMatch(told);
    expect(difference.split("\n").length).toBeLessThan(40);
  });
});

describe("the golden files", () => {
  test("are one per agent, and small", async () => {
    const files = (await readdir(GOLDEN_FOLDER)).sort();
    expect(files).toEqual(agents.map((agent) => `${agent.name}.json`).sort());
    const characters = [...goldens.values()].reduce((sum, golden) => sum + encodeGolden(golden).length, 0);
    expect(characters).toBeLessThan(MAX_GOLDEN_CHARACTERS);
  });

  test("say a trace whole: encoding and decoding give it back", () => {
    for (const golden of goldens.values()) expect(JSON.stringify(decodeGolden(encodeGolden(golden)))).toBe(JSON.stringify(golden));
  });

  test("refuse contents that were changed by hand", () => {
    const text = encodeGolden([...goldens.values()][0] ?? {});
    expect(() => decodeGolden(text.replace("You perform one step", "You perform any step"))).toThrow(/changed by hand/);
  });

  test("hold nothing of the day they were recorded on", () => {
    const today = new Date().toISOString().slice(0, 10);
    const marked = [...goldens].filter(([, golden]) => JSON.stringify(golden).includes(today)).map(([name]) => name);
    expect(marked).toEqual([]);
  });

  test("order calls by path, numbers as numbers", () => {
    expect(["a[10].b", "a[9].b", "a", "a[9]"].sort(comparePaths)).toEqual(["a", "a[9]", "a[9].b", "a[10].b"]);
  });
});

describe("the hundred agents", () => {
  test("are forty by hand and sixty from the generator, of three classes", () => {
    expect(agents).toHaveLength(100);
    expect(agents.filter(({ request }) => request.source !== undefined)).toHaveLength(40);
    expect(new Set(agents.map(({ name }) => name)).size).toBe(100);
    const rare = AGENT_CLASSES.filter((one) => agents.filter((agent) => agent.class === one).length < 20);
    expect(rare).toEqual([]);
  });

  test("use every step type and every common setting, several times each", () => {
    const steps = [...goldens.values()].flatMap((golden) => golden["steps"] as unknown as readonly { readonly type: string }[]);
    const rareTypes = STEP_TYPES.filter((type) => steps.filter((step) => step.type === type).length < 5);
    expect(rareTypes).toEqual([]);
    const sources = agents.map(({ request }) => request.source?.text ?? JSON.stringify(request.definition));
    const rareFields = SETTINGS.filter((field) => sources.filter((text) => text.includes(field)).length < 2);
    expect(rareFields).toEqual([]);
  });

  test("that are deterministic call no model, and the verbose ones do", () => {
    const calls = (wanted: AgentClass): [string, number][] =>
      agents.filter((agent) => agent.class === wanted).map(({ name }) => [name, lengthOf(goldens.get(name)?.["requests"])]);
    expect(calls("deterministic").filter(([, count]) => count > 0)).toEqual([]);
    expect(calls("verbose").filter(([, count]) => count === 0)).toEqual([]);
  });

  test("ask in the order that keeps the beginning of a prompt the same: policy, tools by name, data, then the instruction", () => {
    const requests = [...goldens.values()].flatMap((golden) => golden["requests"] as unknown as Planted["requests"]);
    expect(requests.length).toBeGreaterThan(200);
    for (const { system, tools, messages } of requests) {
      expect(system).toMatch(/^You perform one step of an automated workflow\./);
      expect(system).not.toMatch(/<execution>|<time>|<uuid>/);
      const names = (tools ?? []).map((tool) => tool.name);
      expect(names).toEqual(names.toSorted());
      // No data, or the data first.
      expect([-1, 0]).toContain(messages[0]?.content.indexOf("<data>\n"));
    }
  });
});

interface Planted {
  status: string;
  requests: { system: string; tools: { name: string }[] | null; messages: { content: string }[]; maxOutputTokens: number }[];
  actions: { path: string; params: { [key: string]: JsonValue | undefined }; key: string }[];
  steps: { output: JsonValue }[];
}

function lengthOf(value: JsonValue | undefined): number {
  return Array.isArray(value) ? value.length : 0;
}

function reversed(value: Readonly<Record<string, JsonValue | undefined>>): Record<string, JsonValue | undefined> {
  const entries = Object.entries(isJsonObject(value) ? value : {});
  return Object.fromEntries(entries.length > 1 ? entries.reverse() : [["added", 1], ...entries]);
}
