// HTML reducer: the content of a page as Markdown-like blocks, without its furniture. It runs no script and builds no tree.
import type { ReduceContext, Reducer, Reduction, Unit } from "../types.ts";
import { wordsOf } from "../words.ts";
import { askedKinds, countAsked, type AskedKind } from "./askedKinds.ts";
import { chooseBlocks } from "./html/chooseBlocks.ts";
import { HtmlBlocks, type HtmlBlock } from "./html/HtmlBlocks.ts";
import { pageFacts, type PageFact } from "./html/pageFacts.ts";
import { withFirstMentions } from "./firstMentions.ts";
import { reductionOf, type LaidUnit } from "./reductionOf.ts";
import { scanMarkup } from "./scanMarkup.ts";
import { splitSentences } from "./splitSentences.ts";

const ATTRIBUTES = new Set(["class", "id", "role", "hidden", "aria-hidden", "style", "href", "alt"]);
const IMAGES = /\b(?:images?|pictures?|photos?|logos?|alt)\b/i;
/** Paragraphs from this length on are cut into sentences; shorter ones are one unit. */
const SPLIT_FROM_CHARS = 240;
const SHORT_CHARS = 25;
/** A text is a page when it begins with a tag, or when at least one character in so many opens one. */
const CHARS_PER_TAG = 150;

export function looksLikeMarkup(content: string): boolean {
  const start = content.slice(0, 4_000).trimStart();
  if (start.startsWith("<")) return true;
  if (start.startsWith("#")) return false;
  const tags = start.match(/<\/?[a-z][a-z0-9]{0,10}[\s>/]/gi)?.length ?? 0;
  return tags >= 3 && start.length / tags <= CHARS_PER_TAG;
}

/** A description is a page's own summary: with this share of its words in a text so many times its length it says nothing more. */
const DESCRIBED_SHARE = 0.6;
const DESCRIBED_TIMES = 10;

function isDescribed(description: string, bodyText: string): boolean {
  if (bodyText.length < DESCRIBED_TIMES * description.length) return false;
  const said = new Set(wordsOf(bodyText));
  const words = new Set(wordsOf(description));
  return [...words].filter((word) => said.has(word)).length >= DESCRIBED_SHARE * words.size;
}

function factUnits(facts: readonly PageFact[], bodyText: string): { text: string; weight: number }[] {
  const units: { text: string; weight: number }[] = [];
  for (const [name, value] of facts) {
    if (name === "title") units.unshift({ text: `# ${value}`, weight: 1 });
    else if (name === "description" && isDescribed(value, bodyText)) continue;
    else if (!bodyText.includes(value)) units.push({ text: `${name}: ${value}`, weight: name === "description" ? 0.6 : 0.8 });
  }
  return units;
}

interface Building {
  readonly units: LaidUnit[];
  readonly context: ReduceContext;
  readonly asked: readonly AskedKind[];
}

function add({ units, context, asked }: Building, unit: Omit<LaidUnit, "from" | "to">): number {
  const index = units.length;
  const weight = Math.min(1, (unit.weight ?? 0.5) + 0.15 * countAsked(unit.text, asked));
  units.push({ ...unit, text: context.mark.escape(unit.text), weight, from: index, to: index + 1 });
  return index;
}

function marked(block: HtmlBlock): string {
  if (block.kind === "heading") return `${"#".repeat(block.level)} ${block.text}`;
  if (block.kind === "item") return `- ${block.text}`;
  return block.text;
}

interface Outline {
  readonly path: { level: number; index: number; text: string }[];
  readonly titleIndex: number | undefined;
  tableHead: { table: number; index: number } | undefined;
}

function weightOf(block: HtmlBlock): number {
  if (block.kind === "heading") return 0.6;
  if (block.kind === "image") return 0.2;
  if (block.linkChars > block.text.length / 2) return 0.25;
  // "Follow", "Favorites": what buttons say when they are no buttons.
  return block.text.length < SHORT_CHARS && !/[\d.!?:]/.test(block.text) ? 0.25 : 0.5;
}

function leadOf(block: HtmlBlock, before: HtmlBlock | undefined): "\n" | "\n\n" {
  return before?.kind === block.kind && (block.kind === "item" || block.kind === "row") ? "\n" : "\n\n";
}

/** The heading above a block; for a row the first row of its table. */
function parentOf(block: HtmlBlock, outline: Outline): Pick<Unit, "parent"> {
  const { path, titleIndex, tableHead } = outline;
  const inTable = block.kind === "row" && tableHead !== undefined && tableHead.table === block.table;
  const parent = inTable ? tableHead.index : (path.at(-1)?.index ?? titleIndex);
  return parent === undefined ? {} : { parent };
}

