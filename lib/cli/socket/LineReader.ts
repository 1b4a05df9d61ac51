// Cuts a byte stream into lines up to a size. Knows nothing of JSON; a line too long is dropped whole and reported.

export interface LineReaderOptions {
  readonly maxBytes: number;
  readonly onLine: (line: string) => void;
  readonly onTooLong: () => void;
}

const NEWLINE = 0x0a;

export class LineReader {
  readonly #options: LineReaderOptions;
  #parts: Buffer[] = [];
  #bytes = 0;
  /** The rest of a line that was too long is skipped up to its end. */
  #isSkipping = false;

  constructor(options: LineReaderOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      this.#take(rest.subarray(0, end));
      this.#finish();
      rest = rest.subarray(end + 1);
    }
    this.#take(rest);
  }

  #take(part: Buffer): void {
    if (this.#isSkipping || part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes > this.#options.maxBytes) {
      this.#isSkipping = true;
      this.#parts = [];
      this.#options.onTooLong();
      return;
    }
    this.#parts.push(part);
  }

  #finish(): void {
    const line = this.#isSkipping ? "" : Buffer.concat(this.#parts).toString("utf8");
    this.#isSkipping = false;
    this.#parts = [];
    this.#bytes = 0;
    if (line.trim() !== "") this.#options.onLine(line);
  }
}
