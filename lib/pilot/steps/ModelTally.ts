// Sums up what the model calls of one attempt used, and remembers what must be told about them. Calls nothing.
import type { NanoUsd } from "../../core/money.ts";
import type { ModelCallOutcome, StepFacts } from "../types.ts";

interface Spent {
  readonly tokens: number;
  /** null: unknown, which makes the sum unknown. */
  readonly costUsd: NanoUsd | null;
}

interface Answered {
  readonly provider: string;
  readonly model: string;
  readonly isOffline: boolean;
}

export class ModelTally {
  readonly #warnings = new Set<string>();
  #tokens = 0;
  #costUsd: NanoUsd | null = 0n;
  #last: Answered | null = null;
  #calls = 0;

  add(outcome: Exclude<ModelCallOutcome, { readonly kind: "refused" }>): void {
    this.addSpent(outcome);
    if (outcome.kind === "failed") return;
    this.answeredBy(outcome.result);
    for (const warning of outcome.result.warnings ?? []) this.warn(warning);
  }

  addSpent({ tokens, costUsd }: Spent): void {
    this.#calls += 1;
    this.#tokens += tokens;
    this.#costUsd = this.#costUsd === null || costUsd === null ? null : this.#costUsd + costUsd;
  }

  answeredBy({ provider, model, isOffline }: Answered): void {
    this.#last = { provider, model, isOffline };
  }

  warn(warning: string): void {
    this.#warnings.add(warning);
  }

  facts(extra: StepFacts = {}): StepFacts {
    const warnings = [...this.#warnings, ...(extra.warnings ?? [])];
    const more = { ...extra.more, ...(this.#last?.isOffline === true ? { offline: true } : {}) };
    return {
      ...extra,
      ...(this.#calls === 0 ? {} : { tokensUsed: this.#tokens, costUsd: this.#costUsd }),
      ...(this.#last === null ? {} : { model: this.#last.model, provider: this.#last.provider }),
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(Object.keys(more).length === 0 ? {} : { more }),
    };
  }
}
