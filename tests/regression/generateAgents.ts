// Sixty agents from a seed: every step type, nested in each other. Deterministic, so that an agent's name stands for what it does.
import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/core/json.ts";
import { STEP_TYPES } from "../../lib/workflow/stepTypes.ts";
import { MAKERS } from "./generator/makers.ts";
import { StepMaker, type Place } from "./generator/StepMaker.ts";
import { sentence } from "./schemaValue.ts";
import { SeededRandom } from "./seededRandom.ts";
import type { AgentClass } from "./Trace.ts";

/** Step types that call a model, or may. */
const MODEL_TYPES: ReadonlySet<string> = new Set(["ai_processing", "llm_decision"]);
const VERBOSE_ROWS = 45;

export function generateAgents(seed: string, count: number): JsonObject[] {
  return Array.from({ length: count }, (_, index) => generateAgent(`${seed}/${index}`, index));
}

/** Each step type is the first of several agents' own; the rest is drawn. */
function generateAgent(seed: string, index: number): JsonObject {
  const random = new SeededRandom(seed);
  const name = `g${String(index + 1).padStart(2, "0")}`;
  const kind = classOf(index);
  const usable = STEP_TYPES.filter((type) => kind !== "deterministic" || !MODEL_TYPES.has(type));
  const own = usable[index % usable.length] ?? "transform";
  const maker = new StepMaker({ agent: name, random, types: usable, makers: MAKERS });
  const place: Place = { values: inputValues(), depth: 0, isParallel: false };
  const steps: JsonObject[] = [];
  const total = random.whole(3, 6);
  const ownAt = random.whole(0, total - 1);
  for (let position = 0; position < total; position += 1) steps.push(maker.make(position === ownAt ? own : maker.drawType(), place));
  if (kind === "verbose")
    steps.push({
      id: `${name}_all`,
      type: "ai_processing",
      prompt: "Which rows matter most for {{input.topic}}?",
      input: "{{input.rows}}",
    });
  if (index % 12 === 7) steps.push({ id: `${name}_end`, type: "action", plugin: "flaky", action: "refuse", params: { name: "the end" } });
  const [first, ...others] = steps;
  const told = first?.["metadata"];
  const callsModels = /"type":"(?:ai_processing|llm_decision)"|"instruction":/.test(JSON.stringify(steps));
  const marked: JsonObject = { ...first, metadata: { ...(isJsonObject(told) ? told : {}), class: callsModels ? kind : "deterministic" } };
  return {
    name,
    inputs: inputsOf(random, kind === "verbose" ? VERBOSE_ROWS : 4),
    maxConcurrency: random.whole(1, 4),
    steps: [marked, ...others],
  };
}

function classOf(index: number): AgentClass {
  if (index % 5 === 4) return "verbose";
  return index % 3 === 0 ? "deterministic" : "mixed";
}

function inputValues(): Place["values"] {
  return [
    { ref: "input.rows", type: "rows" },
    { ref: "input.texts", type: "texts" },
    { ref: "input.person", type: "object" },
    { ref: "input.topic", type: "text" },
    { ref: "input.limit", type: "number" },
    { ref: "input.isUrgent", type: "boolean" },
  ];
}

function inputsOf(random: SeededRandom, rows: number): JsonObject {
  const row = (_: unknown, index: number): JsonValue => ({
    name: `row ${index + 1}`,
    group: random.pick(["red", "green", "blue"]),
    amount: random.whole(1, 400) / 4,
    isOpen: random.chance(0.5),
    note: sentence(random),
  });
  return {
    rows: { type: "array", default: Array.from({ length: rows }, row) },
    texts: { type: "array", default: Array.from({ length: 3 }, () => sentence(random)) },
    person: { type: "object", default: { name: random.pick(["Ada", "Ben", "Cem"]), mail: "p@example.com", level: random.whole(1, 5) } },
    topic: { type: "string", default: sentence(random) },
    limit: { type: "number", default: random.whole(1, 90) },
    isUrgent: { type: "boolean", default: random.chance(0.5) },
  };
}
