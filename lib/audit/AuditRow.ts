// One fact as it is stored: id, severity and masked details are settled here, before it enters a unit or a batch. Writes nothing.
import { uuidv7, type WorkspaceId } from "../core/ids.ts";
import { encodeJson, type JsonValue } from "../core/json.ts";
import { maskSecrets } from "../core/redaction.ts";
import { severityOf, type AuditEvent, type AuditSeverity } from "./events.ts";

export interface AuditInput {
  readonly workspaceId: WorkspaceId;
  readonly action: AuditEvent;
  /** What the fact is about: `execution`, `step`, `agent`, `approval`, `budget`, `connection`, `flag`. */
  readonly entityType: string;
  /** For a step: its path. */
  readonly entityId?: string;
  readonly executionId?: string;
  /** A person, key or schedule; absent: the product itself. */
  readonly actor?: string;
  /** Default: the event's own. */
  readonly severity?: AuditSeverity;
  /** Small facts, never outputs or prompts. Secrets are masked. */
  readonly details?: JsonValue;
}

export interface AuditRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly executionId: string | null;
  readonly actor: string | null;
  readonly action: AuditEvent;
  readonly entityType: string;
  readonly entityId: string | null;
  readonly severity: AuditSeverity;
  /** JSON text. */
  readonly details: string | null;
  readonly atMs: number;
}

/** Above this the details say only how long they were: a trail is not a place for data. */
export const MAX_DETAILS_CHARACTERS = 16_384;

/**
 * @param id for a fact that may be written twice, such as by the replay of an effect: a name-based one (`uuidv5`) makes
 *   the second time nothing
 */
export function createAuditRow(input: AuditInput, nowMs: number, id: string = uuidv7(nowMs)): AuditRow {
  return {
    id,
    workspaceId: input.workspaceId,
    executionId: input.executionId ?? null,
    actor: input.actor === undefined ? null : withoutNul(input.actor),
    action: input.action,
    entityType: input.entityType,
    entityId: input.entityId === undefined ? null : withoutNul(input.entityId),
    severity: input.severity ?? severityOf(input.action),
    details: input.details === undefined ? null : encodeDetails(input.details),
    atMs: nowMs,
  };
}

function encodeDetails(details: JsonValue): string {
  const text = encodeJson(maskSecrets(details));
  return text.length <= MAX_DETAILS_CHARACTERS ? text : encodeJson({ omitted: "details too long", characters: text.length });
}

/** Text columns refuse NUL, and one such actor would fail the unit of the step it is about. */
function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\u{FFFD}") : text;
}
