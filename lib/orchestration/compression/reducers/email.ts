// E-mail reducer: one mail, a thread or a mailbox as headers and own words; repeated quotes, footers and transport headers go. It sends nothing.
import type { ReduceContext, Reducer, Reduction } from "../types.ts";
import { askedKinds, countAsked, type AskedKind } from "./askedKinds.ts";
import { bodyBlocks, type BodyBlock } from "./email/bodyBlocks.ts";
import { decodeWords } from "./email/mimeDecoding.ts";
import { parseMessage, type MailMessage } from "./email/parseMessage.ts";
import { splitMessages } from "./email/splitMessages.ts";
import { htmlText } from "./html.ts";
import { withFirstMentions } from "./firstMentions.ts";
import { reductionOf, type LaidUnit } from "./reductionOf.ts";
import { splitSentences } from "./splitSentences.ts";

const SHOWN: Readonly<Record<string, string>> = {
  from: "From",
  to: "To",
  cc: "Cc",
  "reply-to": "Reply-To",
  date: "Date",
  subject: "Subject",
};
const MAIL_IDS = /\bmessage[- ]?ids?\b|\bheaders?\b/i;
const CONTACT = /[\w.+-]{1,64}@[\w-]{1,64}\.|\+?\d[\d ().-]{6,}\d|\bwww\.|https?:/;
/** Links longer than this are tracking links; what identifies their target stays. */
const LONGEST_LINK = 120;
/** Lines shorter than this repeat by chance. */
const SHORTEST_REPEAT = 12;

interface Building {
  readonly units: LaidUnit[];
  readonly context: ReduceContext;
  readonly asked: readonly AskedKind[];
  /** Lines that were said before, without quote marks and spaces. */
  readonly said: Set<string>;
  /** Subjects of earlier mails, without "Re:". */
  readonly subjects: Set<string>;
  repeated: number;
  footers: number;
}

function add(building: Building, text: string, unit: Pick<LaidUnit, "lead" | "weight" | "pin" | "parent" | "searchText">): number {
  const { units, context, asked } = building;
  const index = units.length;
  const weight = Math.min(1, (unit.weight ?? 0.5) + 0.15 * countAsked(text, asked));
  units.push({ ...unit, text: context.mark.escape(text), weight, from: index, to: index + 1 });
  return index;
}

function shortLinks(text: string): string {
  if (!text.includes("://")) return text;
  return text.replaceAll(/https?:\/\/[^\s<>"')\]]+/g, (link) =>
    link.length <= LONGEST_LINK ? link : `${link.split(/[?#]/, 1)[0]?.slice(0, LONGEST_LINK) ?? ""}…`,
  );
}

function normal(line: string): string {
  return line.toLowerCase().replaceAll(/[\s>|]+/g, "");
}

/** What of a block is compared: its lines and, because quoting wraps lines anew, its sentences. */
function comparable(block: BodyBlock): { lines: string[]; sentences: string[] } {
  const joined = block.lines.map((line) => line.trim()).join(" ");
  return { lines: block.lines.map(normal), sentences: splitSentences(joined).map(normal) };
}

/** True when every line, or every sentence, of some length was said before. */
function isRepeated(block: BodyBlock, said: ReadonlySet<string>): boolean {
  const { lines, sentences } = comparable(block);
  for (const pieces of [lines, sentences]) {
    const telling = pieces.filter((piece) => piece.length >= SHORTEST_REPEAT);
    if (telling.length > 0 && telling.every((piece) => said.has(piece))) return true;
  }
  return block.role === "quote" && lines.every((line) => line === "" || said.has(line));
}

function headerLines(message: MailMessage, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const value = message.headers.get(name);
    if (value === undefined || value.trim() === "") return [];
    return [`${SHOWN[name] ?? "Message-ID"}: ${decodeWords(value).replaceAll(/\s+/g, " ").trim()}`];
  });
}

