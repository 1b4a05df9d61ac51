// Markdown reducer: sections as units under their headings; comments, badges, contents lists and unasked link targets go. It renders no HTML.
import type { ReduceContext, Reducer, Reduction, Unit } from "../types.ts";
import { askedKinds, countAsked, type AskedKind } from "./askedKinds.ts";
import { markdownBlocks, type MarkdownBlock } from "./markdown/markdownBlocks.ts";
import { inlineText, withoutTags } from "./markdown/inlineText.ts";
import { withFirstMentions } from "./firstMentions.ts";
import { reductionOf, type LaidUnit } from "./reductionOf.ts";
import { splitSentences } from "./splitSentences.ts";

const SPLIT_FROM_CHARS = 240;

interface Building {
  readonly units: LaidUnit[];
  readonly context: ReduceContext;
  readonly asked: readonly AskedKind[];
  readonly withLinks: boolean;
  readonly path: { level: number; index: number; text: string }[];
  /** First row of the table that is being read. */
  tableHead: number | undefined;
}

function add({ units, context, asked }: Building, text: string, unit: Pick<LaidUnit, "lead" | "weight" | "parent" | "searchText">): number {
  const index = units.length;
  const weight = Math.min(1, (unit.weight ?? 0.5) + 0.12 * countAsked(text, asked));
  units.push({ ...unit, text: context.mark.escape(text), weight, from: index, to: index + 1 });
  return index;
}

function searchable(path: Building["path"], text: string): Pick<Unit, "searchText"> {
  return path.length === 0 ? {} : { searchText: `${path.map((one) => one.text).join(" ")} ${text}` };
}

function leadOf(block: MarkdownBlock, before: MarkdownBlock | undefined): "\n" | "\n\n" {
  return before?.kind === block.kind && (block.kind === "item" || block.kind === "row" || block.kind === "line") ? "\n" : "\n\n";
}

function addHeading(building: Building, block: MarkdownBlock, text: string): void {
  const { path } = building;
  while ((path.at(-1)?.level ?? 0) >= block.level) path.pop();
  const parent = path.at(-1)?.index;
  const index = add(building, text, { lead: "\n\n", weight: 0.6, ...(parent === undefined ? {} : { parent }) });
  path.push({ level: block.level, index, text: text.replace(/^#+ /, "") });
}

/** Items keep their indentation, which is their depth. */
function shownText(block: MarkdownBlock, withLinks: boolean): string {
  const text = inlineText(withoutTags(block.text, withLinks), withLinks);
  return block.kind === "item" ? text.trimEnd() : text.replaceAll(/ {2,}/g, " ").trim();
}

function addBlock(building: Building, block: MarkdownBlock, before: MarkdownBlock | undefined): void {
  if (block.kind !== "row") building.tableHead = undefined;
  const text = block.kind === "code" ? block.text : shownText(block, building.withLinks);
  if (text.trim() === "") return;
  if (block.kind === "heading") {
    addHeading(building, block, text);
    return;
  }
  const parent = building.tableHead ?? building.path.at(-1)?.index;
  const under = parent === undefined ? {} : { parent };
  const pieces = block.kind === "paragraph" && text.length >= SPLIT_FROM_CHARS ? splitSentences(text) : [text];
  for (const [at, piece] of pieces.entries()) {
    const lead = at === 0 ? leadOf(block, before) : " ";
    const index = add(building, piece, { lead, ...under, ...searchable(building.path, piece), weight: block.kind === "code" ? 0.45 : 0.5 });
    if (block.kind === "row") building.tableHead ??= index;
  }
}

function reduceMarkdown(content: string, context: ReduceContext): Reduction | null {
  if (context.level === 0) return null;
  const asked = askedKinds(context);
  const { blocks, comments, badges, contents } = markdownBlocks(content.replaceAll("\r\n", "\n"));
  const withLinks = asked.includes("link");
  const building: Building = { units: [], context, asked, withLinks, path: [], tableHead: undefined };
  for (const [index, block] of blocks.entries()) addBlock(building, block, blocks[index - 1]);
  const dropped: string[] = [];
  if (comments > 0) dropped.push(`${comments} comments`);
  if (badges > 0) dropped.push(`${badges} lines of badges`);
  if (contents > 0) dropped.push(`${contents} lines of a table of contents`);
  if (!withLinks) dropped.push("link targets");
  return reductionOf(
    content,
    { type: "markdown", noun: ["passage", "passages"], units: withFirstMentions(building.units), dropped },
    context,
  );
}

export const markdownReducer: Reducer = { types: ["markdown"], reduce: reduceMarkdown };
