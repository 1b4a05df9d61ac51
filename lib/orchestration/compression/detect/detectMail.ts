// Tells mails and mailboxes by the header block at their start.
import type { DetectedType } from "./DetectedType.ts";

const HEADER =
  /^(?:from|to|cc|subject|date|message-id|received|return-path|mime-version|content-type|reply-to|delivered-to|x-[a-z-]{1,40}|sender|in-reply-to|references|sent):/i;
const ANY_HEADER = /^[A-Za-z][\w-]{1,60}:/;
const MBOX = /^From \S+ .{0,12}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/;
/** A commit as a mail (`git format-patch`): what it says is its diff. */
const PATCH = /^diff --git /m;
const LINES = 60;

/** Names of mail headers at the start of the text, in lower case, as often as they occur. */
function headerNames(lines: readonly string[]): string[] {
  const names: string[] = [];
  for (const line of lines) {
    if (line.trim() === "") break;
    if (line.startsWith(" ") || line.startsWith("\t")) continue;
    const head = line.slice(0, 80);
    const name = HEADER.exec(head)?.[0];
    if (name !== undefined) names.push(name.toLowerCase());
    else if (!ANY_HEADER.test(head)) break;
  }
  return names;
}

export function detectMail(sample: string): DetectedType | undefined {
  if (PATCH.test(sample)) return undefined;
  const lines = sample.trimStart().split("\n", LINES);
  const start = MBOX.test(lines[0] ?? "") ? lines.findIndex((line) => !line.startsWith("From ")) : 0;
  const all = headerNames(lines.slice(Math.max(0, start)));
  const names = new Set(all);
  const has = (...some: string[]): boolean => some.some((name) => names.has(`${name}:`));
  const isEnough = names.size >= 3 || (names.size >= 2 && has("from", "received") && has("subject", "date", "to"));
  return isEnough && has("from", "subject", "received") ? { type: "email", confidence: Math.min(1, 0.6 + all.length / 10) } : undefined;
}
