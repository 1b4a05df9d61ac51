// Cuts the text of a mail into blocks: paragraphs, quoted passages, signature, footer. It drops nothing.

export type BlockRole = "text" | "verbatim" | "quote" | "attribution" | "signature" | "footer";

export interface BodyBlock {
  readonly role: BlockRole;
  readonly lines: readonly string[];
  /** Depth of quoting, 0 for the writer's own words. */
  readonly depth: number;
}

const RULE = /^\s*[-_=*~]{10,}\s*$/;
/** Words of footers that lists, hosts and lawyers add. */
const FOOTER =
  /unsubscribe|mailing list|sponsored by|listinfo|list-manager|confidential|privileged|intended (?:solely|only|recipient)|virus|disclaimer|this e-?mail (?:and|message|was sent)|sent from my|get a free|manage your (?:subscription|preferences)|view (?:this email )?in (?:your )?browser|all rights reserved|©|do you yahoo|geek heaven|no longer wish to receive/i;
const LEGAL = /\b(?:confidential(?:ity)? (?:notice|and)|privileged|intended (?:solely|only|recipients?)|unsubscribe|list-manager)\b/i;
const ATTRIBUTION = /(?:wrote|writes|said|schrieb|escribió|a écrit|thought to have said)\s?:?\s*$/i;
const FORWARD = /^-{2,}\s*(?:original message|forwarded (?:message|by)|ursprüngliche nachricht)/i;

export function quoteDepth(line: string): number {
  let depth = 0;
  for (let index = 0; index < line.length && index < 40; index++) {
    const char = line[index];
    if (char === ">") depth++;
    else if (char !== " ") break;
  }
  return depth;
}

export function unquoted(line: string): string {
  let index = 0;
  while (index < line.length && (line[index] === ">" || line[index] === " " || line[index] === "|")) index++;
  return line.slice(index);
}

function isVerbatim(lines: readonly string[]): boolean {
  const odd = lines.filter((line) => /^\s{2,}\S|^\t|[{};]$|^\s*(?:[-*•]|\d{1,2}[.)])\s|\s{3,}\S/.test(line)).length;
  const short = lines.filter((line) => line.length < 45).length;
  return lines.length > 1 && (odd * 2 >= lines.length || short === lines.length);
}

/** Where the signature or footer begins that ends the mail, or the number of lines. */
function tailStart(lines: readonly string[]): number {
  for (let index = Math.max(0, lines.length - 80); index < lines.length; index++) {
    const line = lines[index] ?? "";
    if ((line === "-- " || line === "--") && lines.length - index <= 40) return index;
    if (RULE.test(line) && lines.slice(index + 1, index + 8).some((next) => FOOTER.test(next))) return index;
  }
  return lines.length;
}

function tailBlocks(lines: readonly string[]): BodyBlock[] {
  if (lines.length === 0) return [];
  const footerAt = lines.findIndex((line) => RULE.test(line) || FOOTER.test(line));
  const signature = lines.slice(0, footerAt < 0 ? lines.length : footerAt).filter((line) => line.trim() !== "" && line.trim() !== "--");
  const footer = footerAt < 0 ? [] : lines.slice(footerAt);
  const blocks: BodyBlock[] = [];
  if (signature.length > 0) blocks.push({ role: "signature", lines: signature, depth: 0 });
  if (footer.length > 0) blocks.push({ role: "footer", lines: footer, depth: 0 });
  return blocks;
}

/** A paragraph that lawyers or lists added; inside quotes also what stands around rules. */
function isFooter(lines: readonly string[], depth: number): boolean {
  if (lines.length > 14) return false;
  const text = lines.join(" ");
  if (depth > 0 && lines.some((line) => RULE.test(line)) && FOOTER.test(text)) return true;
  return text.length > 60 && LEGAL.test(text);
}

function blockOf(lines: readonly string[], depth: number): BodyBlock {
  const bare = depth > 0 ? lines.map(unquoted) : lines;
  const last = bare.at(-1) ?? "";
  if (depth === 0 && bare.length <= 3 && ATTRIBUTION.test(last)) return { role: "attribution", lines: bare, depth };
  if (isFooter(bare, depth)) return { role: "footer", lines: bare, depth };
  return { role: depth > 0 ? "quote" : isVerbatim(bare) ? "verbatim" : "text", lines: bare, depth };
}

/** Blocks in order; quote marks are taken off, `depth` tells how many there were. */
export function bodyBlocks(text: string): BodyBlock[] {
  const all = text.split("\n").map((line) => line.trimEnd());
  const tail = tailStart(all);
  const blocks: BodyBlock[] = [];
  let open: string[] = [];
  let openDepth = 0;
  const flush = (): void => {
    if (open.length > 0) blocks.push(blockOf(open, openDepth));
    open = [];
  };
  for (const line of all.slice(0, tail)) {
    const depth = quoteDepth(line);
    const isBlank = (depth > 0 ? unquoted(line) : line).trim() === "";
    if (isBlank || depth !== openDepth || RULE.test(line) || FORWARD.test(line)) flush();
    openDepth = depth;
    if (!isBlank && !RULE.test(line)) open.push(line);
    if (ATTRIBUTION.test(line) && depth === 0) flush();
  }
  flush();
  return [...blocks, ...tailBlocks(all.slice(tail))];
}