/** A subject without "Re:" and its kin. */
function bareSubject(message: MailMessage): string {
  return decodeWords(message.headers.get("subject") ?? "")
    .replaceAll(/\b(?:re|fwd?|aw|wg|sv|antw)(?:\[\d\])?: ?/gi, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** Who, when, about what, pinned; below it to whom, which a short view of a thread can do without. */
function addHead(building: Building, message: MailMessage, withIds: boolean): number | undefined {
  const subject = bareSubject(message);
  const isNew = subject === "" || !building.subjects.has(subject);
  building.subjects.add(subject);
  const main = headerLines(message, ["from", "date", ...(isNew ? ["subject"] : []), ...(withIds ? ["message-id"] : [])]);
  if (message.attachments.length > 0) main.push(`Attachments: ${message.attachments.slice(0, 40).join(", ")}`);
  const others = headerLines(message, ["to", "cc", "reply-to"]);
  if (main.length === 0 && others.length === 0) return undefined;
  const text = (main.length > 0 ? main : others).join("\n");
  const head = add(building, building.units.length > 0 ? `---\n${text}` : text, { lead: "\n\n", weight: 0.8, pin: "structure" });
  if (main.length > 0 && others.length > 0) add(building, others.join("\n"), { lead: "\n", weight: 0.4, parent: head });
  return head;
}

const LIST_ITEM = /^\s*(?:[-*•]|\d{1,2}[.)])\s/;

/** Lines of a paragraph as one line, those of a list as one line an item; what is laid out in lines stays so. */
function paragraphOf(block: BodyBlock): string {
  if (block.role === "verbatim") return block.lines.join("\n");
  const joined = block.lines.map(
    (line, index) => `${index > 0 && LIST_ITEM.test(line) ? "\n" : " "}${line.replaceAll(/\s+/g, " ").trim()}`,
  );
  return joined.join("").trim();
}

function addBlock(building: Building, block: BodyBlock, header: number | undefined, subject: string): void {
  if (block.role === "footer") {
    building.footers += block.lines.length;
    return;
  }
  if (isRepeated(block, building.said)) {
    building.repeated += block.lines.length;
    return;
  }
  const { lines, sentences } = comparable(block);
  for (const piece of [...lines, ...sentences]) building.said.add(piece);
  const parent = header === undefined ? {} : { parent: header };
  if (block.role === "signature") {
    const contact = block.lines.slice(0, 12).filter((line, index) => (index < 2 && /[A-Za-z]{3}/.test(line)) || CONTACT.test(line));
    if (contact.length > 0)
      add(building, contact.map((line) => shortLinks(line.replaceAll(/\s+/g, " ").trim())).join(" · "), {
        lead: "\n\n",
        weight: 0.3,
        ...parent,
      });
    return;
  }
  if (block.role === "attribution") {
    add(building, paragraphOf(block), { lead: "\n\n", weight: 0.2, ...parent });
    return;
  }
  addPieces(building, block, { parent, subject });
}

function addPieces(
  building: Building,
  block: BodyBlock,
  { parent, subject }: { readonly parent: { readonly parent?: number }; readonly subject: string },
): void {
  const text = shortLinks(paragraphOf(block));
  const pieces = block.role === "verbatim" ? [{ piece: text, isLineStart: true }] : linesOf(text);
  for (const [at, { piece, isLineStart }] of pieces.entries()) {
    const isQuote = block.depth > 0;
    const shown = isQuote && isLineStart ? `${">".repeat(Math.min(3, block.depth))} ${piece}` : piece;
    add(building, shown, {
      lead: at === 0 ? "\n\n" : isLineStart ? "\n" : " ",
      weight: isQuote ? 0.3 : block.role === "verbatim" ? 0.65 : 0.55,
      searchText: `${subject} ${piece}`,
      ...parent,
    });
  }
}

function linesOf(text: string): { readonly piece: string; readonly isLineStart: boolean }[] {
  return text.split("\n").flatMap((line) => splitSentences(line).map((piece, index) => ({ piece, isLineStart: index === 0 })));
}

function addMessage(building: Building, source: string, withIds: boolean): void {
  const message = parseMessage(source);
  const header = addHead(building, message, withIds);
  const subject = message.headers.get("subject") ?? "";
  const text = message.isHtml ? htmlText(message.text, building.context) : message.text.replaceAll("\r\n", "\n");
  const blocks = bodyBlocks(text);
  for (const [index, block] of blocks.entries()) {
    const next = blocks[index + 1];
    // "X wrote:" says nothing when what X wrote is folded.
    if (block.role === "attribution" && next?.role === "quote" && isRepeated(next, building.said)) continue;
    addBlock(building, block, header, subject);
  }
}

function reduceEmail(content: string, context: ReduceContext): Reduction | null {
  if (context.level === 0) return null;
  const messages = splitMessages(content.replaceAll("\r\n", "\n"));
  const building: Building = {
    units: [],
    context,
    asked: askedKinds(context),
    said: new Set(),
    subjects: new Set(),
    repeated: 0,
    footers: 0,
  };
  const withIds = MAIL_IDS.test(`${context.task ?? ""} ${(context.fields ?? []).join(" ")}`);
  for (const message of messages) addMessage(building, message, withIds);
  const dropped = ["transport headers"];
  if (building.repeated > 0) dropped.push(`${building.repeated} quoted lines that stand elsewhere in the thread`);
  if (building.footers > 0) dropped.push(`${building.footers} footer lines`);
  return reductionOf(content, { type: "email", noun: ["passage", "passages"], units: withFirstMentions(building.units), dropped }, context);
}

export const emailReducer: Reducer = { types: ["email"], reduce: reduceEmail };
