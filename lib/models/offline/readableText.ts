// What of a text somebody would read aloud: no markup, no mail headers and quoted replies, no hunks of a diff. It rewords nothing.
import { htmlText } from "../../operations/documents/htmlText.ts";

const IS_PAGE = /<(?:!doctype|html|head|body)\b/i;
/** A saved mail begins with its headers; a report may hold a line such as `Subject: …`. */
const MAIL_START = /^(?:From |[A-Z][A-Za-z-]*: )/;
const IS_MAIL = /^(?:Message-ID|In-Reply-To|Received|MIME-Version|Subject):/im;
const HEADER = /^(?:From |[A-Z][A-Za-z-]*: |[ \t])/;
const DIFF = /^diff --git /m;
/** Where a diff ends: the next mail, or the mark below a patch. */
const DIFF_END = /^(?:From |-- ?$)/;
const ATTRIBUTION = /^On .{10,200} wrote:$/;
/** Names, titles and numbers below a mail: few short lines, none of which ends as a sentence does. */
const SIGNATURE = { lines: 4, chars: 60 } as const;
const GREETING = /^(?:\p{L}+ ){0,3}(?:regards|wishes|thanks|cheers|sincerely|yours|grüße|grüßen|cordialement)[,.!]?$/iu;
/** What follows the greeting is no more than this, or the greeting was none. */
const GREETED_LINES = 12;
const POSTSCRIPT = /^P\.? ?S\b/;
const STATISTICS = /^ .* \| +(?:\d+|Bin)|^ \d+ files? changed|^ (?:create|delete|rename) mode /;

/** @returns the text itself where it is none of these, or where nothing would be left */
export function readableText(text: string): string {
  const readable = IS_PAGE.test(text.slice(0, 2_000)) ? textOfPage(text) : textOfMails(text);
  return readable.trim() === "" ? text : readable;
}

function textOfPage(page: string): string {
  // A page that is all furniture, or whose furniture nobody closed, is read as a whole.
  const lines = (htmlText(page, { isProse: true }) || htmlText(page)).split("\n");
  // Headings, cells and links are no sentences.
  const sentences = lines.filter((line) => /[.!?]$/.test(line));
  return (sentences.length > 2 ? sentences : lines).join("\n");
}

/** Mails as they are saved, and the patches that are sent with them. */
function textOfMails(text: string): string {
  const isMail = MAIL_START.test(text) && IS_MAIL.test(text.slice(0, 8_000));
  if (!isMail && !DIFF.test(text)) return text;
  const kept: string[] = [];
  /** Of the mail that is being read. */
  let own: string[] = [];
  let inDiff = false;
  let inSignature = false;
  const endMail = (): void => {
    kept.push(...(isMail ? withoutSignature(own) : own));
    own = [];
  };
  for (const paragraph of text.split(/\n\n+/)) {
    const lines = paragraph.split("\n");
    if (isMail && isHeaders(lines)) {
      [inDiff, inSignature] = [false, false];
      endMail();
      continue;
    }
    const said = lines.filter((line) => {
      if (DIFF.test(line)) inDiff = true;
      else if (inDiff && DIFF_END.test(line)) inDiff = false;
      else if (isMail && line === "-- ") inSignature = true;
      const isOther = isMail && (line.startsWith(">") || ATTRIBUTION.test(line));
      return !inDiff && !inSignature && !isOther && line !== "---" && !STATISTICS.test(line);
    });
    if (said.some((line) => line.trim() !== "")) own.push(said.join("\n"));
  }
  endMail();
  return kept.join("\n\n");
}

/** A mail of one short line is no signature. */
function withoutSignature(mail: readonly string[]): readonly string[] {
  const greeting = mail.findLastIndex((paragraph, index) => index > 0 && GREETING.test(paragraph.split("\n", 1)[0] ?? ""));
  const below = greeting < 0 ? [] : mail.slice(greeting);
  const isGreeted = below.length > 0 && below.join("\n").split("\n").length <= GREETED_LINES;
  const said = isGreeted ? [...mail.slice(0, greeting), ...below.filter((paragraph) => POSTSCRIPT.test(paragraph))] : [...mail];
  while (said.length > 1 && isSignature(said.at(-1) ?? "")) said.pop();
  return said;
}

function isSignature(paragraph: string): boolean {
  const lines = paragraph.split("\n");
  return lines.length <= SIGNATURE.lines && lines.every((line) => line.length <= SIGNATURE.chars && !/[.!?:,]\s*$/.test(line));
}

function isHeaders(lines: readonly string[]): boolean {
  return (
    lines.length > 2 &&
    IS_MAIL.test(lines.join("\n")) &&
    lines.every((line) => HEADER.test(line) || /^-- ?$|^[\d.]+$/.test(line) || line === "")
  );
}
