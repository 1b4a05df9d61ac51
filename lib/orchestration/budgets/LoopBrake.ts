// Watches one tool loop: turns, repeated calls, growth of spending, share of the budget used. It stops nothing itself; it says what is due.
import { canonicalJson, type JsonValue } from "../../core/json.ts";
import { sha256Hex } from "../../core/ids.ts";

export type BrakeReason = "iterations" | "same_call" | "spend_rate";

export type BrakeVerdict =
  | { readonly kind: "go_on" }
  /** The model is told `text` with its next turn, once. */
  | { readonly kind: "conclude"; readonly text: string }
  /** Only the final answer may still be asked for: no tools are offered any more. */
  | { readonly kind: "final_only"; readonly text: string }
  /** The loop ends as `LOOP_LIMIT` unless the next turn, without tools, answers. */
  | { readonly kind: "stop"; readonly reason: BrakeReason; readonly why: string };

export interface LoopBrakeOptions {
  readonly maxIterations: number;
  /** See `GovernanceSettings`. */
  readonly maxSameCalls: number;
  readonly maxSpendGrowth: number;
  readonly concludeAtShare: number;
  readonly finalOnlyAtShare: number;
}

export interface TurnFacts {
  /** Tokens of the turn's model call. */
  readonly tokens: number;
  readonly toolCalls: readonly { readonly tool: string; readonly arguments: JsonValue }[];
  /** Used ÷ allocated of the whole execution after the turn; null: nothing is allocated. */
  readonly usedShare: number | null;
}

/** Turns whose mean is compared with the mean before them. */
const RATE_TURNS = 3;
/** Below this a growing turn is still a small one. */
const MIN_RATE_TOKENS = 1_000;

export const CONCLUDE_NOTICE =
  "Most of the token budget of this task is used. Finish with what you have: make only the calls that the result cannot do without, then give the final answer.";
export const FINAL_NOTICE =
  "The token budget of this task is nearly used up. Give the final answer now, with what you know. No further tool can be called.";

/**
 * States: going → told (from 80 % of the budget) → final (from 95 %) or stopped; none leads back. After each turn `record`
 * says what is due before the turn's tools run, so the call that would be the third of its kind is not made.
 */
export class LoopBrake {
  readonly #options: LoopBrakeOptions;
  readonly #calls = new Map<string, number>();
  readonly #turns: number[] = [];
  #state: "going" | "told" | "final" = "going";

  constructor(options: LoopBrakeOptions) {
    this.#options = options;
  }

  record({ tokens, toolCalls, usedShare }: TurnFacts): BrakeVerdict {
    this.#turns.push(tokens);
    // A turn without calls is the answer: nothing is left to brake.
    if (toolCalls.length === 0) return { kind: "go_on" };
    const stop = this.#repeated(toolCalls) ?? this.#tooMany() ?? this.#growing();
    if (stop !== null) return stop;
    return this.#notice(usedShare ?? 0);
  }

  #notice(usedShare: number): BrakeVerdict {
    if (usedShare >= this.#options.finalOnlyAtShare) {
      this.#state = "final";
      return { kind: "final_only", text: FINAL_NOTICE };
    }
    if (this.#state === "final") return { kind: "final_only", text: FINAL_NOTICE };
    if (usedShare < this.#options.concludeAtShare || this.#state === "told") return { kind: "go_on" };
    this.#state = "told";
    return { kind: "conclude", text: CONCLUDE_NOTICE };
  }

  #repeated(toolCalls: TurnFacts["toolCalls"]): BrakeVerdict | null {
    for (const { tool, arguments: given } of toolCalls) {
      // Hashed: arguments may be large, and a loop keeps them all.
      const key = sha256Hex(`${tool}\0${comparable(given)}`);
      const count = (this.#calls.get(key) ?? 0) + 1;
      this.#calls.set(key, count);
      if (count >= this.#options.maxSameCalls)
        return stopped("same_call", `${tool} is called with the same arguments for the ${ordinal(count)} time`);
    }
    return null;
  }

  #tooMany(): BrakeVerdict | null {
    const { maxIterations } = this.#options;
    return this.#turns.length < maxIterations
      ? null
      : stopped("iterations", `the loop had ${this.#turns.length} of ${maxIterations} turns`);
  }

  #growing(): BrakeVerdict | null {
    if (this.#turns.length < 2 * RATE_TURNS) return null;
    const recent = mean(this.#turns.slice(-RATE_TURNS));
    const before = mean(this.#turns.slice(0, -RATE_TURNS));
    if (recent < MIN_RATE_TOKENS || recent <= before * this.#options.maxSpendGrowth) return null;
    return stopped("spend_rate", `the last ${RATE_TURNS} turns took ${Math.round(recent)} tokens each, those before ${Math.round(before)}`);
  }
}

/** What nests deeper than the stack is no honest request: all of it counts as the same. */
function comparable(value: JsonValue): string {
  try {
    return canonicalJson(value);
  } catch {
    return "too deep";
  }
}

function stopped(reason: BrakeReason, why: string): BrakeVerdict {
  return { kind: "stop", reason, why };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function ordinal(count: number): string {
  return count === 2 ? "second" : count === 3 ? "third" : `${count}th`;
}
