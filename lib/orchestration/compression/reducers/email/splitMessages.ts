// Finds where mails begin in a text: mbox "From " lines, or header blocks after a separator. One mail is one piece. It parses none of them.

const MBOX = /^From \S{1,200} .{0,8}[A-Z][a-z]{2}.{0,40}\d{4}/;
const HEAD = /^(?:From|To|Cc|Subject|Date|Sent|Message-ID|Reply-To|Return-Path|Received|Delivered-To|X-[A-Za-z-]{1,40}):/i;
const SEPARATOR = /^[-_=*#]{3,}(?:.{0,60}[-_=*#]{2,})?\s*$/;

/** A header block starts here: three header lines of a mail, one of them From or Subject; From and Date alone will do. */
function startsHeaders(lines: readonly string[], at: number): boolean {
  let known = 0;
  let names = false;
  let isDated = false;
  for (let index = at; index < Math.min(lines.length, at + 12); index++) {
    const line = lines[index] ?? "";
    if (line === "" || line === "\r") break;
    if (HEAD.test(line)) known++;
    else if (index === at) return false;
    isDated ||= line.startsWith("Date:");
    names ||= /^(?:From|Subject|Received):/i.test(line);
  }
  return names && known >= (isDated ? 2 : 3);
}

/** The mails of a thread, a mailbox, or the one mail, in order, without the lines that separate them. */
export function splitMessages(content: string): string[] {
  const lines = content.split("\n");
  const starts: { at: number; body: number }[] = [];
  let isOpen = true;
  for (const [index, line] of lines.entries()) {
    const isHead = isOpen && (HEAD.test(line) ? startsHeaders(lines, index) : false);
    if (isHead) {
      const before = starts.at(-1);
      const isSame = before !== undefined && before.body === index;
      if (!isSame) starts.push({ at: index, body: index });
    }
    const isMbox = line.startsWith("From ") && MBOX.test(line);
    isOpen = isMbox || SEPARATOR.test(line) || (isOpen && line.trim() === "");
  }
  if (starts.length === 0) return [content];
  const preamble = lines
    .slice(0, starts[0]?.at ?? 0)
    .filter((line) => !line.startsWith("From ") && !SEPARATOR.test(line) && line.trim() !== "");
  const messages = starts.map(({ body }, index) => {
    let end = starts[index + 1]?.at ?? lines.length;
    while (end > body && isBetween(lines[end - 1] ?? "")) end--;
    return lines.slice(body, end).join("\n");
  });
  return preamble.length > 0 ? [preamble.join("\n"), ...messages] : messages;
}

function isBetween(line: string): boolean {
  return line.trim() === "" || (line.startsWith("From ") && MBOX.test(line)) || SEPARATOR.test(line);
}
