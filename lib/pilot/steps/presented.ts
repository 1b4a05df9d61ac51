// What a model is shown of a step's contents: raw on the direct path, views on the governed one. Templates and later steps never see a view.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { parseTemplate, stringifyValue, type TemplatePart } from "../../operations/templates.ts";
import type { ModelTool } from "../../models/types.ts";
import { namesReadOf } from "../governance/namesReadOf.ts";
import { shortSchema } from "../governance/shortSchema.ts";
import type { StepContext } from "../types.ts";
import { systemPrompt, textOf } from "./prompts.ts";

export interface Presented {
  readonly text: string;
  /** Tokens by which views in it are shorter than what they stand for. */
  readonly savedTokens: number;
  /** Something that the content says is not in the text. */
  readonly isShortened: boolean;
}

/** The rules of a step, and by how many tokens their short form is shorter; nothing is saved on the direct path. */
export function presentRules(
  { decision, services }: StepContext,
  about: { readonly hasSchema: boolean; readonly hasData: boolean },
): { readonly system: string; readonly savedTokens: number } {
  const long = systemPrompt(about);
  if (decision.governance?.isActing !== true) return { system: long, savedTokens: 0 };
  const system = systemPrompt({ ...about, isShort: true });
  return { system, savedTokens: services.counter.count(long) - services.counter.count(system) };
}

/** The tools of a loop, and by how many tokens their short schemas are shorter; as they are on the direct path. */
export function presentTools(
  { decision, services }: StepContext,
  tools: readonly ModelTool[],
): { readonly tools: readonly ModelTool[]; readonly savedTokens: number } {
  if (decision.governance?.isActing !== true || tools.length === 0) return { tools, savedTokens: 0 };
  const short = tools.map((tool) => ({ ...tool, inputSchema: shortSchema(tool.inputSchema) }));
  const tokensOf = (list: readonly ModelTool[]): number =>
    list.reduce((sum, { inputSchema }) => sum + services.counter.count(JSON.stringify(inputSchema)), 0);
  return { tools: short, savedTokens: tokensOf(tools) - tokensOf(short) };
}

export interface PresentOptions {
  readonly of: string;
  /** The instruction, without the data it is about. */
  readonly task: string;
  readonly schema: JsonObject | null;
  readonly maxLevel?: 0 | 1 | 2;
}

export interface PresentedPrompt extends Presented {
  /** The instruction without the long values that it names. */
  readonly task: string;
  /** The long values as shown; empty without any. */
  readonly data: string;
}

/** Templates of a prompt whose values are longer are shown as views; shorter ones belong to the instruction. */
const LONG_VALUE_CHARACTERS = 600;

export async function presentValue(context: StepContext, value: JsonValue, options: PresentOptions): Promise<Presented> {
  const raw = textOf(value);
  const { governance } = context.decision;
  if (governance === undefined) return { text: raw, savedTokens: 0, isShortened: false };
  const { of, task, schema, maxLevel } = options;
  const fields = fieldsOf(context, schema);
  // What is behind no handle must not be missing from a loop.
  const mostLevel = context.step.type === "llm_decision" ? 0 : maxLevel;
  return governance.show(raw, {
    of,
    task,
    ...(fields === undefined ? {} : { fields }),
    ...(mostLevel === undefined ? {} : { maxLevel: mostLevel }),
  });
}

/** The prompt with its templates filled in; long values that it names are shown as views. */
export async function presentPrompt(
  context: StepContext,
  prompt: string,
  { field, schema }: { readonly field: string; readonly schema: JsonObject | null },
): Promise<PresentedPrompt> {
  const raw = textOf(context.resolve(prompt, field));
  const parts = context.decision.governance === undefined ? [] : parseTemplate(prompt, field);
  const values = parts.map((part) => (part.kind === "text" ? null : context.resolve(`{{${part.expression}}}`, field)));
  const task = taskText(parts, values) || raw.slice(0, LONG_VALUE_CHARACTERS);
  if (!values.some((value) => isLong(value))) return { text: raw, savedTokens: 0, isShortened: false, task, data: "" };
  let text = "";
  const data: string[] = [];
  let savedTokens = 0;
  let isShortened = false;
  for (const [index, part] of parts.entries()) {
    const value = values[index] ?? null;
    if (part.kind === "text") text += part.text;
    else if (!isLong(value)) text += stringifyValue(value);
    else {
      const shown = await presentValue(context, value, { of: `prompt {{${part.expression}}}`, task, schema });
      text += shown.text;
      data.push(shown.text);
      savedTokens += shown.savedTokens;
      isShortened ||= shown.isShortened;
    }
  }
  return { text, savedTokens, isShortened, task, data: data.join("\n\n") };
}

function taskText(parts: readonly TemplatePart[], values: readonly (JsonValue | null)[]): string {
  return parts
    .map((part, index) => {
      if (part.kind === "text") return part.text;
      const value = values[index] ?? null;
      return isLong(value) ? " " : stringifyValue(value);
    })
    .join("")
    .trim();
}

function isLong(value: JsonValue | null): boolean {
  return value !== null && stringifyValue(value).length >= LONG_VALUE_CHARACTERS;
}

/** Without an output schema the step's answer is open, and nothing can be said about what it does not need. */
function fieldsOf(context: StepContext, schema: JsonObject | null): readonly string[] | undefined {
  if (schema === null) return undefined;
  const names = new Set(propertyNames(schema));
  if (names.size === 0) return undefined;
  for (const name of namesReadOf(context.state.definition, context.step)) names.add(name);
  return [...names];
}

const MAX_SCHEMA_DEPTH = 20;

function propertyNames(schema: JsonValue, depth = 0): string[] {
  if (!isJsonObject(schema) || depth > MAX_SCHEMA_DEPTH) return [];
  const { properties, items } = schema;
  const own = isJsonObject(properties)
    ? Object.entries(properties).flatMap(([name, inner]) => [name, ...propertyNames(inner ?? null, depth + 1)])
    : [];
  return [...own, ...(items === undefined ? [] : propertyNames(items, depth + 1))];
}
