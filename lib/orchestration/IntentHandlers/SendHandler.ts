// Steps that deliver: one call as the direct path makes it, or a list in batches that are each sent once, verified, and when refused set aside by name.
import { AppError } from "../../core/errors.ts";
import { encodeJson, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { StepOf, StepOutput, StepType, WorkflowStep } from "../../workflow/types.ts";
import { batchesOf, parseBatchSettings, type Batch, type BatchSettings } from "../handlers/sendBatches.ts";
import type { HandlerContext, PartResult } from "../types.ts";
import { BaseHandler } from "./BaseHandler.ts";

type ActionStep = StepOf<"action">;

const MINUTE_MS = 60_000;
const MAX_MESSAGE_CHARACTERS = 500;
/** Of what one batch gave, and of all together, as JSON. */
const MAX_BATCH_CHARACTERS = 4_000;
const MAX_REPORT_CHARACTERS = 100_000;

/** What the step tells of its batches: never so much that the report would be too large for what was sent. */
class SendReport {
  #room = MAX_REPORT_CHARACTERS;

  /** With `more` where it is short; else with the path of the part's own row. What a dead letter was is the list's own from `from` on. */
  entryOf({ from, members }: Batch, { path }: PartResult, more: JsonObject): JsonObject {
    const size = encodeJson(more).length;
    const isKept = size <= Math.min(MAX_BATCH_CHARACTERS, this.#room);
    if (isKept) this.#room -= size;
    return { from, count: members.length, ...(isKept ? more : { path }) };
  }
}

export class SendHandler extends BaseHandler {
  readonly intent = "send";
  protected readonly stepTypes: readonly StepType[] = ["action", "llm_decision", "ai_processing"];

  async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
    const batch = step.metadata?.["batch"];
    if (step.type === "action" && batch !== undefined) {
      const settings = parseBatchSettings(step.id, batch);
      return this.output(step, context, await this.#sendAll(step, settings, context));
    }
    const { output } = await context.perform();
    if (step.type === "ai_processing") context.warn("the step asks a model and sends nothing: a step of type action sends");
    else for (const doubt of doubtsIn(output)) context.warn(doubt);
    return this.output(step, context, output);
  }

  async #sendAll(step: ActionStep, settings: BatchSettings, context: HandlerContext): Promise<JsonValue> {
    const { params, list } = listOf(step, settings, context);
    const batches = batchesOf(list, params, { settings, begun: context.begunParts() });
    if (batches === null) throw context.verdict(changedList(step, settings, context));
    const report = new SendReport();
    const sent: JsonObject[] = [];
    const deadLetters: JsonObject[] = [];
    for (const [index, batch] of batches.entries()) {
      const startedMs = context.nowMs;
      const result = await context.performPart(partOf(step, settings, { params, batch }));
      if (result.ok) sent.push(report.entryOf(batch, result, { output: result.output }));
      else if (settings.on_refusal === "stop") throw context.verdict(incomplete(step, result, { batches, index }));
      else deadLetters.push({ ...report.entryOf(batch, result, { members: batch.members }), error: errorIn(result) });
      if (!result.isReplayed && index + 1 < batches.length) await pace(settings, context, startedMs);
    }
    const counts = { sent: countOf(sent), refused: countOf(deadLetters) };
    await this.trackMetrics({ batches: batches.length, ...counts }, context);
    if (counts.refused > 0 && counts.sent === 0) throw context.verdict(nothingSent(step, deadLetters));
    if (counts.refused > 0) context.warn(`${counts.refused} of ${list.length} were refused; they are listed as dead letters`);
    return { ...counts, batches: sent, dead_letters: deadLetters };
  }
}

/** @throws by `context.fail` when there is no list where the settings say */
function listOf(
  step: ActionStep,
  { over }: BatchSettings,
  context: HandlerContext,
): { readonly params: JsonObject; readonly list: readonly JsonValue[] } {
  const params = isJsonObject(context.input) ? context.input : {};
  const list = params[over];
  if (Array.isArray(list)) return { params, list: list as readonly JsonValue[] };
  throw context.verdict(
    new AppError("PARAMS_INVALID", `step ${step.id}: params.${over} is to be sent in batches and is no list`, {
      details: { step: step.id, field: `params.${over}`, expected: "a list", got: list === undefined ? "nothing" : typeof list },
    }),
  );
}

function partOf(
  { plugin, action }: ActionStep,
  { over }: BatchSettings,
  { params, batch }: { readonly params: JsonObject; readonly batch: Batch },
): Parameters<HandlerContext["performPart"]>[0] {
  return { id: batch.id, plugin, action, params: { ...params, [over]: batch.members } };
}

/** As many calls a minute as allowed, evenly. What was sent before a restart is not waited for. */
async function pace({ per_minute: perMinute }: BatchSettings, context: HandlerContext, startedMs: number): Promise<void> {
  if (perMinute === undefined) return;
  const waitMs = MINUTE_MS / perMinute - (context.nowMs - startedMs);
  if (waitMs > 0) await context.sleep(waitMs);
}

type Refused = Extract<PartResult, { readonly ok: false }>;

function errorIn({ error }: Refused): JsonObject {
  return { code: error.code, message: error.message.slice(0, MAX_MESSAGE_CHARACTERS) };
}

function countOf(parts: readonly JsonObject[]): number {
  return parts.reduce((sum, { count }) => sum + Number(count), 0);
}

function changedList(step: ActionStep, { over }: BatchSettings, context: HandlerContext): AppError {
  const parts = context.begunParts().length;
  return new AppError(
    "CONFLICT",
    `step ${step.id}: params.${over} is not the list of which ${parts} batches were begun; nothing more is sent`,
    {
      details: { step: step.id, field: `params.${over}` },
      hint: "see in the report which batches went out, and send the rest by a new execution",
    },
  );
}

/** The parts' own retries are over: the step does not begin again what was sent. */
function incomplete(
  step: ActionStep,
  { error }: Refused,
  { batches, index }: { readonly batches: readonly Batch[]; readonly index: number },
): AppError {
  const sent = batches.slice(0, index).reduce((sum, { members }) => sum + members.length, 0);
  const total = batches.reduce((sum, { members }) => sum + members.length, 0);
  return new AppError("SEND_INCOMPLETE", `step ${step.id}: ${sent} of ${total} were sent, then ${error.message}`, {
    details: { step: step.id, sent, total, from: batches[index]?.from ?? 0, cause: error.code },
    retry: "never",
    cause: error,
  });
}

function nothingSent(step: ActionStep, deadLetters: readonly JsonObject[]): AppError {
  return new AppError("SEND_INCOMPLETE", `step ${step.id}: every batch was refused, nothing was sent`, {
    details: { step: step.id, sent: 0, dead_letters: deadLetters.slice(0, 20) },
    retry: "never",
  });
}

/** What a receiver says of a failure inside of an answer that looks like success. */
function doubtsIn(output: JsonValue): string[] {
  if (!isJsonObject(output)) return [];
  const doubts: string[] = [];
  for (const name of ["ok", "success"]) if (output[name] === false) doubts.push(`the receiver answered ${name}: false`);
  for (const name of ["rejected", "failed"]) {
    const list = output[name];
    if (Array.isArray(list) && list.length > 0) doubts.push(`the receiver lists ${list.length} as ${name}`);
  }
  return doubts;
}
