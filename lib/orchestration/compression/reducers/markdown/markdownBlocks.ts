// Cuts Markdown into blocks and leaves out comments, badges and contents lists, which it counts. It knows no nesting but headings.

export interface MarkdownBlock {
  readonly kind: "heading" | "paragraph" | "item" | "row" | "code" | "line";
  /** Of a heading, else 0. */
  readonly level: number;
  readonly text: string;
}

export interface MarkdownBlocks {
  readonly blocks: readonly MarkdownBlock[];
  readonly comments: number;
  readonly badges: number;
  readonly contents: number;
}

const HEADING = /^ {0,3}(#{1,6}) +(.*)$/;
const ITEM = /^\s{0,12}(?:[-*+]|\d{1,4}[.)])(?: |$)/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const SEPARATOR_ROW = /^\|?[\s:|-]*-[\s:|-]*$/;
const BADGE = /!\[[^\]]{0,100}\]\([^)]{0,300}(?:shields\.io|badge|travis-ci|codecov|circleci|\.svg)[^)]{0,300}\)/i;
const CONTENTS_ITEM = /^\s{0,12}(?:[-*+]|\d{1,3}[.)]) \[[^\]]{1,200}\]\(#[^)]{0,200}\)\s*$/;
const REFERENCE = /^\[[^\]]{1,100}\]: \S/;
/** Fewer links to headings are no table of contents. */
const MIN_CONTENTS = 3;

/** Comments out; an unclosed one is text. Linear. */
function withoutComments(content: string): { text: string; comments: number } {
  let text = "";
  let comments = 0;
  let copied = 0;
  for (let at = content.indexOf("<!--"); at >= 0; at = content.indexOf("<!--", copied)) {
    const end = content.indexOf("-->", at);
    if (end < 0) break;
    text += content.slice(copied, at);
    copied = end + 3;
    comments++;
  }
  return { text: text + content.slice(copied), comments };
}

/** Line numbers of a table of contents: a run of items that only link to headings. */
function contentsLines(lines: readonly string[]): Set<number> {
  const found = new Set<number>();
  let run: number[] = [];
  for (let index = 0; index <= lines.length; index++) {
    const line = lines[index];
    if (line !== undefined && CONTENTS_ITEM.test(line)) run.push(index);
    else if (line === undefined || line.trim() !== "") {
      if (run.length >= MIN_CONTENTS) for (const one of run) found.add(one);
      run = [];
    }
  }
  return found;
}

function kindOf(line: string): MarkdownBlock["kind"] | "blank" {
  if (line.trim() === "") return "blank";
  if (HEADING.test(line.slice(0, 1_000))) return "heading";
  if (ITEM.test(line)) return "item";
  if (line.trimStart().startsWith("|")) return "row";
  return REFERENCE.test(line) ? "line" : "paragraph";
}

class BlockReader {
  readonly blocks: MarkdownBlock[] = [];
  #paragraph: string[] = [];
  #code: string[] | undefined;
  #fence = "";

  #flush(): void {
    if (this.#paragraph.length > 0) this.blocks.push({ kind: "paragraph", level: 0, text: this.#paragraph.join(" ") });
    this.#paragraph = [];
  }

  #codeLine(line: string): boolean {
    const fence = FENCE.exec(line)?.[1];
    if (this.#code !== undefined) {
      this.#code.push(line);
      if (fence !== undefined && fence.startsWith(this.#fence)) this.#endCode();
      return true;
    }
    if (fence === undefined) return false;
    this.#flush();
    this.#fence = fence;
    this.#code = [line];
    return true;
  }

  #endCode(): void {
    if (this.#code !== undefined) this.blocks.push({ kind: "code", level: 0, text: this.#code.join("\n") });
    this.#code = undefined;
  }

  line(line: string): void {
    if (this.#codeLine(line)) return;
    const kind = kindOf(line);
    if (kind !== "paragraph") this.#flush();
    if (kind === "blank") return;
    if (kind === "paragraph") this.#textLine(line);
    else if (kind === "row") this.#row(line.trim());
    else
      this.blocks.push({
        kind,
        level: kind === "heading" ? (HEADING.exec(line.slice(0, 1_000))?.[1]?.length ?? 1) : 0,
        text: kind === "heading" ? line.trim() : line,
      });
  }

  #row(row: string): void {
    const last = this.blocks.at(-1);
    if (SEPARATOR_ROW.test(row) && last?.kind === "row") this.blocks[this.blocks.length - 1] = { ...last, text: `${last.text}\n${row}` };
    else this.blocks.push({ kind: "row", level: 0, text: row.replaceAll(/ {2,}/g, " ") });
  }

  /** A line after an item without a blank one between belongs to the item. */
  #textLine(line: string): void {
    const last = this.blocks.at(-1);
    if (this.#paragraph.length === 0 && last?.kind === "item" && /^\s/.test(line))
      this.blocks[this.blocks.length - 1] = { ...last, text: `${last.text} ${line.trim()}` };
    else this.#paragraph.push(line.trim());
  }

  end(): void {
    this.#flush();
    this.#endCode();
  }
}

export function markdownBlocks(content: string): MarkdownBlocks {
  const { text, comments } = withoutComments(content);
  const lines = text.split("\n").map((line) => line.trimEnd());
  const contents = contentsLines(lines);
  const reader = new BlockReader();
  let badges = 0;
  for (const [index, line] of lines.entries()) {
    if (contents.has(index)) continue;
    if (line.length < 2_000 && BADGE.test(line)) badges++;
    else reader.line(line);
  }
  reader.end();
  return { blocks: reader.blocks, comments, badges, contents: contents.size };
}
