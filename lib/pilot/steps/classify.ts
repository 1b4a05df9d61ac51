// Labels for items: one call for a whole batch, answered by index. A label that the model does not give, or that was not offered, stays null.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { ModelFacts } from "../../models/types.ts";
import type { StepContext, StepOutcome } from "../types.ts";
import type { ModelTally } from "./ModelTally.ts";
import { presentRules, presentValue } from "./presented.ts";
import { userPrompt } from "./prompts.ts";
import { askForValue } from "./structuredAnswer.ts";

/** More items in one answer are skipped or mixed up more often. */
const MAX_BATCH_ITEMS = 40;
const MAX_BATCH_CHARACTERS = 60_000;

export interface Classification {
  readonly labels: readonly string[];
  readonly instruction: string;
  readonly parameters: JsonObject | undefined;
  /** undefined: what is to be classified stands in the instruction. */
  readonly input: JsonValue | undefined;
  /** The same for a model that needs no prose. */
  readonly facts: ModelFacts;
  readonly tally: ModelTally;
}

export async function classify(context: StepContext, asked: Classification): Promise<StepOutcome> {
  const { input, tally } = asked;
  const items: readonly JsonValue[] = Array.isArray(input)
    ? (input as readonly JsonValue[])
    : [input ?? asked.facts.data ?? asked.facts.task ?? null];
  const found = new Map<number, string>();
  for (const batch of batchesOf(items)) {
    const ended = await classifyBatch(context, asked, { batch, found });
    if (ended !== null) return ended;
  }
  const open = items.length - found.size;
  if (open > 0) tally.warn(`${open} of ${items.length} items got no label`);
  const labelled = items.map((item, index) => withLabel(item, found.get(index) ?? null));
  const output = Array.isArray(input) ? labelled : input === undefined ? { label: found.get(0) ?? null } : (labelled[0] ?? null);
  return { status: "completed", output, facts: tally.facts({ itemCount: items.length }) };
}

function withLabel(item: JsonValue, label: string | null): JsonObject {
  return isJsonObject(item) ? { ...item, label } : { item, label };
}

interface IndexedItem {
  readonly index: number;
  readonly item: JsonValue;
}

function batchesOf(items: readonly JsonValue[]): IndexedItem[][] {
  const batches: IndexedItem[][] = [];
  let characters = 0;
  for (const [index, item] of items.entries()) {
    const size = JSON.stringify(item).length;
    const current = batches.at(-1);
    if (current === undefined || current.length >= MAX_BATCH_ITEMS || characters + size > MAX_BATCH_CHARACTERS) {
      batches.push([{ index, item }]);
      characters = size;
    } else {
      current.push({ index, item });
      characters += size;
    }
  }
  return batches;
}

/** @returns an outcome when the step ends here */
async function classifyBatch(
  context: StepContext,
  { labels, instruction, parameters, input, facts, tally }: Classification,
  { batch, found }: { readonly batch: readonly IndexedItem[]; readonly found: Map<number, string> },
): Promise<StepOutcome | null> {
  const data: JsonValue = batch.map(({ index, item }) => ({ index, item }));
  const order = `Give one label for every index${input === undefined ? " (the content above has index 0)" : ""}. The labels: ${labels.join(", ")}. Use null where none fits.`;
  // Every item must be judged: their view leaves none out, only what no reader of one needs.
  const shown =
    input === undefined ? null : await presentValue(context, data, { of: "items", task: instruction, schema: null, maxLevel: 1 });
  const content = userPrompt({ instruction: `${instruction}\n\n${order}`, data: shown?.text, parameters });
  const rules = presentRules(context, { hasSchema: true, hasData: shown !== null });
  const answer = await askForValue(context, {
    question: {
      system: rules.system,
      messages: [{ role: "user", content }],
      facts: { ...facts, kind: "classify", data, labels: labels.map((name) => ({ name })) },
      activityType: "classification",
      savedInputTokens: rules.savedTokens + (shown?.savedTokens ?? 0),
    },
    schema: schemaOf({ type: ["string", "null"], enum: [...labels, null] }),
    // A label of its own making is no reason to ask again: it does not count.
    checkedSchema: schemaOf({ type: ["string", "null"] }),
    tally,
  });
  if (answer.kind === "ended") return answer.outcome;
  collect(answer.value, { labels, batch, found, tally });
  return null;
}

function schemaOf(label: JsonObject): JsonObject {
  const item = {
    type: "object",
    properties: { index: { type: "integer" }, label },
    required: ["index", "label"],
    additionalProperties: false,
  };
  return { type: "object", properties: { labels: { type: "array", items: item } }, required: ["labels"], additionalProperties: false };
}

interface Collection {
  readonly labels: readonly string[];
  readonly batch: readonly IndexedItem[];
  readonly found: Map<number, string>;
  readonly tally: ModelTally;
}

function collect(value: JsonValue, { labels, batch, found, tally }: Collection): void {
  const offered = new Map(labels.map((label) => [label.trim().toLowerCase(), label]));
  const asked = new Set(batch.map(({ index }) => index));
  const answers = isJsonObject(value) && Array.isArray(value["labels"]) ? (value["labels"] as readonly JsonValue[]) : [];
  for (const answer of answers) {
    if (!isJsonObject(answer) || typeof answer["index"] !== "number" || typeof answer["label"] !== "string") continue;
    const label = offered.get(answer["label"].trim().toLowerCase());
    if (label === undefined) tally.warn(`the model gave a label that was not offered: "${answer["label"].slice(0, 60)}"`);
    // Of two answers for one item neither is better: the first stands.
    else if (asked.has(answer["index"]) && !found.has(answer["index"])) found.set(answer["index"], label);
  }
}
