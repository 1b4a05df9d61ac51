// Turns the end of a step's attempt into the unit that records it: value, row, audit, and what the attempt brought along.
import { encodeJson, type JsonValue } from "../core/json.ts";
import { AppError, toErrorRecord } from "../core/errors.ts";
import { sha256 } from "../core/ids.ts";
import { nanoToUsd } from "../core/money.ts";
import type { UnitPart } from "../db/UnitPart.ts";
import { MAX_INLINE_BYTES, type StepRow, type StepStatus, type ValueRef, type ValueRow } from "../journal/types.ts";
import type { WorkflowStep } from "../workflow/types.ts";
import { auditPart } from "./auditPart.ts";
import type { ExecutionState, KnownStep, StepDetail } from "./ExecutionState.ts";
import { labelOf } from "./governance/stepLabels.ts";
import type { StepFacts } from "./types.ts";

export interface EncodedValue {
  readonly ref: ValueRef;
  /** JSON. A small value stays text: its bytes are written once, where its batch is put together. */
  readonly content: string | Buffer;
  readonly byteCount: number;
}

/** @throws AppError `OUTPUT_UNSTORABLE`, `OUTPUT_TOO_LARGE` */
export function encodeValue(executionId: string, path: string, value: JsonValue, maxBytes: number): EncodedValue {
  const text = encodeJson(value);
  const byteCount = Buffer.byteLength(text);
  if (byteCount > maxBytes) {
    throw new AppError("OUTPUT_TOO_LARGE", `step ${path}: its output is ${byteCount} bytes, the limit is ${maxBytes}`, {
      details: { step: path, field: "output", expected: `at most ${maxBytes} bytes`, got: `${byteCount} bytes` },
    });
  }
  // A small value has no address outside its row, so nothing is hashed for it: its path names it in memory.
  if (byteCount <= MAX_INLINE_BYTES) return { ref: { executionId, hash: Buffer.from(path, "utf8") }, content: text, byteCount };
  const content = Buffer.from(text, "utf8");
  return { ref: { executionId, hash: sha256(content) }, content, byteCount };
}

export interface AttemptEnd {
  readonly step: WorkflowStep;
  readonly path: string;
  readonly attempt: number;
  readonly status: StepStatus;
  readonly value: EncodedValue | null;
  readonly facts: StepFacts;
  readonly detail: StepDetail;
  readonly ms: number | null;
  readonly parts: readonly UnitPart[];
}

export interface StepUnit {
  readonly parts: readonly UnitPart[];
  /** What memory keeps once the unit is committed. */
  readonly known: Omit<KnownStep, "order">;
}

const AUDIT_OF: Partial<Record<StepStatus, "PILOT_STEP_EXECUTED" | "PILOT_STEP_FAILED" | "PILOT_STEP_SKIPPED" | "EFFECT_UNCERTAIN">> = {
  completed: "PILOT_STEP_EXECUTED",
  failed: "PILOT_STEP_FAILED",
  skipped: "PILOT_STEP_SKIPPED",
  uncertain: "EFFECT_UNCERTAIN",
};

export function stepUnit(state: ExecutionState, end: AttemptEnd): StepUnit {
  const detail = detailOf(end);
  const { value } = end;
  const content = value?.content ?? null;
  const parts: UnitPart[] = [...end.parts];
  if (value !== null && Buffer.isBuffer(content)) {
    const row: ValueRow = { executionId: state.id, hash: value.ref.hash, content };
    parts.push({ kind: "values", rows: [row] });
  }
  parts.push({ kind: "steps", rows: [stepRow(state, end, { detail, inline: typeof content === "string" ? content : null })] });
  const event = detail.retryAtMs === undefined ? AUDIT_OF[end.status] : "PILOT_STEP_RETRIED";
  if (event !== undefined) {
    const facts = detail.error === undefined ? {} : { code: detail.error.code };
    parts.push(auditPart(state, event, { entityType: "step", entityId: end.path, details: { type: end.step.type, ...facts } }));
  }
  return { parts, known: { status: end.status, attempt: end.attempt, detail, output: end.value?.ref ?? null } };
}

function stepRow(
  state: ExecutionState,
  end: AttemptEnd,
  { detail, inline }: { readonly detail: StepDetail; readonly inline: string | null },
): StepRow {
  const { plugin = null, action = null, tokensUsed = null, itemCount = null } = end.facts;
  return {
    executionId: state.id,
    epoch: state.epoch,
    stepPath: end.path,
    attempt: end.attempt,
    replaces: isReplacing(state, end),
    stepType: end.step.type,
    status: end.status,
    plugin,
    action,
    tokensUsed,
    executionTimeMs: end.ms === null ? null : Math.round(end.ms),
    itemCount,
    inline,
    output: inline === null ? (end.value?.ref ?? null) : null,
    detail: Object.keys(detail).length === 0 ? null : JSON.stringify(detail),
    ...planColumns(state, end),
  };
}

/** The plan's columns; not named at all where their flags are off, so that the plan's migrations can be taken back. */
function planColumns({ snapshot }: ExecutionState, { step, facts }: AttemptEnd): Pick<StepRow, "intent" | "tokenBudget"> {
  const { governance } = snapshot;
  if (governance === undefined) return {};
  const intent = governance.intents === "off" ? undefined : labelOf(step)?.intent;
  const share = facts.governance?.share ?? null;
  return { ...(intent === undefined ? {} : { intent }), ...(share === null ? {} : { tokenBudget: share }) };
}

/** True when this very attempt left a row that waits: its outcome takes the row's place. */
function isReplacing(state: ExecutionState, { path, attempt }: AttemptEnd): boolean {
  const known = state.step(path);
  return known?.attempt === attempt && (known.status === "waiting" || known.status === "uncertain");
}

function detailOf({ facts, detail }: AttemptEnd): StepDetail {
  return {
    ...detail,
    ...(facts.model === undefined ? {} : { model: facts.model }),
    ...(facts.provider === undefined ? {} : { provider: facts.provider }),
    ...(facts.costUsd === undefined ? {} : { costUsd: facts.costUsd === null ? null : nanoToUsd(facts.costUsd) }),
    ...(facts.warnings === undefined || facts.warnings.length === 0 ? {} : { warnings: facts.warnings }),
    ...(facts.more === undefined ? {} : { more: facts.more }),
    ...(facts.governance === undefined ? {} : { governance: facts.governance }),
    ...(facts.handler === undefined ? {} : { handler: facts.handler }),
  };
}

export function errorDetail(error: unknown): StepDetail {
  return { error: toErrorRecord(error) };
}

/** Whether the end brings something that it can do without. */
export function canDoWithout({ status, parts }: AttemptEnd): boolean {
  return status !== "failed" || parts.some(({ kind }) => kind !== "settlements");
}

/** First without the output, then without anything but what the calls came to: those figures are the database's own. */
export function withoutRefused(end: AttemptEnd, error: AppError): AttemptEnd {
  const parts = end.status === "failed" ? end.parts.filter(({ kind }) => kind === "settlements") : end.parts;
  return { ...end, status: "failed", value: null, detail: errorDetail(error), parts };
}
