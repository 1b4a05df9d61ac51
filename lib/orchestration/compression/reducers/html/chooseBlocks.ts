// Decides which blocks of a page are its content: the article where the page is one, else the page without its furniture. It changes no text.
import type { Container, HtmlBlock, NamedElement } from "./HtmlBlocks.ts";

export interface ChosenBlocks {
  readonly blocks: readonly HtmlBlock[];
  readonly mode: "article" | "pruned";
}

/** Paragraphs from this length on are prose. */
const PROSE_CHARS = 60;
/** A container holds the article when it holds this share of the page's prose. */
const ARTICLE_SHARE = 0.85;
/** The page is an article when this share of what remains is prose. */
const PROSE_SHARE = 0.5;
const MIN_ARTICLE_CHARS = 500;
/** Blocks with more link text than this are lists of links. */
const MOST_LINKS = 0.6;
/** What is named like furniture is content after all when it holds this share of a page's text; comments need more. */
const MISTAKEN_SHARE = 0.4;
const FORUM_SHARE = 0.75;
/** With less than this left, names are no guide. */
const LEAST_LEFT = 0.15;

function plainChars(block: HtmlBlock): number {
  return Math.max(0, block.text.length - block.linkChars);
}

function proseChars(block: HtmlBlock): number {
  return (block.kind === "paragraph" || block.kind === "item") &&
    plainChars(block) >= PROSE_CHARS &&
    block.linkChars < block.text.length / 2
    ? plainChars(block)
    : 0;
}

function sum(blocks: readonly HtmlBlock[], measure: (block: HtmlBlock) => number): number {
  let total = 0;
  for (const block of blocks) total += measure(block);
  return total;
}

/** Characters of `measure` per container, those of inner containers included. */
function perContainer(blocks: readonly HtmlBlock[], containers: readonly Container[], measure: (block: HtmlBlock) => number): Float64Array {
  const totals = new Float64Array(containers.length);
  for (const block of blocks) totals[block.container] = (totals[block.container] ?? 0) + measure(block);
  for (let index = containers.length - 1; index > 0; index--) {
    const parent = containers[index]?.parent ?? 0;
    if (parent >= 0) totals[parent] = (totals[parent] ?? 0) + (totals[index] ?? 0);
  }
  return totals;
}

/** The innermost container that still holds `share` of the page's prose; containers come in order of opening, so inner ones later. */
function articleContainer(prose: Float64Array, share: number): number {
  const needed = (prose[0] ?? 0) * share;
  let best = 0;
  for (let index = 1; index < prose.length; index++) if ((prose[index] ?? 0) >= needed) best = index;
  return best;
}

function isInside(container: number, outer: number, containers: readonly Container[]): boolean {
  for (let at = container; at >= outer; at = containers[at]?.parent ?? -1) if (at === outer) return true;
  return false;
}

/** Drops blocks that are links only, as long as the container around them is mostly links too. */
function withoutLinkLists(blocks: readonly HtmlBlock[], containers: readonly Container[]): HtmlBlock[] {
  const chars = perContainer(blocks, containers, (block) => block.text.length);
  const links = perContainer(blocks, containers, (block) => block.linkChars);
  return blocks.filter((block) => {
    if (block.kind === "heading" || block.kind === "code" || block.linkChars <= block.text.length * MOST_LINKS) return true;
    const around = (links[block.container] ?? 0) / Math.max(1, chars[block.container] ?? 1);
    return around <= MOST_LINKS || (block.kind === "row" && block.text.length > 40);
  });
}

/** Headings with nothing below them before the next heading of their rank or above. */
function withoutEmptyHeadings(blocks: readonly HtmlBlock[]): HtmlBlock[] {
  return blocks.filter((block, index) => {
    if (block.kind !== "heading" || block.level === 1) return true;
    const next = blocks[index + 1];
    return next !== undefined && (next.kind !== "heading" || next.level > block.level);
  });
}

/** The same text twice (for small and large screens, as teaser and lead) is said once. */
function withoutRepeats(blocks: readonly HtmlBlock[]): HtmlBlock[] {
  const seen = new Set<string>();
  return blocks.filter((block) => {
    if (block.kind === "row" || block.text.length < 20) return true;
    if (seen.has(block.text)) return false;
    seen.add(block.text);
    return true;
  });
}