function firstRow(head: Outline["tableHead"], table: number, index: number): { table: number; index: number } {
  return head?.table === table ? head : { table, index };
}

/** Headings of this rank and below end where the next one of the rank begins. */
function closeHeadings(path: Outline["path"], level: number): void {
  while ((path.at(-1)?.level ?? 0) >= level) path.pop();
}

function addBlock(building: Building, block: HtmlBlock, before: HtmlBlock | undefined, outline: Outline): void {
  const { path } = outline;
  if (block.kind === "heading") closeHeadings(path, block.level);
  if (block.kind !== "row") outline.tableHead = undefined;
  const base = { ...parentOf(block, outline), weight: weightOf(block) };
  const headings = path.map((one) => one.text).join(" ");
  const pieces = block.kind === "paragraph" && block.text.length >= SPLIT_FROM_CHARS ? splitSentences(block.text) : [marked(block)];
  let index = 0;
  for (const [at, text] of pieces.entries()) {
    const searchText = headings === "" || block.kind === "heading" ? {} : { searchText: `${headings} ${text}` };
    index = add(building, { ...base, ...searchText, text, lead: at === 0 ? leadOf(block, before) : " " });
  }
  if (block.kind === "heading") path.push({ level: block.level, index, text: block.text });
  if (block.table !== undefined && block.kind === "row") outline.tableHead = firstRow(outline.tableHead, block.table, index);
}

/** Units of all blocks; headings are parents of what stands below them, the first row of a table of its other rows. */
function blockUnits(building: Building, blocks: readonly HtmlBlock[], titleIndex: number | undefined): void {
  const outline: Outline = { path: [], titleIndex, tableHead: undefined };
  for (const [index, block] of blocks.entries()) addBlock(building, block, blocks[index - 1], outline);
}

/** The title as a heading, and images whose description is the title or a text of the page. */
function repeatsOther(block: HtmlBlock, title: string, bodyText: string): boolean {
  if (block.kind === "heading") return block.text === title;
  const alt = block.kind === "image" ? block.text.slice("(image: ".length, -1) : "";
  return alt !== "" && (title.includes(alt) || bodyText.indexOf(alt) !== bodyText.lastIndexOf(alt));
}

function reduceHtml(content: string, context: ReduceContext): Reduction | null {
  if (context.level === 0 || !looksLikeMarkup(content)) return null;
  const asked = askedKinds(context);
  const withLinks = asked.includes("link");
  const asking = `${context.task ?? ""} ${(context.fields ?? []).join(" ")}`;
  const collector = new HtmlBlocks({ withLinks, withImages: IMAGES.test(asking) });
  scanMarkup(content, { isXml: false, attributes: ATTRIBUTES }, collector);
  collector.end();
  const { blocks, mode } = chooseBlocks(collector, !withLinks);
  const bodyText = blocks.map((block) => block.text).join("\n");
  const building: Building = { units: [], context, asked };
  const facts = factUnits(pageFacts(content), bodyText);
  const titleText = facts[0]?.text.slice(2) ?? "";
  for (const fact of facts) add(building, { ...fact, lead: "\n", ...(fact.weight === 1 ? { pin: "structure" as const } : {}) });
  const hasTitle = facts[0]?.weight === 1;
  const body = blocks.filter((block) => !repeatsOther(block, titleText, bodyText));
  blockUnits(building, body, hasTitle ? 0 : undefined);
  const left = collector.blocks.length - blocks.length;
  const dropped = [
    "markup, scripts and styles",
    ...(left > 0 ? [`${left} of ${collector.blocks.length} blocks that are page furniture (${mode} mode)`] : []),
  ];
  return reductionOf(content, { type: "html", noun: ["passage", "passages"], units: withFirstMentions(building.units), dropped }, context);
}

/** The text of an HTML fragment or page, block by block; for mails that are HTML only. */
export function htmlText(content: string, context: ReduceContext): string {
  const collector = new HtmlBlocks({ withLinks: askedKinds(context).includes("link"), withImages: false });
  scanMarkup(content, { isXml: false, attributes: ATTRIBUTES }, collector);
  collector.end();
  return chooseBlocks(collector, false).blocks.map(marked).join("\n\n");
}

export const htmlReducer: Reducer = { types: ["html"], reduce: reduceHtml };
