// Prose reducer: paragraphs and sentences as units, white space as text needs it. At level 1 it changes nothing else.
import type { ReduceContext, Reducer, Reduction } from "../types.ts";
import { askedKinds, countAsked } from "./askedKinds.ts";
import { withFirstMentions } from "./firstMentions.ts";
import { reductionOf, type LaidUnit } from "./reductionOf.ts";
import { splitSentences } from "./splitSentences.ts";

/** Lines that end before this were broken by their writer, not by the width of a page. */
const SHORT_LINE = 50;

/** Lines of a paragraph: joined where a page width broke them, else as they are. */
function textLines(paragraph: string): string[] {
  const lines = paragraph
    .split("\n")
    .map((line) => line.replaceAll(/\s+/g, " ").trim())
    .filter((line) => line !== "");
  const isWrapped = lines.length > 1 && lines.slice(0, -1).every((line) => line.length >= SHORT_LINE && line.length <= 100);
  return isWrapped ? [lines.join(" ")] : lines;
}

function reduceProse(content: string, context: ReduceContext): Reduction | null {
  if (context.level === 0) return null;
  const asked = askedKinds(context);
  const units: LaidUnit[] = [];
  for (const paragraph of content.replaceAll("\r\n", "\n").split(/\n[ \t]*\n/)) {
    let isFirst = true;
    for (const line of textLines(paragraph)) {
      for (const [at, text] of splitSentences(line).entries()) {
        const index = units.length;
        const lead = isFirst ? "\n\n" : at === 0 ? "\n" : " ";
        isFirst = false;
        units.push({
          text: context.mark.escape(text),
          from: index,
          to: index + 1,
          lead,
          weight: Math.min(1, 0.5 + 0.1 * countAsked(text, asked)),
        });
      }
    }
  }
  return reductionOf(content, { type: "prose", noun: ["sentence", "sentences"], units: withFirstMentions(units), dropped: [] }, context);
}

export const proseReducer: Reducer = { types: ["prose"], reduce: reduceProse };