const TELLING =
  /\b(?:published|updated|posted|written|by [A-Z]|\d{4}-\d\d-\d\d|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? \d{1,2}|\d{1,2}\.? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))|[$€£¥] ?\d/i;
/** Blocks that are looked at before the article: its date, its author, a price often stand there. */
const REACH_BEFORE = 16;
const MOST_RESCUED = 4;
const LONGEST_TELLING = 160;

/** Short blocks just before the article that tell its date, author or price. */
function rescued(content: readonly HtmlBlock[], first: HtmlBlock | undefined): HtmlBlock[] {
  const at = first === undefined ? -1 : content.indexOf(first);
  return content
    .slice(Math.max(0, at - REACH_BEFORE), Math.max(0, at))
    .filter((block) => block.kind !== "heading" && block.text.length <= LONGEST_TELLING && TELLING.test(block.text))
    .slice(-MOST_RESCUED);
}

/** Blocks outside of everything that is named like furniture and is not most of the page. */
function withoutNamed(visible: readonly HtmlBlock[], named: readonly NamedElement[]): readonly HtmlBlock[] {
  const chars = new Float64Array(named.length);
  for (const block of visible) if (block.named >= 0) chars[block.named] = (chars[block.named] ?? 0) + plainChars(block);
  for (let index = named.length - 1; index >= 0; index--) {
    const around = named[index]?.around ?? -1;
    if (around >= 0) chars[around] = (chars[around] ?? 0) + (chars[index] ?? 0);
  }
  const total = Math.max(1, sum(visible, plainChars));
  const isFurniture: boolean[] = [];
  // Elements come in order of opening: those around come first.
  for (const [index, { around, isComments }] of named.entries())
    isFurniture[index] = isFurniture[around] === true || (chars[index] ?? 0) < (isComments ? FORUM_SHARE : MISTAKEN_SHARE) * total;
  const left = visible.filter((block) => isFurniture[block.named] !== true);
  return sum(left, plainChars) < LEAST_LEFT * total ? visible : left;
}

const INVITING =
  /^(?:explore|learn more|read (?:more|next|the)|subscribe|sign up|get started|download|join|follow us|share this|related|more from|keep reading)\b/i;
const MOST_INVITING_BLOCKS = 2;
const MOST_INVITING_CHARS = 200;

/** An article's last section where it only invites to go elsewhere. */
function withoutInvitation(blocks: readonly HtmlBlock[]): readonly HtmlBlock[] {
  const at = blocks.findLastIndex(({ kind }) => kind === "heading");
  const below = blocks.slice(at + 1);
  const isShort = below.length <= MOST_INVITING_BLOCKS && sum(below, ({ text }) => text.length) <= MOST_INVITING_CHARS;
  const leads = below.some(({ linkChars }) => linkChars > 0);
  return at > 0 && isShort && leads && INVITING.test(blocks[at]?.text ?? "") ? blocks.slice(0, at) : blocks;
}

export interface Page {
  readonly blocks: readonly HtmlBlock[];
  readonly containers: readonly Container[];
  readonly named: readonly NamedElement[];
}

/** @param tidy Set false where links are what is asked for: link lists stay then. */
export function chooseBlocks({ blocks: all, containers, named }: Page, tidy: boolean): ChosenBlocks {
  const visible = all.filter((block) => block.furniture === 0);
  const content = visible.length === 0 ? all : withoutNamed(visible, named);
  const prose = perContainer(content, containers, proseChars);
  const outer = articleContainer(prose, ARTICLE_SHARE);
  const inside = content.filter((block) => isInside(block.container, outer, containers));
  const proseInside = prose[outer] ?? 0;
  const isArticle = outer > 0 && proseInside >= MIN_ARTICLE_CHARS && proseInside >= PROSE_SHARE * sum(content, plainChars);
  const chosen = isArticle ? [...rescued(visible, inside[0]), ...inside] : content;
  const ended = isArticle && tidy ? withoutInvitation(chosen) : chosen;
  const pruned = tidy ? withoutLinkLists(ended, containers) : ended;
  return { blocks: withoutEmptyHeadings(withoutRepeats(pruned)), mode: isArticle ? "article" : "pruned" };
}
