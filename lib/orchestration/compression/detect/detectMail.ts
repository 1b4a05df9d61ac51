// Tells mails and mailboxes by the header block at their start.
import type { DetectedType } from "./DetectedType.ts";

const HEADER =
  /^(?:from|to|cc|subject|date|message-id|received|return-path|mime-version|content-type|reply-to|delivered-to|x-[a-z-]{1,40}|sender|in-reply-to|references|sent):/i;
const ANY_HEADER = /^[A-Za-z][\w-]{1,60}:/;
const MBOX = /^From \S+ .{0,12}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/;
const PATCH = /^diff --git /;
const OF_PATCH = /^(?:[ +\-@\\]|diff |index |new |deleted |old |similarity |dissimilarity |rename |copy |Binary )/;
/** Below a patch of `git format-patch`. */
const PATCH_END = /^-- ?$/;
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

/** A commit as a mail (`git format-patch`): what it says is its diff. A patch in one mail of many makes no diff of them. */
function isMostlyPatch(sample: string): boolean {
  let [patch, text] = [0, 0];
  let inPatch = false;
  let inHead = true;
  for (const line of sample.split("\n")) {
    if (line.trim() === "") inHead = false;
    else if (MBOX.test(line)) [inHead, inPatch] = [true, false];
    else if (!inHead) {
      inPatch = PATCH.test(line) || (inPatch && OF_PATCH.test(line) && !PATCH_END.test(line));
      if (inPatch) patch += 1;
      else text += 1;
    }
  }
  return patch > text;
}

export function detectMail(sample: string): DetectedType | undefined {
  if (isMostlyPatch(sample)) return undefined;
  const lines = sample.trimStart().split("\n", LINES);
  const start = MBOX.test(lines[0] ?? "") ? lines.findIndex((line) => !line.startsWith("From ")) : 0;
  const all = headerNames(lines.slice(Math.max(0, start)));
  const names = new Set(all);
  const has = (...some: string[]): boolean => some.some((name) => names.has(`${name}:`));
  const isEnough = names.size >= 3 || (names.size >= 2 && has("from", "received") && has("subject", "date", "to"));
  return isEnough && has("from", "subject", "received") ? { type: "email", confidence: Math.min(1, 0.6 + all.length / 10) } : undefined;
}
