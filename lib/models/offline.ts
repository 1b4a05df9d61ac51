// The model that needs no network: it answers out of the input alone, the same each time, and never invents. It is no language model and says so.
import type { Clock } from "../core/clock.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { TokenCounter } from "../tokens/TokenCounter.ts";
import { BaseProvider, type ProviderAnswer } from "./BaseProvider.ts";
import type { CallProgress } from "./modelErrors.ts";
import { readBrief, type Brief } from "./offline/brief.ts";
import { classifyItem } from "./offline/classifyItem.ts";
import { compose, NOTHING_GIVEN } from "./offline/compose.ts";
import { fillSchema } from "./offline/fillSchema.ts";
import { scalarText } from "./offline/scalarText.ts";
import { isBulleted, summarize } from "./offline/summarize.ts";
import type { ModelRequest } from "./types.ts";

export interface OfflineProviderOptions {
  readonly clock: Clock;
  readonly counter: TokenCounter;
}

interface Draft {
  /** Lines that may be dropped from the end; null when `json` is the answer. */
  readonly lines: readonly string[] | null;
  /** Between lines; a space for prose. @defaultValue a line break */
  readonly separator?: string;
  readonly json: JsonValue;
  readonly warnings: readonly string[];
}

const FIELD_LIST =
  /\b(?:extract|parse|pull out|read out)\s+(?:the\s+|all\s+|each\s+)?([\w\s,_-]{3,200}?)(?=\s+(?:from|of|in|out)\b|[.:;\n]|$)/i;
const MAX_ASKED_FIELDS = 20;

export class OfflineProvider extends BaseProvider {
  readonly #counter: TokenCounter;

  constructor(options: OfflineProviderOptions) {
    super({ name: "offline", clock: options.clock });
    this.#counter = options.counter;
  }

  override get isOffline(): boolean {
    return true;
  }

  protected override async perform(request: ModelRequest, progress: CallProgress): Promise<ProviderAnswer> {
    const draft = answerBrief(readBrief(request));
    const { text, output, isCut } = this.#fit(draft, request);
    progress.outputTextReceived = text.length;
    if (text !== "") request.onDelta?.(text);
    const usage = { inputTokens: this.#counter.countRequest(request).tokens, outputTokens: this.#counter.count(text) };
    progress.usage = usage;
    const warnings = isCut ? [...draft.warnings, `shortened to ${request.maxOutputTokens} output tokens`] : draft.warnings;
    const finishReason = text === "" && isCut ? "length" : "stop";
    // Others get their turn between two offline calls: this work is synchronous.
    await Promise.resolve();
    return { text, toolCalls: [], output, finishReason, usage, ...(warnings.length === 0 ? {} : { warnings }) };
  }

  /** Cuts at the end of a line or sentence; JSON is given whole or not at all. */
  #fit(draft: Draft, request: ModelRequest): { text: string; output: JsonValue | null; isCut: boolean } {
    const cap = request.maxOutputTokens;
    if (draft.lines === null) {
      const text = scalarText(draft.json);
      return this.#counter.count(text) <= cap ? { text, output: draft.json, isCut: false } : { text: "", output: null, isCut: true };
    }
    const { lines, separator = "\n" } = draft;
    let kept = lines.length;
    while (kept > 0 && this.#counter.count(lines.slice(0, kept).join(separator)) > cap) kept -= 1;
    return { text: lines.slice(0, kept).join(separator).trimEnd(), output: null, isCut: kept < lines.length };
  }
}

function answerBrief(brief: Brief): Draft {
  if (brief.schema !== null) return fill(brief, brief.schema);
  if (brief.kind === "classify" || brief.kind === "decide") return classify(brief);
  if (brief.kind === "extract") return extract(brief);
  return brief.kind === "generate" ? generate(brief) : summary(brief);
}

function summary(brief: Brief): Draft {
  const { sentences, notice } = summarize(brief.data, brief.text, brief.task);
  if (sentences.length === 0) return { lines: [NOTHING_GIVEN], json: null, warnings: ["nothing to summarize was given"] };
  const isList = isBulleted(brief.task);
  const lines = isList ? sentences.map((sentence) => `- ${sentence}`) : [...sentences];
  const separator = brief.data === null && !isList ? " " : "\n";
  return { lines: notice === "" ? lines : [...lines, notice], separator, json: null, warnings: notice === "" ? [] : [notice] };
}

function generate(brief: Brief): Draft {
  const { lines, notice } = compose(brief.data, brief.text, brief.task);
  const warnings = [notice, lines[0] === NOTHING_GIVEN ? "no facts were given" : ""].filter((warning) => warning !== "");
  return { lines, json: null, warnings };
}

/** A list gives the list with a `label` in each item; a single item gives its label. */
function classify(brief: Brief): Draft {
  const { data, text, labels } = brief;
  if (labels.length === 0)
    return { lines: ["No decision: no labels to choose from were given."], json: null, warnings: ["no labels were given"] };
  const list = listIn(data);
  if (list === null) {
    const label = classifyItem(data ?? text, labels);
    return { lines: null, json: label, warnings: label === null ? ["no label fits, or several fit alike"] : [] };
  }
  const json = list.map((item) => ({ ...(isJsonObject(item) ? item : { item }), label: classifyItem(item, labels) }));
  const open = json.filter((item) => item.label === null).length;
  return { lines: null, json, warnings: open === 0 ? [] : [`${open} of ${json.length} items fit no label, or several alike`] };
}

function extract(brief: Brief): Draft {
  const list = FIELD_LIST.exec(brief.task)?.[1] ?? "";
  const names = list
    .split(/\s*,\s*(?:and\s+)?|\s+and\s+/)
    .map((name) => name.trim().replaceAll(/\s+/g, "_"))
    .filter((name) => name !== "");
  if (names.length === 0) return summary(brief);
  const properties = Object.fromEntries(names.slice(0, MAX_ASKED_FIELDS).map((name) => [name, { type: ["string", "null"] }]));
  const fields: JsonObject = { type: "object", properties };
  return fill(brief, listIn(brief.data) === null ? fields : { type: "array", items: fields });
}

function fill(brief: Brief, schema: JsonObject): Draft {
  const { value, missing } = fillSchema(schema, {
    data: brief.data,
    text: brief.text === "" && brief.data === null ? brief.task : brief.text,
    summarize: (data, text) => proseOf(brief, data, text),
  });
  const shown = missing.slice(0, MAX_ASKED_FIELDS);
  return { lines: null, json: value, warnings: missing.length === 0 ? [] : [`not in the input: ${shown.join(", ")}`] };
}

function proseOf(brief: Brief, data: JsonValue, text: string): string {
  if (data === null && text === "") return "";
  if (brief.kind === "generate") return compose(data, text, brief.task).lines.join("\n");
  const { sentences, notice } = summarize(data, text, brief.task);
  return [...sentences, ...(notice === "" ? [] : [notice])].join(data === null ? " " : "\n");
}

function listIn(data: JsonValue): readonly JsonValue[] | null {
  if (Array.isArray(data)) return data as readonly JsonValue[];
  if (!isJsonObject(data)) return null;
  const lists = Object.values(data).filter((value) => Array.isArray(value));
  return lists.length === 1 && Object.keys(data).length === 1 ? (lists[0] as readonly JsonValue[]) : null;
}
