// Performs the tool calls of one turn as action steps under the loop's path: each has a row, is audited, and is never made twice.
import { encodeJson, isJsonObject, type JsonValue } from "../../core/json.ts";
import type { ModelToolCall } from "../../models/types.ts";
import { didYouMean } from "../../operations/didYouMean.ts";
import type { ActionStep } from "../../workflow/types.ts";
import type { StepContext, StepOutcome } from "../types.ts";
import { escapeTemplates } from "./escapeTemplates.ts";
import { endUnfinished, pathsOf, prefixOf } from "./innerSteps.ts";
import type { OfferedTool, ToolCatalog } from "./toolCatalog.ts";

/** What a model reads of one result; the whole stays in the tool's own row. */
const MAX_RESULT_CHARACTERS = 60_000;

export interface ToolResult {
  readonly call: ModelToolCall;
  readonly text: string;
  readonly isError: boolean;
  readonly isShortened: boolean;
}

export type TurnOutcome =
  | { readonly kind: "results"; readonly results: readonly ToolResult[] }
  | { readonly kind: "ended"; readonly outcome: StepOutcome };

/** One after the other, in the order the model gave: the second may rely on the first. */
export async function performToolCalls(
  context: StepContext,
  calls: readonly ModelToolCall[],
  { catalog, turn }: { readonly catalog: ToolCatalog; readonly turn: number },
): Promise<TurnOutcome> {
  const planned = calls.map((call, index) => planCall(call, catalog, `turn${turn}[${index}]`));
  const steps = planned.flatMap(({ step }) => (step === null ? [] : [step]));
  if (steps.length > 0) {
    const scope = context.scope.child({ prefix: prefixOf(context), steps, signal: context.signal });
    const outcome = await context.walk(steps, scope, { maxConcurrency: 1 });
    if (outcome.status !== "completed") return { kind: "ended", outcome: endUnfinished(context, outcome) };
    await context.state.load(context.services.db, pathsOf(steps, prefixOf(context)));
  }
  return { kind: "results", results: planned.map((plan) => resultOf(context, plan)) };
}

interface PlannedCall {
  readonly call: ModelToolCall;
  /** null: it must not be made; `refusal` says why. */
  readonly step: ActionStep | null;
  readonly refusal: string;
}

function planCall(call: ModelToolCall, catalog: ToolCatalog, id: string): PlannedCall {
  const tool = catalog.byName.get(call.name);
  if (tool === undefined) {
    const names = [...catalog.byName.keys()];
    const suggestion = didYouMean(call.name, names);
    const hint = suggestion === undefined ? `The tools are: ${names.join(", ") || "none"}.` : `Did you mean ${suggestion}?`;
    return { call, step: null, refusal: `There is no tool "${call.name}". ${hint}` };
  }
  if (!isJsonObject(call.arguments)) {
    return {
      call,
      step: null,
      refusal: `The arguments could not be read as a JSON object: ${encodeJson(call.arguments).slice(0, 200)}. Nothing was done.`,
    };
  }
  return { call, step: actionStep(tool, id, call.arguments), refusal: "" };
}

/** The model itself is the retry policy: it reads the error and decides. */
function actionStep({ plugin, action }: OfferedTool, id: string, params: JsonValue): ActionStep {
  return {
    id,
    type: "action",
    plugin,
    action,
    params: escapeTemplates(params) as ActionStep["params"],
    continueOnError: true,
    retryPolicy: { maxRetries: 0 },
  };
}

function resultOf(context: StepContext, { call, step, refusal }: PlannedCall): ToolResult {
  if (step === null) return { call, text: refusal, isError: true, isShortened: false };
  const path = `${prefixOf(context)}${step.id}`;
  if (context.state.step(path)?.status === "failed") {
    const { code, message, hint } = context.state.errorOf(path);
    return { call, text: `${code}: ${message}${hint === "" ? "" : ` (${hint})`}`, isError: true, isShortened: false };
  }
  const output = context.state.output(path);
  const text = typeof output === "string" ? output : encodeJson(output);
  if (text.length <= MAX_RESULT_CHARACTERS) return { call, text, isError: false, isShortened: false };
  const note = `\n[shortened: the first ${MAX_RESULT_CHARACTERS} of ${text.length} characters; ask for less to see the rest]`;
  return { call, text: text.slice(0, MAX_RESULT_CHARACTERS) + note, isError: false, isShortened: true };
}
