// HTML as plain lines that the extraction rules read: blocks as lines, table rows with bars, definition pairs with colons. No script runs, nothing is fetched.
import { Tokenizer } from "htmlparser2";

const BLOCKS = new Set(
  "p div section article main header footer aside nav h1 h2 h3 h4 h5 h6 li ul ol dl table tr form fieldset blockquote pre figure br hr address".split(
    " ",
  ),
);
const HIDDEN = new Set(["script", "style", "noscript", "template", "svg", "head"]);
/** What stands around the text of a page. */
const AROUND = new Set(["nav", "header", "footer", "button"]);
/** Any other tag ends a head that nobody closed. */
const OF_HEAD = new Set(["base", "link", "meta", "noscript", "script", "style", "template", "title"]);
const CELLS = new Set(["td", "th"]);
const ignore = (): void => undefined;

export interface HtmlTextOptions {
  /** True: the text alone, without what stands around it, each block on one line. @defaultValue false */
  readonly isProse?: boolean;
}

/**
 * Linear in its length whatever its nesting: the tokenizer and not the parser, whose stack of open tags costs the square of a hostile
 * depth (400 000 nested tags: seconds here, half a minute there).
 */
export function htmlText(html: string, { isProse = false }: HtmlTextOptions = {}): string {
  const page = new Page(isProse);
  const nameOf = (start: number, end: number): string => html.slice(start, end).toLowerCase();
  const tokenizer = new Tokenizer(
    { xmlMode: false, decodeEntities: true },
    {
      onopentagname: (start, end) => page.open(nameOf(start, end)),
      onclosetag: (start, end) => page.close(nameOf(start, end)),
      onselfclosingtag: () => page.closeItself(),
      ontext: (start, end) => page.write(html.slice(start, end)),
      ontextentity: (codePoint) => page.write(String.fromCodePoint(codePoint)),
      onattribdata: ignore,
      onattribentity: ignore,
      onattribend: ignore,
      onattribname: ignore,
      oncdata: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onend: ignore,
      onopentagend: ignore,
      onprocessinginstruction: ignore,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  return page.text();
}

class Page {
  readonly #isProse: boolean;
  readonly #lines: string[] = [];
  #pieces: string[] = [];
  /** The last character of the line that is no space; empty on a blank line. */
  #last = "";
  /** The tag that hides what is inside of it, and how many of its name are open. */
  #hiding = "";
  #depth = 0;
  #opened = "";

  constructor(isProse: boolean) {
    this.#isProse = isProse;
  }

  open(name: string): void {
    this.#opened = name;
    if (this.#hiding === "head" && name !== "head" && !OF_HEAD.has(name)) this.#hiding = "";
    if (this.#hiding !== "") {
      if (name === this.#hiding) this.#depth += 1;
    } else if (HIDDEN.has(name) || (this.#isProse && AROUND.has(name))) [this.#hiding, this.#depth] = [name, 1];
    else if (name === "dt") this.#endLine();
    else if (CELLS.has(name)) this.write(this.#last === "" ? "" : " | ");
    else if (name === "dd") this.write(this.#last === ":" ? " " : ": ");
    else if (BLOCKS.has(name)) this.#endLine();
  }

  close(name: string): void {
    if (this.#hiding !== "") {
      if (name !== this.#hiding) return;
      this.#depth -= 1;
      if (this.#depth === 0) this.#hiding = "";
    }
    // A block inside of a cell does not end the row.
    else if (name === "dd" || name === "tr" || BLOCKS.has(name)) this.#endLine();
  }

  /** `<svg/>`: only foreign elements can close themselves. */
  closeItself(): void {
    if (this.#opened === "svg") this.close("svg");
  }

  write(text: string): void {
    if (this.#hiding !== "") return;
    this.#pieces.push(text);
    this.#last = text.trimEnd().at(-1) ?? this.#last;
  }

  text(): string {
    this.#endLine();
    return this.#lines.join("\n");
  }

  #endLine(): void {
    if (this.#last !== "")
      this.#lines.push(
        this.#pieces
          .join("")
          .replaceAll(this.#isProse ? /\s+/g : /[^\S\n]+/g, " ")
          .trim(),
      );
    [this.#pieces, this.#last] = [[], ""];
  }
}
