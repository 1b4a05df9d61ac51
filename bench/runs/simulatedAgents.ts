// A seeded world of agents: workflows with branches, loops and retries whose true sizes nobody tells the forecaster. No recorded data.
import type { StepLabel } from "../../lib/orchestration/budgets/types.ts";
import type { IntentType } from "../../lib/orchestration/types.ts";
import type { AiProcessingStep, WorkflowStep } from "../../lib/workflow/types.ts";
import type { SeededRandom } from "../../lib/orchestration/budgets/SeededRandom.ts";

export interface SimulatedCall {
  /** Path without indices. */
  readonly signature: string;
  readonly intent: IntentType;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface SimulatedAgent {
  readonly id: string;
  readonly model: string;
  readonly steps: readonly WorkflowStep[];
  /** The classifier's estimates: right on average, off by up to three times. */
  readonly labels: ReadonlyMap<string, StepLabel>;
  /** One execution, the `index`-th of this agent. */
  execute(index: number): readonly SimulatedCall[];
}

const INTENTS: readonly IntentType[] = ["extract", "summarize", "generate", "validate", "transform"];
const MODELS: readonly string[] = ["openai/gpt-4o", "openai/gpt-4o-mini", "openai/gpt-4.1-mini"];
const RETRIES = 0.05;
/** From this execution on every second agent gets longer inputs. */
const DRIFT_AT = 25;

interface Truth {
  readonly step: AiProcessingStep;
  readonly intent: IntentType;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly inputSpread: number;
  readonly outputSpread: number;
}

type Part =
  | { readonly kind: "call"; readonly truth: Truth }
  | { readonly kind: "branch"; readonly step: WorkflowStep; readonly share: number; readonly ways: readonly [Part[], Part[]] }
  | { readonly kind: "each"; readonly step: WorkflowStep; readonly meanItems: number; readonly parts: readonly Part[] };

export function simulateAgent(id: string, random: SeededRandom): SimulatedAgent {
  const builder = new Builder(random);
  const parts = builder.parts(2 + whole(random, 4), 2);
  const model = MODELS[whole(random, MODELS.length)] ?? "openai/gpt-4o";
  const sizeSpread = 0.2 + random.next() * 0.6;
  const drift = random.next() < 0.5 ? 1.5 : 1;
  return {
    id,
    model,
    steps: parts.map(stepOf),
    labels: builder.labels,
    execute: (index) => {
      // Long documents make every step of an execution long.
      const size = Math.exp(sizeSpread * normal(random)) * (index >= DRIFT_AT ? drift : 1);
      return new Execution(random, size).calls(parts, "");
    },
  };
}

class Builder {
  readonly labels = new Map<string, StepLabel>();
  readonly #random: SeededRandom;
  #count = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  parts(count: number, depth: number): Part[] {
    return Array.from({ length: count }, () => this.#part(depth));
  }

  #part(depth: number): Part {
    const dice = depth === 0 ? 0 : this.#random.next();
    this.#count += 1;
    const id = `s${this.#count}`;
    if (dice < 0.6) return { kind: "call", truth: this.#truth(id) };
    if (dice < 0.8) {
      const ways: [Part[], Part[]] = [this.parts(1, depth - 1), this.parts(whole(this.#random, 2), depth - 1)];
      const step: WorkflowStep = {
        id,
        type: "conditional",
        condition: "true",
        then_steps: ways[0].map(stepOf),
        else_steps: ways[1].map(stepOf),
      };
      return { kind: "branch", step, share: 0.15 + this.#random.next() * 0.7, ways };
    }
    const parts = this.parts(1, depth - 1);
    const step: WorkflowStep = {
      id,
      type: "scatter_gather",
      scatter: { input: "{{input.items}}", steps: parts.map(stepOf), itemVariable: "item" },
      gather: { operation: "collect" },
    };
    return { kind: "each", step, meanItems: 2 + this.#random.next() * 12, parts };
  }

  #truth(id: string): Truth {
    const intent = INTENTS[whole(this.#random, INTENTS.length)] ?? "extract";
    const inputTokens = 200 + Math.exp(4 + this.#random.next() * 4.5);
    const outputTokens = 10 + Math.exp(3 + this.#random.next() * 3.5);
    const estimate = (inputTokens + outputTokens) * Math.exp((this.#random.next() * 2 - 1) * Math.log(3));
    this.labels.set(id, { intent, estimatedTokens: Math.round(estimate) });
    return {
      step: { id, type: "ai_processing", prompt: "Do it" },
      intent,
      inputTokens,
      outputTokens,
      inputSpread: 0.05 + this.#random.next() * 0.4,
      outputSpread: 0.1 + this.#random.next() * 0.6,
    };
  }
}

class Execution {
  readonly #random: SeededRandom;
  readonly #size: number;

  constructor(random: SeededRandom, size: number) {
    this.#random = random;
    this.#size = size;
  }

  calls(parts: readonly Part[], prefix: string): readonly SimulatedCall[] {
    return parts.flatMap((part) => this.#play(part, prefix));
  }

  #play(part: Part, prefix: string): readonly SimulatedCall[] {
    if (part.kind === "call") return this.#call(part.truth, prefix);
    const path = `${prefix}${part.step.id}`;
    if (part.kind === "branch") return this.calls(part.ways[this.#random.next() < part.share ? 0 : 1], `${path}.`);
    const items = Math.max(Math.round(part.meanItems * Math.exp(0.4 * normal(this.#random))), 1);
    return Array.from({ length: items }, () => this.calls(part.parts, `${path}[].`)).flat();
  }

  #call(truth: Truth, prefix: string): readonly SimulatedCall[] {
    const attempts = this.#random.next() < RETRIES ? 2 : 1;
    return Array.from({ length: attempts }, () => ({
      signature: `${prefix}${truth.step.id}`,
      intent: truth.intent,
      inputTokens: 150 + Math.round(truth.inputTokens * this.#size * Math.exp(truth.inputSpread * normal(this.#random))),
      outputTokens: 1 + Math.round(truth.outputTokens * Math.exp(truth.outputSpread * normal(this.#random))),
    }));
  }
}

function stepOf(part: Part): WorkflowStep {
  return part.kind === "call" ? part.truth.step : part.step;
}

export function whole(random: SeededRandom, below: number): number {
  return Math.floor(random.next() * below);
}

/** Box and Muller. */
export function normal(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
