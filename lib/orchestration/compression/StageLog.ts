// Keeps what each stage of one compression took and left. It runs them; it does not choose them.
import type { StageReport } from "./types.ts";

export class StageLog {
  readonly #now: () => number;
  readonly #stages: { id: string; ms: number; rolledBack?: string }[] = [];
  readonly #tokensIn: number;
  #tokensOut: number;

  constructor(now: () => number, tokensIn: number) {
    this.#now = now;
    this.#tokensIn = tokensIn;
    this.#tokensOut = tokensIn;
  }

  stage<T>(id: string, work: () => T): T {
    const startedMs = this.#now();
    const result = work();
    this.#stages.push({ id, ms: Math.round((this.#now() - startedMs) * 1_000) / 1_000 });
    return result;
  }

  /** The last stage refused what came before it. */
  rollBack(why: string): void {
    const last = this.#stages.at(-1);
    if (last !== undefined) last.rolledBack = why;
  }

  end(tokensOut: number): void {
    this.#tokensOut = tokensOut;
  }

  /** Tokens before the first stage and after the last are known; between them nobody counts, because counting costs more than the stages. */
  get stages(): readonly StageReport[] {
    return this.#stages.map((stage, index) => ({
      ...stage,
      tokensIn: this.#tokensIn,
      tokensOut: index === this.#stages.length - 1 ? this.#tokensOut : this.#tokensIn,
    }));
  }
}
