// Performs the tool calls of one turn as action steps under the loop's path: each has a row, is audited, and is never made twice.
import type { Performed, PerformOptions, ToolReply } from "../../agentkit/types.ts";
import { encodeJson, isJsonObject, type JsonValue } from "../../core/json.ts";
import type { ModelToolCall } from "../../models/types.ts";
import { didYouMean } from "../../operations/didYouMean.ts";
import type { ActionStep, HumanApprovalStep, WorkflowStep } from "../../workflow/types.ts";
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
  /** Who is asked before a destructive call. */
  readonly approvers: readonly string[];
}

/** One after the other, in the order the model gave: the second may rely on the first. */
export async function performToolCalls(
  context: StepContext,
  calls: readonly ModelToolCall[],
  { catalog, turn, answer, approvers }: TurnOptions,
): Promise<Performed<StepOutcome>> {
  const planned = calls.map((call, index): PlannedCall => {
    const said = answer(call);
    return said === null ? planCall(call, catalog, `turn${turn}[${index}]`) : refused(call, said, false);
  });
  const asked = await askPeople(context, planned, approvers);
  if (asked.kind === "ended") return asked;
  const steps = asked.plans.flatMap(({ step }) => (step === null ? [] : [step]));
  const ended = await walkAndLoad(context, steps, 1);
  return ended ?? { kind: "results", results: asked.plans.map((plan) => resultOf(context, plan)) };
}

/** @returns how the loop's step ends when these did not complete */
async function walkAndLoad(
  context: StepContext,
  steps: readonly WorkflowStep[],
  maxConcurrency: number,
): Promise<{ readonly kind: "ended"; readonly outcome: StepOutcome } | null> {
  if (steps.length === 0) return null;
  const scope = context.scope.child({ prefix: prefixOf(context), steps, signal: context.signal });
  const outcome = await context.walk(steps, scope, { maxConcurrency });
  if (outcome.status !== "completed") return { kind: "ended", outcome: endUnfinished(context, outcome) };
  await context.state.load(context.services.db, pathsOf(steps, prefixOf(context)));
  return null;
}

type Approved =
  | { readonly kind: "plans"; readonly plans: readonly PlannedCall[] }
  | { readonly kind: "ended"; readonly outcome: StepOutcome };

/** All destructive calls of a turn are put to people at once, and the loop waits without a worker. What is not approved is not called. */
async function askPeople(context: StepContext, planned: readonly PlannedCall[], approvers: readonly string[]): Promise<Approved> {
  const asked = planned.flatMap((plan) => (plan.step !== null && plan.needsApproval ? [approvalStep(context, plan.step, approvers)] : []));
  const ended = await walkAndLoad(context, asked, Math.max(asked.length, 1));
  if (ended !== null) return ended;
  return { kind: "plans", plans: planned.map((plan) => (plan.needsApproval ? afterAnswer(context, plan) : plan)) };
}

function afterAnswer(context: StepContext, plan: PlannedCall): PlannedCall {
  if (plan.step === null) return plan;
  const answer = context.state.output(`${prefixOf(context)}${approvalId(plan.step)}`);
  if (isJsonObject(answer) && answer["approved"] === true) return plan;
  const comments = isJsonObject(answer) && Array.isArray(answer["answers"]) ? commentsIn(answer["answers"] as readonly JsonValue[]) : "";
  return { ...plan, step: null, text: `Not called: it was not approved by a person.${comments} Nothing was done.`, isError: true };
}

function commentsIn(answers: readonly JsonValue[]): string {
  const said = answers.flatMap((answer) => (isJsonObject(answer) && typeof answer["comment"] === "string" ? [answer["comment"]] : []));
  return said.length === 0 ? "" : ` They said: ${JSON.stringify(said.join("; "))}.`;
}

function approvalId({ id }: ActionStep): string {
  return `${id}_approval`;
}

function approvalStep({ path }: StepContext, step: ActionStep, approvers: readonly string[]): HumanApprovalStep {
  return {
    id: approvalId(step),
    type: "human_approval",
    dependencies: [],
    approvers,
    approvalType: "any",
    title: `${step.plugin} ${step.action}, asked for by a model in step ${path}`,
    context: { plugin: step.plugin, action: step.action, params: step.params ?? {} },
    // It has no `timeout`: it waits for an answer, or for the end of the execution. The field itself may not be absent.
    onTimeout: "reject",
    // The answer is data: the model reads it and goes on.
    continueOnError: true,
  };
}

interface PlannedCall {
  readonly call: ModelToolCall;
  /** null: no tool is called; `text` is what the model reads instead. */
  readonly step: ActionStep | null;
  readonly text: string;
  readonly isError: boolean;
  readonly needsApproval: boolean;
}

function planCall(call: ModelToolCall, catalog: ToolCatalog, id: string): PlannedCall {
  const tool = catalog.byName.get(call.name);
  if (tool === undefined) {
    const names = [...catalog.byName.keys()];
    const suggestion = didYouMean(call.name, names);
    const hint = suggestion === undefined ? `The tools are: ${names.join(", ") || "none"}.` : `Did you mean ${suggestion}?`;
    return refused(call, `There is no tool "${call.name}". ${hint}`);
  }
  if (!isJsonObject(call.arguments)) {
    return refused(
      call,
      `The arguments could not be read as a JSON object: ${encodeJson(call.arguments).slice(0, 200)}. Nothing was done.`,
    );
  }
  return { call, step: actionStep(tool, id, call.arguments), text: "", isError: false, needsApproval: tool.needsApproval };
}

/** No tool is called. */
function refused(call: ModelToolCall, text: string, isError = true): PlannedCall {
  return { call, step: null, text, isError, needsApproval: false };
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
