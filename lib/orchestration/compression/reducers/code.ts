// Code reducer: imports, signatures and bodies as units by indentation and braces; long comments keep their first line. It parses no language.
import type { ReduceContext, Reducer, Reduction } from "../types.ts";
import { reductionOf, type LaidUnit } from "./reductionOf.ts";

const DECLARATION =
  /^\s*(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|override|virtual|pub(?:\([a-z]{1,10}\))?|unsafe|inline|extern|declare|const|readonly) ){0,6}(?:class|interface|struct|enum|trait|impl|type|namespace|module|function\*?|func|fn|def|sub|object|record|union|protocol|extension|CREATE|ALTER)\b|^\s*(?:export )?(?:const|let|var|val) \w+ ?(?::[^=]{1,100})?= ?(?:async )?(?:function|\([^)]{0,200}\) ?(?::[^=]{1,80})?=>|\w+ =>)|^\s*@\w+|^\s*(?:public|private|protected|static)\b.{1,200}\)\s*\{?$|^[A-Za-z_][\w\s*:<>,&]{0,100}\([^;]{0,200}\)\s*(?:const )?\{?$|^\s{2,4}(?:async )?(?:#|get |set )?\w+\([^)]{0,200}\)(?:: [^{]{1,100})? \{$/;
const IMPORT =
  /^\s*(?:import\b|from \S{1,100} import|#include|using [\w.]+;|use [\w:{}, ]+;|require\b|package [\w.]+|const .{1,80} = require\()/;
const COMMENT_START = /^\s*(?:\/\*\*?|"""|''')/;
const LINE_COMMENT = /^\s*(?:\/\/|#(?!\[|!|include|define|if|endif|pragma)|--(?!\w)|;;)/;
/** A comment block shorter than this stays whole. */
const SHORT_COMMENT_LINES = 3;
/** A body of more lines is cut into pieces, so that a query can take the one it asks for. */
const PIECE_LINES = 12;

interface CodeLine {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

function indentOf(line: string): number {
  let indent = 0;
  while (indent < line.length && (line.charCodeAt(indent) === 32 || line.charCodeAt(indent) === 9))
    indent += line.charCodeAt(indent) === 9 ? 4 : 1;
  return indent;
}

function closerOf(line: string): "*/" | '"""' | "'''" {
  return line.includes("/*") ? "*/" : line.includes('"""') ? '"""' : "'''";
}

/** Index after the line that holds `close`, from `at` on, or 0. What was looked for in vain once is not looked for again. */
function endOfText(lines: readonly string[], at: number, close: string, missing: Set<string>): number {
  if (missing.has(close)) return 0;
  for (let index = at; index < lines.length; index++) if ((lines[index] ?? "").includes(close)) return index + 1;
  missing.add(close);
  return 0;
}

/** Index after the comment that begins at `at`; `at` itself where none does. */
function commentEnd(lines: readonly string[], at: number, missing: Set<string>): number {
  const line = lines[at] ?? "";
  if (COMMENT_START.test(line)) {
    const close = closerOf(line);
    if (line.indexOf(close, line.search(/\S/) + 3) >= 0) return at + 1;
    return endOfText(lines, at + 1, close, missing) || at;
  }
  if (!LINE_COMMENT.test(line)) return at;
  let end = at;
  // Blank lines between comments go, so comments across them are one.
  for (let index = at; index < lines.length; index++) {
    if (LINE_COMMENT.test(lines[index] ?? "")) end = index + 1;
    else if ((lines[index] ?? "").trim() !== "") break;
  }
  return end;
}

/** Index after a text in three quotes that begins within the code line `at`; `at` itself where none does. */
function textEnd(lines: readonly string[], at: number, missing: Set<string>): number {
  const line = lines[at] ?? "";
  for (const quotes of ['"""', "'''"]) {
    const opens = line.includes(quotes) && line.split(quotes).length % 2 === 0;
    if (opens) return endOfText(lines, at + 1, quotes, missing) || at;
  }
  return at;
}

/** The first line of a comment that says something, between the comment's own marks. */
function commentHead(lines: readonly string[]): string {
  const first = (lines[0] ?? "").trimEnd();
  const open = COMMENT_START.exec(first)?.[0];
  if (open === undefined) return first;
  const close = open.includes("/*") ? "*/" : open.trim();
  const said = [first.slice(open.length), ...lines.slice(1)].find((line) => /[\p{L}\p{N}]/u.test(line)) ?? "";
  return `${open} ${said.trim().replace(/^\* ?/, "")} ${close}`.replaceAll(/ {2,}(?=\S*$)/g, " ");
}

/** Lines without blank ones; comments of many lines as their first. */
function codeLines(content: string): { lines: CodeLine[]; comments: number } {
  const all = content.replaceAll("\r\n", "\n").split("\n");
  const lines: CodeLine[] = [];
  const missing = new Set<string>();
  let comments = 0;
  for (let index = 0; index < all.length;) {
    const end = commentEnd(all, index, missing);
    if (end - index > SHORT_COMMENT_LINES) {
      lines.push({ text: commentHead(all.slice(index, end)), from: index, to: end });
      comments += end - index - 1;
      index = end;
      continue;
    }
    // A text in quotes is kept as it stands, blank lines and all.
    const after = Math.max(index + 1, end > index ? end : textEnd(all, index, missing));
    for (; index < after; index++) {
      const line = (all[index] ?? "").trimEnd();
      if (line !== "" || after > index + 1) lines.push({ text: line, from: index, to: index + 1 });
    }
  }
  return { lines, comments };
}

type Kind = "import" | "signature" | "body";

const WEIGHTS: Readonly<Record<Kind, number>> = { import: 0.4, signature: 0.8, body: 0.35 };

function kindOf(line: string): Kind {
  const head = line.slice(0, 400);
  if (IMPORT.test(head)) return "import";
  return DECLARATION.test(head) && !/^\s*(?:if|for|while|switch|return|else|catch|throw|await|new)\b/.test(head) ? "signature" : "body";
}

/** Gathers lines to units: imports together, each signature alone, bodies in pieces below their signatures. */
class CodeUnits {
  readonly units: LaidUnit[] = [];
  readonly #context: ReduceContext;
  readonly #open: { indent: number; index: number; name: string }[] = [];
  #run: CodeLine[] = [];
  #kind: Kind = "body";

  constructor(context: ReduceContext) {
    this.#context = context;
  }

  add(line: CodeLine): void {
    const kind = kindOf(line.text);
    const goesOn = kind === this.#kind && kind !== "signature" && this.#run.length < (kind === "import" ? Infinity : PIECE_LINES);
    if (!goesOn) this.flush();
    if (!/^\s*[})\]]+[;,)]*$/.test(line.text)) this.#closeDeeper(indentOf(line.text));
    this.#kind = kind;
    this.#run.push(line);
    if (kind !== "signature") return;
    const index = this.units.length;
    this.flush();
    this.#open.push({ indent: indentOf(line.text), index, name: line.text.trim().slice(0, 120) });
  }

  #closeDeeper(indent: number): void {
    for (let top = this.#open.at(-1); top !== undefined && indent <= top.indent; top = this.#open.at(-1)) {
      this.flush();
      this.#open.pop();
    }
  }

  flush(): void {
    const first = this.#run[0];
    if (first === undefined) return;
    const text = this.#run.map((line) => line.text).join("\n");
    const above = this.#open.at(-1);
    this.units.push({
      text: this.#context.mark.escape(text),
      searchText: `${this.#open.map((one) => one.name).join(" ")} ${text}`,
      from: first.from,
      to: this.#run.at(-1)?.to ?? first.to,
      lead: "\n",
      weight: WEIGHTS[this.#kind],
      ...(above === undefined ? {} : { parent: above.index }),
    });
    this.#run = [];
  }
}

function reduceCode(content: string, context: ReduceContext): Reduction | null {
  if (context.level === 0) return null;
  const { lines, comments } = codeLines(content);
  const building = new CodeUnits(context);
  for (const line of lines) building.add(line);
  building.flush();
  const dropped = ["blank lines", ...(comments > 0 ? [`${comments} lines of long comments`] : [])];
  return reductionOf(content, { type: "code", noun: ["line", "lines"], units: building.units, dropped }, context);
}

export const codeReducer: Reducer = { types: ["code"], reduce: reduceCode };
