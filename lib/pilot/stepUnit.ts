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
import type { StepFacts } from "./types.ts";

export interface EncodedValue {
  readonly ref: ValueRef;
  readonly content: Buffer;
}

/** @throws AppError `OUTPUT_UNSTORABLE`, `OUTPUT_TOO_LARGE` */
export function encodeValue(executionId: string, path: string, value: JsonValue, maxBytes: number): EncodedValue {
  const content = Buffer.from(encodeJson(value), "utf8");
  if (content.length > maxBytes) {
    throw new AppError("OUTPUT_TOO_LARGE", `step ${path}: its output is ${content.length} bytes, the limit is ${maxBytes}`, {
      details: { step: path, field: "output", expected: `at most ${maxBytes} bytes`, got: `${content.length} bytes` },
    });
  }
  return { ref: { executionId, hash: sha256(content) }, content };
}

export interface AttemptEnd {
  readonly step: Pick<WorkflowStep, "type">;
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
  const isInline = end.value !== null && end.value.content.length <= MAX_INLINE_BYTES;
  const row: StepRow = {
    executionId: state.id,
    epoch: state.epoch,
    stepPath: end.path,
    attempt: end.attempt,
    stepType: end.step.type,
    status: end.status,
    plugin: end.facts.plugin ?? null,
    action: end.facts.action ?? null,
    tokensUsed: end.facts.tokensUsed ?? null,
    executionTimeMs: end.ms === null ? null : Math.round(end.ms),
    itemCount: end.facts.itemCount ?? null,
    inline: isInline ? (end.value?.content ?? null) : null,
    output: isInline ? null : (end.value?.ref ?? null),
    detail: Object.keys(detail).length === 0 ? null : JSON.stringify(detail),
  };
  const parts: UnitPart[] = [...end.parts];
  if (end.value !== null && !isInline) {
    const value: ValueRow = { executionId: state.id, hash: end.value.ref.hash, content: end.value.content };
    parts.push({ kind: "values", rows: [value] });
  }
  parts.push({ kind: "steps", rows: [row] });
  const event = detail.retryAtMs === undefined ? AUDIT_OF[end.status] : "PILOT_STEP_RETRIED";
  if (event !== undefined) {
    const facts = detail.error === undefined ? {} : { code: detail.error.code };
    parts.push(auditPart(state, event, { entityType: "step", entityId: end.path, details: { type: end.step.type, ...facts } }));
  }
  return { parts, known: { status: end.status, attempt: end.attempt, detail, output: end.value?.ref ?? null } };
}

function detailOf({ facts, detail }: AttemptEnd): StepDetail {
  return {
    ...detail,
    ...(facts.model === undefined ? {} : { model: facts.model }),
    ...(facts.provider === undefined ? {} : { provider: facts.provider }),
    ...(facts.costUsd === undefined ? {} : { costUsd: facts.costUsd === null ? null : nanoToUsd(facts.costUsd) }),
    ...(facts.warnings === undefined || facts.warnings.length === 0 ? {} : { warnings: facts.warnings }),
    ...(facts.more === undefined ? {} : { more: facts.more }),
  };
}

export function errorDetail(error: unknown): StepDetail {
  return { error: toErrorRecord(error) };
}
