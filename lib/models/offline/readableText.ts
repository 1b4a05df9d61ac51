// What of a text somebody would read aloud: no markup, no mail headers and quoted replies, no hunks of a diff. It rewords nothing.

const IS_PAGE = /<(?:!doctype|html|head|body)\b/i;
/** What stands around the text of a page. */
const AROUND = new Set(["head", "script", "style", "noscript", "nav", "header", "footer", "button", "svg", "template"]);
const MAX_NAME_CHARS = 40;
/** Broken markup nests without an end. */
const MAX_DEPTH = 100;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " ", "#39": "'" };
/** A saved mail begins with its headers; a report may hold a line such as `Subject: …`. */
const MAIL_START = /^(?:From |[A-Z][A-Za-z-]*: )/;
const IS_MAIL = /^(?:Message-ID|In-Reply-To|Received|MIME-Version|Subject):/im;
const HEADER = /^(?:From |[A-Z][A-Za-z-]*: |[ \t])/;
const DIFF = /^diff --git /;
/** Where a diff ends: the next mail, or the mark below a patch. */
const DIFF_END = /^(?:From |-- ?$)/;
const ATTRIBUTION = /^On .{10,200} wrote:$/;
const STATISTICS = /^ .* \| +(?:\d+|Bin)|^ \d+ files? changed|^ (?:create|delete|rename) mode /;

/** @returns the text itself where it is none of these, or where nothing would be left */
export function readableText(text: string): string {
  const readable = IS_PAGE.test(text.slice(0, 2_000)) ? textOfPage(text) : textOfMails(text);
  return readable.trim() === "" ? text : readable;
}

function textOfPage(page: string): string {
  // Headings, cells and links are no sentences.
  const lines = linesOfPage(page);
  const sentences = lines.filter((line) => /[.!?]$/.test(line));
  return (sentences.length > 2 ? sentences : lines).join("\n");
}

function linesOfPage(page: string): string[] {
  const parts: string[] = [];
  /** Open elements around the text, outermost first. */
  const around: string[] = [];
  for (let from = 0; from < page.length;) {
    const start = page.indexOf("<", from);
    if (around.length === 0) parts.push(page.slice(from, start < 0 ? page.length : start).replaceAll(/\s+/g, " "));
    const end = start < 0 ? -1 : page.indexOf(">", start);
    if (end < 0) break;
    const tag = page.slice(start + 1, Math.min(end, start + MAX_NAME_CHARS));
    follow(tag, page[end - 1] === "/", around);
    if (around.length === 0 && !INLINE.has(nameOf(tag))) parts.push("\n");
    from = end + 1;
  }
  const lines = parts.join("").split("\n");
  return lines.map((line) => decoded(line).trim()).filter((line) => line !== "");
}

function follow(tag: string, isClosed: boolean, around: string[]): void {
  const name = nameOf(tag);
  if (!AROUND.has(name) || isClosed) return;
  if (!tag.startsWith("/")) {
    if (around.length < MAX_DEPTH) around.push(name);
  } else if (around.includes(name)) around.length = around.lastIndexOf(name);
}

function nameOf(tag: string): string {
  return /^\/?([a-z][a-z0-9-]*)/i.exec(tag)?.[1]?.toLowerCase() ?? "";
}

const INLINE = new Set(["a", "abbr", "b", "code", "em", "i", "small", "span", "strong", "sub", "sup", "time"]);

function decoded(line: string): string {
  return line.replaceAll(/&(amp|lt|gt|quot|nbsp|#39);/g, (_whole, name: string) => ENTITIES[name] ?? "");
}

/** Mails as they are saved, and the patches that are sent with them. */
function textOfMails(text: string): string {
  const isMail = MAIL_START.test(text) && IS_MAIL.test(text.slice(0, 8_000));
  if (!isMail && !text.includes("diff --git ")) return text;
  const kept: string[] = [];
  let inDiff = false;
  let inSignature = false;
  for (const paragraph of text.split(/\n\n+/)) {
    const lines = paragraph.split("\n");
    if (isMail && isHeaders(lines)) [inDiff, inSignature] = [false, false];
    else {
      const own = lines.filter((line) => {
        if (DIFF.test(line)) inDiff = true;
        else if (inDiff && DIFF_END.test(line)) inDiff = false;
        else if (isMail && line === "-- ") inSignature = true;
        return !inDiff && !inSignature && !line.startsWith(">") && line !== "---" && !ATTRIBUTION.test(line) && !STATISTICS.test(line);
      });
      // Names, titles and numbers below a mail end in no stop.
      if (!isMail || /[.!?:,]\s*$/.test(own.at(-1) ?? "")) kept.push(own.join("\n"));
    }
  }
  return kept.filter((paragraph) => paragraph.trim() !== "").join("\n\n");
}

function isHeaders(lines: readonly string[]): boolean {
  return (
    lines.length > 2 &&
    IS_MAIL.test(lines.join("\n")) &&
    lines.every((line) => HEADER.test(line) || /^-- ?$|^[\d.]+$/.test(line) || line === "")
  );
}
