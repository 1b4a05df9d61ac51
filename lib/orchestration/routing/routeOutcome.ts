// What a checked attempt teaches, under the key and the text that its route was asked with. It stores nothing.
import type { WorkspaceId } from "../../core/ids.ts";
import { evidenceKeyOf, textOfStep, type RoutableStep } from "../AISRouter.ts";
import type { StoredOutcome } from "./RoutingStore.ts";
import type { AttemptKind } from "./SuccessModel.ts";
import { textBuckets } from "./textBuckets.ts";
import type { RoutableAgent, RouteContext } from "./types.ts";

export interface CheckedAttempt {
  readonly attemptId: string;
  readonly workspaceId: WorkspaceId;
  /** As called. */
  readonly model: string;
  /** Only `first` is kept. */
  readonly kind: AttemptKind;
  /** The answer passed the step's check, without a repair. */
  readonly isSuccess: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
}

/** @param route the agent, step and context that `AISRouter.route` was given */
export function routeOutcome(
  { agent, step, context }: { readonly agent: RoutableAgent; readonly step: RoutableStep; readonly context: RouteContext },
  attempt: CheckedAttempt,
): StoredOutcome {
  return { ...evidenceKeyOf(agent, step, context), ...attempt, buckets: textBuckets(context.text ?? textOfStep(step)) };
}
