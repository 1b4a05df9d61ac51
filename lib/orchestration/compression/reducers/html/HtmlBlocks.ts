// Collects the blocks of a page (headings, paragraphs, list items, table rows, code) from a stream of tags. It does not judge their worth.
import type { Attributes, MarkupHandler } from "../scanMarkup.ts";
import { furnitureOf, namedFurniture, type Furniture } from "./boilerplate.ts";
import { codeText } from "./codeText.ts";

export type BlockKind = "heading" | "paragraph" | "item" | "row" | "code" | "image";

export interface HtmlBlock {
  readonly kind: BlockKind;
  /** Depth of a heading (1–6), else 0. */
  readonly level: number;
  readonly text: string;
  /** Characters of `text` that are link text. */
  readonly linkChars: number;
  /** Index into `containers`. */
  readonly container: number;
  readonly furniture: Furniture;
  /** Index into `named` of the innermost element that is named like furniture, -1 where none is. */
  readonly named: number;
  /** Number of the table a row belongs to. */
  readonly table?: number;
}

export interface Container {
  /** Index of the container around this one, -1 for the page. */
  readonly parent: number;
  readonly tag: string;
}

/** An element that is named like furniture; the element around it that is named so too, or -1. */
export interface NamedElement {
  readonly around: number;
  readonly isComments: boolean;
}

interface Frame {
  readonly tag: string;
  readonly container: number;
  readonly furniture: Furniture;
  readonly named: number;
  readonly href?: string;
}

const BLOCK_TAGS = new Set(
  "address article aside blockquote body center details dialog dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html li main nav ol p pre section summary table tbody td tfoot th thead tr ul".split(
    " ",
  ),
);
const CONTAINER_TAGS = new Set("article section div main body td table ul ol dl form blockquote figure details center".split(" "));
const BLOCK_KINDS: Readonly<Record<string, BlockKind>> = {
  h1: "heading",
  h2: "heading",
  h3: "heading",
  h4: "heading",
  h5: "heading",
  h6: "heading",
  pre: "code",
  li: "item",
  dd: "item",
};
const VOID_TAGS = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));
/** An open tag of the key closes one of these that is open, as browsers do. */
const CLOSED_BY: Readonly<Record<string, string>> = { li: "li", dt: "dd", dd: "dt", tr: "tr", td: "td", th: "td" };
/** Elements inside elements; deeper ones are read as text of this depth. */
const DEEPEST = 256;
const PAGE: Frame = { tag: "page", container: 0, furniture: 0, named: -1 };
/** How far up a closing tag looks for the tag it closes. */
const CLOSE_REACH = 64;
const LONGEST_CELL = 400;

export interface HtmlBlocksOptions {
  readonly withLinks: boolean;
  readonly withImages: boolean;
}

export class HtmlBlocks implements MarkupHandler {
  readonly blocks: HtmlBlock[] = [];
  readonly containers: Container[] = [{ parent: -1, tag: "page" }];
  readonly named: NamedElement[] = [];
  readonly #options: HtmlBlocksOptions;
  readonly #frames: Frame[] = [PAGE];
  #text = "";
  #linkChars = 0;
  #cells: string[] = [];
  #cellLinkChars = 0;
  #term = "";
  #tables = 0;

  constructor(options: HtmlBlocksOptions) {
    this.#options = options;
  }

