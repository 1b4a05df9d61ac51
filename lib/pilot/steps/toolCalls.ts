// Performs the tool calls of one turn as action steps under the loop's path: each has a row, is audited, and is never made twice.
import type { Performed, PerformOptions, ToolReply } from "../../agentkit/types.ts";
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

/** A result as it may be sent: of a very long one only the beginning. */
export function withinLimit(text: string): { readonly text: string; readonly isShortened: boolean } {
  if (text.length <= MAX_RESULT_CHARACTERS) return { text, isShortened: false };
  const note = `\n[shortened: the first ${MAX_RESULT_CHARACTERS} of ${text.length} characters; ask for less to see the rest]`;
  return { text: text.slice(0, MAX_RESULT_CHARACTERS) + note, isShortened: true };
}

export interface TurnOptions extends PerformOptions {
  readonly catalog: ToolCatalog;
}

/** One after the other, in the order the model gave: the second may rely on the first. */
export async function performToolCalls(
  context: StepContext,
  calls: readonly ModelToolCall[],
  { catalog, turn, answer }: TurnOptions,
): Promise<Performed<StepOutcome>> {
  const planned = calls.map((call, index): PlannedCall => {
    const said = answer(call);
    return said === null ? planCall(call, catalog, `turn${turn}[${index}]`) : { call, step: null, text: said, isError: false };
  });
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
  /** null: no tool is called; `text` is what the model reads instead. */
  readonly step: ActionStep | null;
  readonly text: string;
  readonly isError: boolean;
}

function planCall(call: ModelToolCall, catalog: ToolCatalog, id: string): PlannedCall {
  const tool = catalog.byName.get(call.name);
  if (tool === undefined) {
    const names = [...catalog.byName.keys()];
    const suggestion = didYouMean(call.name, names);
    const hint = suggestion === undefined ? `The tools are: ${names.join(", ") || "none"}.` : `Did you mean ${suggestion}?`;
    return { call, step: null, text: `There is no tool "${call.name}". ${hint}`, isError: true };
  }
  if (!isJsonObject(call.arguments)) {
    return {
      call,
      step: null,
      text: `The arguments could not be read as a JSON object: ${encodeJson(call.arguments).slice(0, 200)}. Nothing was done.`,
      isError: true,
    };
  }
  return { call, step: actionStep(tool, id, call.arguments), text: "", isError: false };
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

function resultOf(context: StepContext, { call, step, text, isError }: PlannedCall): ToolReply {
  if (step === null) return { call, text, isError };
  const path = `${prefixOf(context)}${step.id}`;
  if (context.state.step(path)?.status === "failed") {
    const { code, message, hint } = context.state.errorOf(path);
    return { call, text: `${code}: ${message}${hint === "" ? "" : ` (${hint})`}`, isError: true };
  }
  const output = context.state.output(path);
  return { call, text: typeof output === "string" ? output : encodeJson(output), isError: false };
}
