// Tells when the first token of a model's answer has arrived below a path: by then the provider holds the prompt's beginning in its cache.

export class FirstTokens {
  readonly #waiting = new Map<string, () => void>();

  /** Resolves at the first token of any step whose path begins with `prefix`, or when `release` is called. */
  wait(prefix: string): { readonly arrived: Promise<void>; readonly release: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const release = (): void => {
      this.#waiting.delete(prefix);
      resolve();
    };
    this.#waiting.set(prefix, release);
    return { arrived: promise, release };
  }

  note(path: string): void {
    if (this.#waiting.size === 0) return;
    for (const [prefix, release] of this.#waiting) if (path.startsWith(prefix)) release();
  }
}
