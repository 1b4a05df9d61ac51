// Text of a Markdown line without what only a renderer needs: link targets (unless asked), emphasis of whole lines, image addresses.

const LONGEST_LABEL = 300;
const LONGEST_TARGET = 2_000;

/** Index of the bracket that closes the one at `open`, or -1; looks no further than `most` characters. */
function closing(text: string, open: number, close: string, most: number): number {
  const opener = text.charAt(open);
  let depth = 0;
  for (let index = open; index < text.length && index - open < most; index++) {
    const char = text.charAt(index);
    if (char === "\n") return -1;
    if (char === opener) depth++;
    else if (char === close && --depth === 0) return index;
  }
  return -1;
}

interface Link {
  readonly label: string;
  readonly target: string;
  readonly end: number;
}

function linkAt(text: string, at: number): Link | undefined {
  const labelEnd = closing(text, at, "]", LONGEST_LABEL);
  if (labelEnd < 0) return undefined;
  const next = text.charAt(labelEnd + 1);
  if (next !== "(" && next !== "[") return undefined;
  const end = closing(text, labelEnd + 1, next === "(" ? ")" : "]", LONGEST_TARGET);
  if (end < 0) return undefined;
  return { label: text.slice(at + 1, labelEnd), target: text.slice(labelEnd + 2, end), end: end + 1 };
}

/** Tags that lay out a page; what they hold is text. */
const TAGS =
  /<\/?(?:p|div|h[1-6]|img|br|b|i|em|strong|sub|sup|details|summary|picture|source|table|thead|tbody|tr|td|th|ul|ol|li|span|center|kbd|a)(?:\s[^<>]{0,600})?\/?>/gi;
const LINK_TAGS = /^<\/?a[\s>]/i;

/** A line without HTML tags; those of links stay when links are asked for, as pictures' descriptions do. */
export function withoutTags(text: string, withLinks: boolean): string {
  if (!text.includes("<") || !text.includes(">")) return text;
  return text.replaceAll(TAGS, (tag) => {
    if (withLinks && LINK_TAGS.test(tag)) return tag;
    return /^<img/i.test(tag) ? (/\balt="([^"]{8,200})"/i.exec(tag)?.[1] ?? "") : "";
  });
}

/** @param withLinks Keep `[label](target)`; else the label alone. A target that is all a link has stays. */
export function inlineText(text: string, withLinks: boolean): string {
  if (!text.includes("](") && !text.includes("][")) return text;
  let out = "";
  let copied = 0;
  // Bounded: a bracket that closes nothing is looked at once, and no further than a label may be long.
  for (let at = text.indexOf("["); at >= 0; at = text.indexOf("[", at + 1)) {
    if (at < copied) continue;
    const link = linkAt(text, at);
    if (link === undefined) continue;
    const isImage = text.charAt(at - 1) === "!";
    if (isImage) {
      out += text.slice(copied, at - 1) + link.label;
      copied = link.end;
    } else if (!withLinks) {
      out += text.slice(copied, at) + (link.label.trim() === "" ? link.target : inlineText(link.label, false));
      copied = link.end;
    }
    if (copied === link.end) at = link.end - 1;
  }
  return out + text.slice(copied);
}
