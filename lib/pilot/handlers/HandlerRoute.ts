// Which handler a decision sends a step to. A shape only; it is made by HandlerRouter.ts and acted on by performHandled.ts.
import type { HandlerRegistry } from "../../orchestration/HandlerRegistry.ts";
import type { IntentType, OptimizationLevel } from "../../orchestration/types.ts";

export interface HandlerRoute {
  readonly registry: HandlerRegistry;
  readonly intent: IntentType;
  /** Class; null: none is usable, and the step must not take the direct path, because a handler has begun it. */
  readonly name: string | null;
  readonly level: OptimizationLevel;
  /** `observe`: it is recorded, and the direct path taken. */
  readonly mode: "observe" | "on";
  /** Parts of the step were begun by a handler: nothing else may go on with it. */
  readonly isBegun: boolean;
  /** Counts a handler that failed before it did anything: five in a minute, and orchestration is bypassed. */
  readonly noteFailure: () => void;
}
