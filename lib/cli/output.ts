// The only place that writes to the screen: data on stdout, talk on stderr. Decides colour, width and JSON; knows no command.
import type { Writable } from "node:stream";
import pc from "picocolors";
import type { ErrorRecord } from "../core/errors.ts";
import { renderError } from "./text/renderError.ts";
import { layOutTable, type Column } from "./text/table.ts";
import { printable, printableLines, wrapText } from "./text/textWidth.ts";

export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface OutputOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  /** False when `--no-color` was given. */
  readonly mayColor: boolean;
}

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
export type Paint = (style: Style, text: string) => string;

export class Output {
  readonly isJson: boolean;
  /** A person watches: a status line may be rewritten in place. */
  readonly isLive: boolean;
  readonly paint: Paint;
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  readonly #isQuiet: boolean;
  readonly #paintTalk: Paint;
  #status = "";

  constructor(options: OutputOptions) {
    const { stdout, stderr, env } = options;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.isJson = options.isJson;
    this.#isQuiet = options.isQuiet;
    this.isLive = stderr.isTTY === true && env["TERM"] !== "dumb" && !isSet(env["CI"]) && !options.isQuiet;
    this.paint = painter(!options.isJson && colourAllowed(stdout, options));
    this.#paintTalk = painter(colourAllowed(stderr, options));
    // A reader such as `head` that closes the pipe has seen enough: no stack trace, no failure.
    stdout.on("error", exitOnBrokenPipe);
    stderr.on("error", ignoreBrokenPipe);
  }

  /** Columns of the screen that stdout is; undefined when it is a pipe or a file. */
  get width(): number | undefined {
    return this.#stdout.isTTY === true ? Math.max(this.#stdout.columns ?? 80, 40) : undefined;
  }

  /** One line, or several, of data for people. On a screen, control characters in it are made visible. */
  data(text: string): void {
    this.#clearStatus();
    this.#stdout.write(`${text}\n`);
  }

  /** An untrusted value that is itself the result: exact bytes when piped, made safe on a screen. */
  value(text: string): void {
    this.data(this.#stdout.isTTY === true ? printableLines(text) : text);
  }

  /** One JSON document on one line. */
  json(value: unknown): void {
    this.data(JSON.stringify(value));
  }

  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): void {
    if (rows.length === 0) return this.talk(empty);
    const { head, lines } = layOutTable(rows, columns, this.width);
    this.data([this.paint("dim", head), ...lines].join("\n"));
  }

  /** Pairs under each other: `name   value`. */
  facts(pairs: readonly (readonly [string, string | null])[]): void {
    const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null);
    const width = Math.max(0, ...shown.map(([name]) => name.length));
    for (const [name, value] of shown) this.data(`${this.paint("dim", name.padEnd(width))}  ${printable(value)}`);
  }

  /** A label and its text, which wraps beside the label on a screen. */
  fact(label: string, text: string): void {
    const shown = printable(text);
    const { width } = this;
    this.data(
      label + (width === undefined ? shown : wrapText(shown, width - label.length).replaceAll("\n", `\n${" ".repeat(label.length)}`)),
    );
  }

  /** The first line of an entry in a list: a name that stands out and what is said of it, which wraps below on a screen. */
  entry(name: string, text: string): void {
    const { width } = this;
    const [label, line] = [printable(name), `${printable(name)} ${printable(text)}`];
    const shown = width === undefined ? line : wrapText(line, width - 2, "  ");
    // A name with blanks may have been wrapped itself.
    const painted = shown.startsWith(label) ? this.paint("bold", label) + shown.slice(label.length) : shown;
    this.data(`  ${painted.replaceAll("\n", "\n  ")}`);
  }

  /** Something worth knowing that is not the result. */
  talk(text: string): void {
    if (!this.#isQuiet) this.#writeTalk(this.#wrapProse(text));
  }

  /** Like {@link talk}, shown also with `--quiet`. */
  warn(text: string): void {
    this.#writeTalk(this.#wrapProse(`${this.#paintTalk("yellow", "warning")} ${text}`));
  }

  /** Rewrites the last line on a screen; nothing anywhere else. */
  status(text: string): void {
    if (!this.isLive) return;
    this.#status = text;
    this.#stderr.write(`\r\u001b[K${this.#paintTalk("dim", text)}`);
  }

  /** Ends a command that failed; with `--json` one object on the last line of stdout. */
  error(error: ErrorRecord): void {
    if (this.isJson) return this.json({ error });
    const [head = "", ...rest] = renderError(error);
    const label = `error ${error.code}`;
    this.#writeTalk(
      [this.#paintTalk("red", label) + this.#wrap(head.slice(label.length)), ...rest.map((line) => this.#wrap(line))].join("\n"),
    );
  }

  get #talkWidth(): number | undefined {
    return this.#stderr.isTTY === true ? Math.max(this.#stderr.columns ?? 80, 40) : undefined;
  }

  /** Indented lines stay whole: they are commands to be copied. */
  #wrapProse(text: string): string {
    const width = this.#talkWidth;
    if (width === undefined) return text;
    return text
      .split("\n")
      .map((line) => (line.startsWith(" ") ? line : wrapText(line, width - 1, "  ")))
      .join("\n");
  }

  #wrap(line: string): string {
    const width = this.#talkWidth;
    if (width === undefined) return line;
    const indent = /^ {2}\S* +/.exec(line)?.[0] ?? "";
    return indent === ""
      ? wrapText(line, width - 1, "  ")
      : indent + wrapText(line.slice(indent.length), width - 1 - indent.length).replaceAll("\n", `\n${" ".repeat(indent.length)}`);
  }

  #writeTalk(text: string): void {
    this.#clearStatus();
    this.#stderr.write(`${text}\n`);
  }

  #clearStatus(): void {
    if (this.#status === "") return;
    this.#status = "";
    this.#stderr.write("\r\u001b[K");
  }

  /** Everything written has left this process: `process.exit` would cut a pipe short. */
  async flush(): Promise<void> {
    this.#clearStatus();
    await Promise.all(
      [this.#stdout, this.#stderr].map(async (stream) => new Promise<void>((resolve) => void stream.write("", () => resolve()))),
    );
  }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "0" && value !== "false";
}

function colourAllowed(stream: OutputStream, options: OutputOptions): boolean {
  const { env } = options;
  if (!options.mayColor) return false;
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
  if (env["FORCE_COLOR"] !== undefined) return isSet(env["FORCE_COLOR"]) || env["FORCE_COLOR"] === "";
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

function painter(isOn: boolean): Paint {
  const colors = pc.createColors(isOn);
  return (style, text) => colors[style](text);
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

function exitOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
}
