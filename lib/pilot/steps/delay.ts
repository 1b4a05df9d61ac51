// `delay`: a short one sleeps, a longer one waits without holding a worker. The moment of waking is fixed once, when the step begins.
import { AppError, asAppError } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import type { StepContext, StepPerformer } from "../types.ts";

/** Below this, suspending and claiming again would cost more than the sleep. */
const SLEEPS_UP_TO_MS = 1_000;
const LONGEST_MS = 366 * 86_400_000;

export const performDelay: StepPerformer<"delay"> = async (context) => {
  const { step, path, state, services, signal } = context;
  const { clock } = services;
  const durationMs = durationOf(context, context.resolve(step.duration, "duration"));
  const wakeAtMs = state.step(path)?.detail.wakeAtMs ?? Math.round(clock.nowMs() + durationMs);
  const leftMs = wakeAtMs - clock.nowMs();
  if (leftMs > SLEEPS_UP_TO_MS) {
    const until = new Date(wakeAtMs);
    const wait = { path, for: "delay" as const, until, message: `waits until ${until.toISOString()}`, needUsd: null, needTokens: null };
    return { status: "waiting", waits: [wait] };
  }
  if (leftMs > 0) {
    try {
      await clock.sleep(leftMs, signal);
    } catch (error) {
      return { status: "failed", error: asAppError(signal.reason ?? error, "EXECUTION_CANCELLED") };
    }
  }
  return { status: "completed", output: { durationMs, wokeAt: new Date(wakeAtMs).toISOString() } };
};

function durationOf({ path }: StepContext, value: JsonValue): number {
  const durationMs = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof durationMs === "number" && durationMs >= 0 && durationMs <= LONGEST_MS) return durationMs;
  const got = JSON.stringify(value).slice(0, 80);
  throw new AppError("STEP_FAILED", `step ${path}, duration: expected milliseconds from 0 to ${LONGEST_MS}, got ${got}`, {
    details: { step: path, field: "duration", expected: `milliseconds from 0 to ${LONGEST_MS}`, got },
  });
}
