// A request for approval: made once when the step begins, kept with the step's waiting row, shown through the approvals table. Decides nothing.
import { AppError } from "../../core/errors.ts";
import { uuidv5 } from "../../core/ids.ts";
import { encodeJson, isJsonObject, type JsonValue } from "../../core/json.ts";
import type { UnitPart } from "../../db/UnitPart.ts";
import type { StepOf } from "../../workflow/types.ts";
import type { ApprovalRow, ApprovalStatus } from "../ApprovalStore.ts";
import type { StepContext, Wait } from "../types.ts";
import { textOf } from "./prompts.ts";

export type ApprovalContext = StepContext<StepOf<"human_approval">>;

export interface ApprovalRequest {
  readonly id: string;
  readonly title: string;
  readonly message: string | null;
  readonly context: JsonValue;
  readonly approvers: readonly string[];
  readonly escalateTo: readonly string[];
  readonly requestedAtMs: number;
  readonly expiresAtMs: number | null;
  readonly escalatedAtMs: number | null;
  readonly warnings: readonly string[];
}

export function createRequest(context: ApprovalContext): ApprovalRequest {
  const { step, path, services, state } = context;
  const nowMs = services.clock.nowMs();
  const title = step.title === undefined ? null : textOf(context.resolve(step.title, "title"));
  return {
    // The same after a crash between notification and row: what people were sent still names it.
    id: uuidv5(`approval/${state.id}/${path}`),
    title: title ?? step.name ?? `${state.definition.name}: ${path}`,
    message: step.message === undefined ? null : textOf(context.resolve(step.message, "message")),
    context: step.context === undefined ? null : context.resolve(step.context, "context"),
    approvers: peopleOf(context, step.approvers, "approvers"),
    escalateTo: step.escalateTo === undefined ? [] : peopleOf(context, step.escalateTo, "escalateTo"),
    requestedAtMs: nowMs,
    expiresAtMs: step.timeout === undefined ? null : nowMs + step.timeout,
    escalatedAtMs: null,
    warnings: [],
  };
}

/** A template may give one person or a list of them. */
function peopleOf(context: ApprovalContext, names: readonly string[], field: string): readonly string[] {
  const resolved = names.flatMap((name, index): JsonValue[] => {
    const value = context.resolve(name, `${field}[${index}]`);
    return Array.isArray(value) ? [...(value as readonly JsonValue[])] : [value];
  });
  const people = resolved.filter((name): name is string => typeof name === "string" && name.trim() !== "");
  if (people.length === resolved.length && people.length > 0) return [...new Set(people)];
  const got = encodeJson(resolved).slice(0, 200);
  throw new AppError("STEP_FAILED", `step ${context.path}, ${field}: expected names of people, got ${got}`, {
    details: { step: context.path, field, expected: "texts that are not empty", got },
  });
}

/** The request that this step made before it was suspended; null when it has made none. */
export function recordedRequest({ state, path }: ApprovalContext): ApprovalRequest | null {
  const known = state.step(path);
  const request = known?.status === "waiting" ? known.detail.more?.["request"] : undefined;
  // Written by waitFor below.
  return isJsonObject(request) ? (request as unknown as ApprovalRequest) : null;
}

export function waitFor({ path }: ApprovalContext, request: ApprovalRequest): Wait {
  const { title, approvers, expiresAtMs, id } = request;
  return {
    path,
    for: "approval",
    until: expiresAtMs === null ? null : new Date(expiresAtMs),
    message: `${title}: waits for ${approvers.join(", ")} (approval ${id})`,
    needUsd: null,
    needTokens: null,
    more: { request: { ...request } },
  };
}

export function requestPart(
  { step, path, state }: ApprovalContext,
  request: ApprovalRequest,
  ended: { readonly status: ApprovalStatus; readonly atMs: number } | null,
): UnitPart<ApprovalRow> {
  const row: ApprovalRow = {
    id: request.id,
    executionId: state.id,
    stepPath: path,
    title: request.title,
    message: request.message,
    context: request.context === null ? null : encodeJson(request.context),
    approvers: request.approvers,
    approvalType: step.approvalType,
    requireComment: step.requireComment === true,
    status: ended?.status ?? "pending",
    timeoutAction: step.onTimeout,
    escalateTo: request.escalateTo,
    escalatedAtMs: request.escalatedAtMs,
    expiresAtMs: request.expiresAtMs,
    createdAtMs: request.requestedAtMs,
    resolvedAtMs: ended?.atMs ?? null,
  };
  return { kind: "approvals", rows: [row] };
}
