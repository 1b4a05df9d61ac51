// Tells HTML and XML by their tags, and from chats that put names in angle brackets.
import type { DetectedType } from "./DetectedType.ts";

const HTML_TAG =
  /<\/?(?:html|head|body|div|p|span|a|table|tr|td|ul|ol|li|h[1-6]|br|img|script|style|section|article|nav|header|footer|main|form|input|button|strong|em|b|i|meta|link|title|center|font|details|summary)(?=[\s>/])/gi;
const ANY_TAG = /<\/?[A-Za-z_][\w:.-]{0,60}(?=[\s>/])/g;
const XML_START = /^<\?xml|^<!DOCTYPE|^<(?:rss|feed|svg|soap|urlset|project|configuration|manifest)[\s:>]/i;
/** Text that begins like another type may hold tags without being a page. */
const OTHER_START = /^(?:#|```|diff |From |\S{1,40}: )/;
/** A page that begins with text has at least one HTML tag in so many characters. */
const CHARS_PER_TAG = 120;

/** Readme files begin with centred logos and go on in Markdown. */
function looksLikeMarkdown(start: string): boolean {
  return (start.match(/^(?:#{1,6} \S|```|[-*] \S|\d{1,2}\. \S)/gm)?.length ?? 0) >= 3;
}

function looksLikeChat(start: string): boolean {
  return !start.includes("</") && start.split("\n", 6).filter((line) => /^<[^<>/]{1,40}> \S/.test(line)).length >= 2;
}

function byFirstTag(start: string, html: number): DetectedType | undefined {
  const head = start.slice(0, 2_000);
  if (/^<!doctype html|^<html[\s>]/i.test(head)) return { type: "html", confidence: 1 };
  if (/<html[\s>]/i.test(head)) return { type: "html", confidence: 0.95 };
  if (XML_START.test(head)) return { type: "xml", confidence: 0.95 };
  const all = start.match(ANY_TAG)?.length ?? 0;
  if (all < 2 || looksLikeChat(start) || looksLikeMarkdown(start)) return undefined;
  if (html >= all / 2) return { type: "html", confidence: 0.9 };
  return start.includes("</") || start.includes("/>") ? { type: "xml", confidence: 0.9 } : undefined;
}

export function detectMarkup(sample: string): DetectedType | undefined {
  const start = sample.trimStart();
  const html = start.match(HTML_TAG)?.length ?? 0;
  if (/^<[?!/A-Za-z]/.test(start)) {
    const found = byFirstTag(start, html);
    if (found !== undefined) return found;
  }
  const isClosed = start.includes("</") || start.includes("/>");
  const isDense = html >= 6 && start.length / html < CHARS_PER_TAG;
  return isClosed && isDense && !looksLikeMarkdown(start) && !OTHER_START.test(start.slice(0, 100))
    ? { type: "html", confidence: 0.7 }
    : undefined;
}