  get #top(): Frame {
    return this.#frames[this.#frames.length - 1] ?? PAGE;
  }

  open(tag: string, attributes: Attributes): void {
    const around = this.#top;
    if (around.furniture === 3) {
      if (!VOID_TAGS.has(tag)) this.#push({ ...around, tag });
      return;
    }
    if (tag === "br") this.text("\n");
    if (tag === "img") this.#image(attributes);
    if (VOID_TAGS.has(tag) && tag !== "hr") return;
    if (BLOCK_TAGS.has(tag)) this.#flush();
    if (tag === "hr") return;
    const closed = CLOSED_BY[tag];
    if (closed !== undefined && (around.tag === closed || (tag === "td" && around.tag === "th"))) this.close(around.tag);
    else if (around.tag === "p" && BLOCK_TAGS.has(tag)) this.close("p");
    this.#enter(tag, attributes);
  }

  #enter(tag: string, attributes: Attributes): void {
    const { container: outer, furniture: outerFurniture, named: outerNamed } = this.#top;
    const own = furnitureOf(tag, attributes);
    const name = namedFurniture(tag, attributes);
    if (name !== undefined) this.named.push({ around: outerNamed, isComments: name === "comments" });
    const named = name === undefined ? outerNamed : this.named.length - 1;
    let container = outer;
    if (CONTAINER_TAGS.has(tag)) {
      this.containers.push({ parent: outer, tag });
      container = this.containers.length - 1;
    }
    if (tag === "table") this.#tables++;
    const furniture = own > outerFurniture ? own : outerFurniture;
    const href = tag === "a" ? attributes.get("href") : undefined;
    this.#push({ tag, container, furniture, named, ...(href === undefined ? {} : { href }) });
    if (this.#options.withLinks && href !== undefined && furniture < 2) this.#text += "[";
  }

  #push(frame: Frame): void {
    if (this.#frames.length < DEEPEST) this.#frames.push(frame);
  }

  close(tag: string): void {
    const lowest = Math.max(1, this.#frames.length - CLOSE_REACH);
    let at = this.#frames.length - 1;
    while (at >= lowest && this.#frames[at]?.tag !== tag) at--;
    if (at < lowest) return;
    if (this.#top.furniture < 3 && BLOCK_TAGS.has(tag)) this.#flush();
    const frame = this.#frames[at];
    if (frame !== undefined && frame.href !== undefined && this.#options.withLinks && frame.furniture < 2) this.#closeLink(frame.href);
    if (tag === "td" || tag === "th") this.#endCell();
    this.#frames.length = at;
    if (tag === "tr") this.#endRow();
  }

  #closeLink(href: string): void {
    const openAt = this.#text.lastIndexOf("[");
    const isBare = openAt < 0 || this.#text.slice(openAt + 1).trim() === "";
    if (isBare) this.#text = this.#text.slice(0, Math.max(0, openAt));
    else if (/^(?:javascript:|#|data:)/i.test(href)) this.#text = `${this.#text.slice(0, openAt)}${this.#text.slice(openAt + 1)}`;
    else this.#text += `](${href.length > 300 ? href.slice(0, 300) : href})`;
  }

  text(text: string): void {
    const frame = this.#top;
    if (frame.furniture === 3) return;
    this.#text += text;
    if (this.#frames.length > 1 && this.#isInLink()) this.#linkChars += text.trim().length;
  }

  #isInLink(): boolean {
    const lowest = Math.max(1, this.#frames.length - 4);
    for (let at = this.#frames.length - 1; at >= lowest; at--) if (this.#frames[at]?.tag === "a") return true;
    return false;
  }

  #image(attributes: Attributes): void {
    const alt = attributes.get("alt")?.trim() ?? "";
    const isTelling = alt.split(" ").length >= 5 || (this.#options.withImages && alt !== "");
    if (!isTelling || alt.length > 300) return;
    const { container, furniture, named } = this.#top;
    this.blocks.push({
      kind: "image",
      level: 0,
      text: `(image: ${alt.replaceAll(/\s+/g, " ")})`,
      linkChars: 0,
      container,
      furniture,
      named,
    });
  }

  /** Ends the text that was collected as one block of the innermost block element. */
  #flush(): void {
    const raw = this.#text;
    const linkChars = this.#linkChars;
    this.#text = "";
    this.#linkChars = 0;
    if (raw === "" || raw.trim() === "") return;
    const owner = this.#owner();
    const text = owner.tag === "pre" ? codeText(raw) : raw.replaceAll(/\s+/g, " ").trim();
    const isCell = owner.tag === "td" || owner.tag === "th";
    if (isCell && text.length <= LONGEST_CELL) this.#cellText(text, linkChars);
    else if (owner.tag === "dt") this.#term = this.#term === "" ? text : `${this.#term}, ${text}`;
    else this.#addBlock(text, linkChars, owner);
  }

  #addBlock(text: string, linkChars: number, owner: Frame): void {
    const term = owner.tag === "dd" && this.#term !== "" ? `${this.#term}: ` : "";
    if (term !== "") this.#term = "";
    const kind = BLOCK_KINDS[owner.tag] ?? "paragraph";
    const level = kind === "heading" ? Number(owner.tag[1]) : 0;
    const { container, furniture, named } = owner;
    this.blocks.push({ kind, level, text: term + text, linkChars, container, furniture, named });
  }

  #owner(): Frame {
    for (let at = this.#frames.length - 1; at > 0; at--) {
      const frame = this.#frames[at];
      if (frame !== undefined && BLOCK_TAGS.has(frame.tag)) return this.#withinCell(at) ?? frame;
    }
    return this.#top;
  }

  /** A paragraph or a line inside a table cell belongs to the cell. */
  #withinCell(at: number): Frame | undefined {
    for (let up = at; up > Math.max(0, at - 4); up--) {
      const frame = this.#frames[up];
      if (frame?.tag === "td" || frame?.tag === "th") return frame;
      if (frame === undefined || !["p", "div", "span", "center"].includes(frame.tag)) return undefined;
    }
    return undefined;
  }

  #cellText(text: string, linkChars: number): void {
    this.#cellLinkChars += linkChars;
    const last = this.#cells.length - 1;
    if (last >= 0 && this.#cells[last]?.endsWith("\u0000") === true) this.#cells[last] = `${this.#cells[last].slice(0, -1)}; ${text}\u0000`;
    else this.#cells.push(`${text}\u0000`);
  }

  #endCell(): void {
    const last = this.#cells.length - 1;
    const open = this.#cells[last];
    if (open?.endsWith("\u0000") === true) this.#cells[last] = open.slice(0, -1);
    else this.#cells.push("");
  }

  #endRow(): void {
    const cells = this.#cells.map((cell) => (cell.endsWith("\u0000") ? cell.slice(0, -1) : cell));
    this.#cells = [];
    const linkChars = this.#cellLinkChars;
    this.#cellLinkChars = 0;
    const filled = cells.filter((cell) => cell !== "");
    if (filled.length === 0) return;
    const { container, furniture, named } = this.#top;
    const isRow = filled.length > 1;
    const text = isRow ? cells.join(" | ").trim() : (filled[0] ?? "");
    this.blocks.push({ kind: isRow ? "row" : "paragraph", level: 0, text, linkChars, container, furniture, named, table: this.#tables });
  }

  end(): void {
    this.#flush();
    this.#endRow();
    if (this.#term !== "") {
      this.#text = this.#term;
      this.#term = "";
      this.#flush();
    }
  }
}
