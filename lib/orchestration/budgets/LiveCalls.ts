// The calls that one execution has made so far, by step: the nearest past there is, before it becomes history. In memory; lost with its owner.
import { signatureOf } from "./modelSteps.ts";
import type { CallSample, StepHistory, StepKey } from "./StepHistory.ts";

/** Calls kept of one step. */
const MOST_CALLS = 50;

export class LiveCalls {
  /** Newest first. */
  readonly #calls = new Map<string, CallSample[]>();

  /** @param stepPath with or without indices: all iterations of a step are one past */
  note(stepPath: string, call: CallSample): void {
    const signature = signatureOf(stepPath);
    const calls = this.#calls.get(signature) ?? [];
    this.#calls.set(signature, calls);
    calls.unshift(call);
    if (calls.length > MOST_CALLS) calls.pop();
  }

  /** Newest first: this execution's own calls of the step, then those of earlier executions. For `commit`. */
  before(key: StepKey, history: StepHistory): readonly CallSample[] {
    const live = this.#calls.get(key.signature);
    const past = history.calls(key);
    return live === undefined ? past : [...live, ...past];
  }
}
