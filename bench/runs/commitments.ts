// Replays recorded calls one by one: what is committed at dispatch, what is guessed one call ahead, what was planned, against what was used.
import { commit } from "../../lib/orchestration/budgets/commitment.ts";
import { shapeOf } from "../../lib/orchestration/budgets/modelSteps.ts";
import { predictNeed } from "../../lib/orchestration/budgets/predictNeed.ts";
import { Distribution, recencyWeight } from "../../lib/orchestration/budgets/quantiles.ts";
import { StepHistory, type CallSample, type StepSample } from "../../lib/orchestration/budgets/StepHistory.ts";
import type { RecordedCall } from "./recordedRuns.ts";

export interface Replay {
  readonly adherence10: number;
  readonly adherence10Ahead: number;
  readonly coverage80: number;
  readonly overrun: number;
  /** Share of answers that the output cap would have cut. */
  readonly truncation: number;
  /** Share within ± 10 % of the plan's formula: the mean total of earlier runs, split equally over their mean number of calls. */
  readonly equalSplit: number;
  /** Reserved ÷ used. */
  readonly reserveRatio: number;
  readonly calls: number;
}

const MODEL = "openai/gpt-4o";
const MOST_CALLS = 200;

/** Learns from every call once it is over; nothing of a run is known before it but what its earlier calls showed. */
export function replayRuns(runs: readonly (readonly RecordedCall[])[]): Replay {
  const replay = new Replayer();
  for (const run of runs) replay.play(run);
  return replay.report();
}

class Replayer {
  readonly #history = new StepHistory();
  /** Newest first. */
  #earlier: readonly RecordedCall[] = [];
  #counts = { calls: 0, within: 0, ahead: 0, covered: 0, over: 0, cut: 0, equal: 0, reserved: 0, used: 0 };
  #runs = { runs: 0, calls: 0, tokens: 0 };

  play(run: readonly RecordedCall[]): void {
    const share = this.#runs.calls === 0 ? 0 : this.#runs.tokens / this.#runs.calls;
    for (const [index, call] of run.entries()) {
      const used = call.inputTokens + call.outputTokens;
      const committed = commit({
        inputTokens: call.inputTokens,
        history: this.#earlier.map(toSample),
        condition: call.condition,
        intent: null,
        maxOutputTokens: 16_384,
        hasThinking: false,
      });
      const { q10, q90 } = this.#planned(index);
      const ahead = this.#ahead(run[index - 1], call.condition);
      this.#counts.calls += 1;
      this.#counts.within += Number(isWithin(used, committed.allocated));
      this.#counts.ahead += Number(isWithin(used, ahead));
      this.#counts.covered += Number(used >= q10 && used <= q90);
      this.#counts.over += Number(used > committed.hardCap);
      this.#counts.cut += Number(call.outputTokens > committed.outputCap);
      this.#counts.equal += Number(isWithin(used, share));
      this.#counts.reserved += committed.hardCap;
      this.#counts.used += used;
      this.#earlier = [call, ...this.#earlier].slice(0, MOST_CALLS);
    }
    this.#learn(run);
  }

  /** Before the run: by the number of the call. */
  #planned(index: number): { readonly q10: number; readonly q90: number } {
    const signature = `call${index}`;
    const key = { agentId: "tau", signature, shape: shapeOf("llm_decision", signature), intent: null, model: MODEL };
    return predictNeed({ history: this.#history, key, expectedRuns: 1 }).envelope.tokens;
  }

  /** After the call before: what it asked for is known, the answer's size is not. */
  #ahead(before: RecordedCall | undefined, condition: string): number {
    if (before === undefined) return this.#planned(0).q10;
    const alike = this.#earlier.filter((call) => call.condition === condition);
    const medianOf = (value: (call: RecordedCall) => number): number =>
      new Distribution(alike.map((call, age) => ({ value: value(call), weight: recencyWeight(age) }))).quantile(0.5);
    return before.inputTokens + before.outputTokens + medianOf(({ newTokens }) => newTokens) + medianOf(({ outputTokens }) => outputTokens);
  }

  #learn(run: readonly RecordedCall[]): void {
    this.#runs.runs += 1;
    this.#runs.calls += run.length;
    this.#runs.tokens += run.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
    const steps = run.map((call, index): StepSample => {
      const signature = `call${index}`;
      const { inputTokens, outputTokens } = call;
      const calls = [toSample(call)];
      const shape = shapeOf("llm_decision", signature);
      return { signature, shape, intent: null, model: MODEL, runs: 1, inputTokens, outputTokens, costUsd: null, calls };
    });
    this.#history.add({ executionId: `run${this.#runs.runs}`, agentId: "tau", steps, forecast: null });
  }

  report(): Replay {
    const { calls, within, ahead, covered, over, cut, equal, reserved, used } = this.#counts;
    return {
      adherence10: within / calls,
      adherence10Ahead: ahead / calls,
      coverage80: covered / calls,
      overrun: over / calls,
      truncation: cut / calls,
      equalSplit: equal / calls,
      reserveRatio: reserved / used,
      calls,
    };
  }
}

function toSample({ inputTokens, outputTokens, condition }: RecordedCall): CallSample {
  return { inputTokens, outputTokens, reasoningTokens: 0, condition };
}

function isWithin(used: number, allocated: number): boolean {
  return Math.abs(used - allocated) <= 0.1 * allocated;
}
