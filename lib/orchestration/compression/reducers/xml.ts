// XML reducer: elements as an indented outline of names, attributes and texts; lists of equal elements as rows. It validates nothing.
import type { ReduceContext, Reducer, Reduction } from "../types.ts";
import { askedKinds, countAsked, type AskedKind } from "./askedKinds.ts";
import { looksLikeMarkup } from "./html.ts";
import { reductionOf, type LaidUnit } from "./reductionOf.ts";
import { scanMarkup, type Attributes } from "./scanMarkup.ts";
import { splitSentences } from "./splitSentences.ts";

/** Deeper elements are shown at this depth. */
const DEEPEST = 40;
const SPLIT_FROM_CHARS = 300;

interface Entry {
  readonly depth: number;
  readonly name: string;
  attributes: string;
  text: string;
  children: number;
}

function attributeText(attributes: Attributes): string {
  let text = "";
  for (const [name, value] of attributes)
    if (!name.startsWith("xmlns") && !name.startsWith("xsi:"))
      text += ` ${name}=${/[\s"=]/.test(value) || value === "" ? JSON.stringify(value) : value}`;
  return text;
}

/** All elements in document order. */
function entriesOf(content: string): Entry[] {
  const entries: Entry[] = [];
  const open: Entry[] = [];
  scanMarkup(
    content,
    { isXml: true },
    {
      open(name, attributes) {
        const parent = open.at(-1);
        if (parent !== undefined) parent.children++;
        const entry: Entry = { depth: Math.min(open.length, DEEPEST), name, attributes: attributeText(attributes), text: "", children: 0 };
        entries.push(entry);
        open.push(entry);
      },
      close(name) {
        const lowest = Math.max(0, open.length - 32);
        for (let at = open.length - 1; at >= lowest; at--) {
          if (open[at]?.name !== name) continue;
          open.length = at;
          return;
        }
      },
      text(text) {
        const top = open.at(-1);
        if (top !== undefined) top.text += text;
      },
    },
  );
  return entries;
}

function clean(text: string): string {
  const plain = text.replaceAll(/\s+/g, " ").trim();
  // Feeds put HTML into texts.
  if (!plain.includes("</") && !plain.includes("/>")) return plain;
  let out = "";
  scanMarkup(plain, { isXml: false }, { open: () => (out += " "), close: () => (out += " "), text: (piece) => (out += piece) });
  return out.replaceAll(/\s+/g, " ").trim();
}

interface Building {
  readonly units: LaidUnit[];
  readonly context: ReduceContext;
  readonly asked: readonly AskedKind[];
  readonly open: { depth: number; index: number }[];
}

function closeDeeper(open: Building["open"], depth: number): void {
  while ((open.at(-1)?.depth ?? -1) >= depth) open.pop();
}

function addEntry({ units, context, asked, open }: Building, entry: Entry, source: number): void {
  closeDeeper(open, entry.depth);
  const text = clean(entry.text);
  const hasChildren = entry.children > 0;
  if (text === "" && entry.attributes === "" && !hasChildren) return;
  const parent = open.at(-1)?.index;
  const under = parent === undefined ? {} : { parent };
  const head = `${" ".repeat(Math.min(entry.depth, 12))}${entry.name}${entry.attributes}`;
  const pieces = text.length >= SPLIT_FROM_CHARS ? splitSentences(text) : [];
  const line = pieces.length === 0 && text !== "" ? `${head}: ${text}` : head;
  const index = units.length;
  const weight = Math.min(1, (hasChildren ? 0.3 : 0.5) + 0.12 * countAsked(line, asked));
  units.push({ text: context.mark.escape(line), lead: "\n", weight, from: source, to: source + 1, ...under });
  if (hasChildren || pieces.length > 0) open.push({ depth: entry.depth, index });
  for (const piece of pieces)
    units.push({ text: context.mark.escape(piece), from: source + 1, to: source + 1, lead: " ", parent: index, weight: 0.5, covers: 1 });
}

function reduceXml(content: string, context: ReduceContext): Reduction | null {
  if (context.level === 0 || !looksLikeMarkup(content)) return null;
  const building: Building = { units: [], context, asked: askedKinds(context), open: [] };
  for (const [source, entry] of entriesOf(content).entries()) addEntry(building, entry, source);
  return reductionOf(
    content,
    { type: "xml", noun: ["element", "elements"], units: building.units, dropped: ["closing tags and namespaces"] },
    context,
  );
}

export const xmlReducer: Reducer = { types: ["xml"], reduce: reduceXml };
