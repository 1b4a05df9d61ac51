// `sub_workflow`: runs inline steps or a stored agent's workflow inside the same execution, with inputs of its own.
import { AppError, asAppError, toErrorRecord } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { resolveTemplates, templateReferences } from "../../operations/templates.ts";
import type { InputDeclaration, WorkflowDefinition, WorkflowStep } from "../../workflow/types.ts";
import { noteLabels } from "../governance/stepLabels.ts";
import type { StepScope } from "../StepScope.ts";
import type { StepContext, StepOutcome, StepPerformer } from "../types.ts";
import { endUnfinished, prefixOf } from "./innerSteps.ts";

/** A workflow that runs itself must end somewhere. */
const MAX_RUN_DEPTH = 5;

type Context = StepContext<Extract<WorkflowStep, { readonly type: "sub_workflow" }>>;
type NestedRun = Pick<WorkflowDefinition, "steps" | "inputs" | "output"> & { readonly maxConcurrency?: number };

export const performSubWorkflow: StepPerformer<"sub_workflow"> = async (context) => {
  const { step, path, scope } = context;
  if (scope.runDepth >= MAX_RUN_DEPTH) {
    throw new AppError(
      "LOOP_LIMIT",
      `step ${path}: nested runs are ${scope.runDepth + 1} levels deep, at most ${MAX_RUN_DEPTH} are allowed`,
      {
        details: { step: path, expected: `at most ${MAX_RUN_DEPTH} levels`, got: String(scope.runDepth + 1) },
        hint: "a workflow that calls itself never ends",
      },
    );
  }
  const run = await nestedRun(context);
  const inputs = checkInputs(context, run.inputs, context.resolve(step.inputs, "inputs") as JsonObject);
  const outcome = await runWithin(context, run, inputs);
  if (outcome.status !== "failed" || step.onError === "throw") return outcome;
  const { code, message } = toErrorRecord(outcome.error);
  const output = step.onError === "return_error" ? { error: { code, message } } : null;
  return { status: "completed", output, facts: { warnings: [`the nested run failed: ${code}: ${message}`], more: { failed: true } } };
};

async function nestedRun({ step, path, state, services }: Context): Promise<NestedRun> {
  if (step.workflowId === undefined) return { steps: step.workflowSteps ?? [] };
  const found = await services.loadWorkflow(state, step.workflowId);
  if (found !== null) {
    noteLabels(found);
    return found;
  }
  throw new AppError("NOT_FOUND", `step ${path}: there is no agent "${step.workflowId}" in this workspace`, {
    details: { step: path, field: "workflowId", got: step.workflowId },
  });
}

async function runWithin(context: Context, run: NestedRun, inputs: JsonObject): Promise<StepOutcome> {
  const { step, path, state, services } = context;
  const { clock } = services;
  const limit = new AbortController();
  const error = new AppError("STEP_TIMEOUT", `step ${path}: the nested run took longer than ${step.timeout} ms`, {
    details: { step: path, expected: `at most ${step.timeout} ms` },
    retry: "never",
  });
  // The limit counts from the first begin, suspensions included.
  const deadlineMs = step.timeout === undefined ? null : (state.step(path)?.detail.wakeAtMs ?? Math.round(clock.nowMs() + step.timeout));
  if (deadlineMs !== null && deadlineMs <= clock.nowMs()) return { status: "failed", error };
  const cancelTimer = deadlineMs === null ? (): void => undefined : clock.schedule(deadlineMs - clock.nowMs(), () => limit.abort(error));
  const signal = AbortSignal.any([context.signal, limit.signal]);
  const scope = context.scope.child({
    prefix: prefixOf(context),
    steps: run.steps,
    isolatedInputs: inputs,
    inheritsContext: step.inheritContext,
    signal,
  });
  try {
    const outcome = await context.walk(run.steps, scope, run.maxConcurrency === undefined ? {} : { maxConcurrency: run.maxConcurrency });
    if (outcome.status === "completed") return { status: "completed", output: await outputOf(context, run, scope) };
    if (limit.signal.aborted && outcome.status !== "waiting") return { status: "failed", error };
    if (outcome.status !== "waiting" || deadlineMs === null) return endUnfinished(context, outcome);
    const own = {
      path,
      for: "delay" as const,
      until: new Date(deadlineMs),
      message: "time limit of the nested run",
      needUsd: null,
      needTokens: null,
    };
    return { status: "waiting", waits: [...outcome.waits, own] };
  } finally {
    cancelTimer();
  }
}

async function outputOf({ step, state, services, path }: Context, run: NestedRun, scope: StepScope): Promise<JsonValue> {
  const wanted = step.outputMapping ?? run.output;
  if (wanted === undefined) {
    const last = run.steps.at(-1);
    if (last === undefined) return null;
    await state.load(services.db, [scope.pathOf(last.id)]);
    return state.output(scope.pathOf(last.id));
  }
  const field = step.outputMapping === undefined ? "output" : "outputMapping";
  await state.load(services.db, scope.recordedPaths(templateReferences(wanted).map(({ root }) => root)));
  try {
    return resolveTemplates(wanted, scope, field);
  } catch (thrown) {
    const cause = asAppError(thrown, "TEMPLATE_INVALID");
    throw new AppError(cause.code, `step ${path}: ${cause.message}`, {
      details: { ...cause.details, step: path },
      hint: cause.hint,
      cause,
    });
  }
}

/** Fills in declared defaults. @throws AppError `INPUT_INVALID` naming every input that is missing or not declared */
function checkInputs({ path }: Context, declared: Readonly<Record<string, InputDeclaration>> | undefined, given: JsonObject): JsonObject {
  if (declared === undefined) return given;
  const missing = Object.entries(declared).flatMap(([name, { required, default: fallback }]) =>
    required === true && fallback === undefined && given[name] === undefined ? [name] : [],
  );
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(declared, name));
  if (missing.length + unknown.length > 0) {
    const faults = [...missing.map((name) => `"${name}" is missing`), ...unknown.map((name) => `"${name}" is not declared`)];
    throw new AppError("INPUT_INVALID", `step ${path}, inputs: ${faults.join(", ")}`, {
      details: { step: path, field: "inputs", expected: Object.keys(declared).join(", "), got: Object.keys(given).join(", ") },
      hint: "compare `inputs` with what the agent's workflow declares",
    });
  }
  const defaults = Object.entries(declared).flatMap(([name, { default: fallback }]) =>
    fallback === undefined ? [] : [[name, fallback] as const],
  );
  return { ...Object.fromEntries(defaults), ...given };
}
