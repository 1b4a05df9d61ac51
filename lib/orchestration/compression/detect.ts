// Finds the payload type of a text by its structure, looking at a bounded sample. It never looks at file names and never changes the text.
import { looksLikeCode } from "./detect/looksLikeCode.ts";
import { looksLikeCsv } from "./detect/looksLikeCsv.ts";
import { lineShapes, type LineShapes } from "./detect/lineShapes.ts";
import type { PayloadType } from "./types.ts";

export interface DetectedType {
  readonly type: PayloadType;
  /** 0–1: share of the evidence that speaks for the type. */
  readonly confidence: number;
}

/** Characters that are looked at; of longer texts the head and a piece from the middle. */
const SAMPLE_CHARS = 24_000;
/** JSON beyond this size is only checked at both ends. */
const LARGEST_PARSED = 4_000_000;
const MIN_BASE64 = 64;

function sampleOf(content: string): string {
  if (content.length <= SAMPLE_CHARS) return content;
  const half = SAMPLE_CHARS / 2;
  const middle = content.indexOf("\n", Math.floor(content.length / 2));
  return `${content.slice(0, half)}\n${middle < 0 ? "" : content.slice(middle + 1, middle + half)}`;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function detectJson(content: string): DetectedType | undefined {
  const first = content.charAt(content.search(/\S/));
  if (first !== "{" && first !== "[") return undefined;
  const trimmed = content.trim();
  const last = trimmed.at(-1);
  if (trimmed.length > LARGEST_PARSED) {
    if ((first === "{" ? "}" : "]") === last && /^[[{]\s*(?:"|\d|-|\{|\[|true|false|null)/.test(trimmed.slice(0, 200)))
      return { type: "json", confidence: 0.8 };
  } else if ((first === "{" ? "}" : "]") === last && parses(trimmed)) return { type: "json", confidence: 1 };
  const lines = trimmed
    .slice(0, 200_000)
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (trimmed.length > 200_000) lines.pop();
  const checked = lines.slice(0, 40);
  if (lines.length < 2) return undefined;
  const good = checked.filter((line) => /^\s*[[{]/.test(line) && parses(line)).length;
  return good / checked.length >= 0.95 ? { type: "ndjson", confidence: good / checked.length } : undefined;
}

function detectBinary(sample: string): DetectedType | undefined {
  const start = sample.trimStart();
  if (/^data:[\w.+-]{1,60}\/[\w.+-]{1,60}(?:;[\w=-]{1,40}){0,4},/.test(start.slice(0, 300))) return { type: "base64", confidence: 1 };
  let control = 0;
  for (let index = 0; index < sample.length; index++) {
    const code = sample.charCodeAt(index);
    if ((code < 32 && code !== 9 && code !== 10 && code !== 13 && code !== 27 && code !== 12) || code === 0xfffd) control++;
  }
  if (control > sample.length * 0.05) return { type: "base64", confidence: 0.9 };
  const lines = start
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^-{3,}(?:BEGIN|END) /.test(line));
  const joined = lines.join("");
  if (joined.length < MIN_BASE64 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(joined)) return undefined;
  // Words have vowels and one case; base64 has both cases and digits, in lines of one length.
  const isMixed = /[a-z]/.test(joined) && /[A-Z]/.test(joined) && /\d/.test(joined);
  const isHex = /^[0-9a-fA-F]+$/.test(joined) && joined.length >= 128;
  const isEven = lines.length === 1 || lines.slice(0, -1).every((line) => line.length === lines[0]?.length);
  return (isMixed || isHex) && isEven ? { type: "base64", confidence: 0.95 } : undefined;
}

const HTML_TAG =
  /<\/?(?:html|head|body|div|p|span|a|table|tr|td|ul|ol|li|h[1-6]|br|img|script|style|section|article|nav|header|footer|main|form|input|button|strong|em|b|i|meta|link|title|center|font|details|summary)(?=[\s>/])/gi;
const ANY_TAG = /<\/?[A-Za-z_][\w:.-]{0,60}(?=[\s>/])/g;

function detectMarkup(sample: string): DetectedType | undefined {
  const start = sample.trimStart();
  const head = start.slice(0, 2_000);
  const isTagFirst = /^<[?!/A-Za-z]/.test(head);
  const all = start.match(ANY_TAG)?.length ?? 0;
  const html = start.match(HTML_TAG)?.length ?? 0;
  if (isTagFirst) {
    if (/^<!doctype html|^<html[\s>]/i.test(head)) return { type: "html", confidence: 1 };
    if (/<html[\s>]/i.test(head)) return { type: "html", confidence: 0.95 };
    if (/^<\?xml|^<!DOCTYPE|^<(?:rss|feed|svg|soap|urlset|project|configuration|manifest)[\s:>]/i.test(head))
      return { type: "xml", confidence: 0.95 };
    const isChat = start.split("\n", 6).filter((line) => /^<[^<>/]{1,40}> \S/.test(line)).length >= 2 && !start.includes("</");
    if (!isChat && all >= 2 && start.includes(">"))
      return html >= all / 2
        ? { type: "html", confidence: 0.9 }
        : start.includes("</") || start.includes("/>")
          ? { type: "xml", confidence: 0.9 }
          : undefined;
  }
  const closed = start.includes("</") || start.includes("/>");
  return html >= 6 && closed && start.length / html < 120 && !/^(?:#|```|diff |From |\S{1,40}: )/.test(head)
    ? { type: "html", confidence: 0.7 }
    : undefined;
}

const MAIL_HEADER =
  /^(?:from|to|cc|subject|date|message-id|received|return-path|mime-version|content-type|reply-to|delivered-to|x-[a-z-]{1,40}|sender|in-reply-to|references|sent):/i;

function detectMail(sample: string): DetectedType | undefined {
  const lines = sample.trimStart().split("\n", 60);
  const start = /^From \S+ .{0,12}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/.test(lines[0] ?? "")
    ? lines.findIndex((line) => !line.startsWith("From "))
    : 0;
  let known = 0;
  const names = new Set<string>();
  for (const line of lines.slice(Math.max(0, start))) {
    if (line.trim() === "") break;
    if (line.startsWith(" ") || line.startsWith("\t")) continue;
    const name = MAIL_HEADER.exec(line.slice(0, 80))?.[0];
    if (name === undefined) {
      if (!/^[A-Za-z][\w-]{1,60}:/.test(line.slice(0, 80))) break;
      continue;
    }
    known++;
    names.add(name.toLowerCase());
  }
  const isMail =
    names.size >= 3 ||
    (names.size >= 2 &&
      (names.has("from:") || names.has("received:")) &&
      (names.has("subject:") || names.has("date:") || names.has("to:")));
  return isMail && (names.has("from:") || names.has("subject:") || names.has("received:"))
    ? { type: "email", confidence: Math.min(1, 0.6 + known / 10) }
    : undefined;
}

function detectLines(shapes: LineShapes, sample: string): DetectedType | undefined {
  const { lines } = shapes;
  if (lines === 0) return undefined;
  const share = (count: number): number => count / lines;
  if (shapes.diffHunks > 0 && (shapes.diffHeads > 0 || shapes.diffLines > 0))
    return { type: "diff", confidence: shapes.diffHeads > 0 ? 1 : 0.8 };
  if (shapes.gitHeads > 0) return { type: "diff", confidence: 0.9 };
  const isTrace = shapes.frames >= 2 && share(shapes.frames) >= 0.3 && shapes.timestamps <= Math.max(2, shapes.frames / 2);
  if (isTrace || (shapes.traceHeads > 0 && shapes.frames >= 1 && share(shapes.frames + shapes.traceHeads) >= 0.3))
    return { type: "stack-trace", confidence: 0.9 };
  if (shapes.cues > 0 && /^(?:WEBVTT|\d+\s*$|\d)/m.test(sample.slice(0, 200))) return { type: "transcript", confidence: 0.95 };
  if (shapes.chatLines >= 2 && share(shapes.chatLines) >= 0.4) return { type: "transcript", confidence: 0.95 };
  return undefined;
}

/** The type of `content`. Empty text is prose with confidence 0. */
export function detectPayloadType(content: string): DetectedType {
  const text = content.codePointAt(0) === 0xfeff ? content.slice(1) : content;
  if (text.trim() === "") return { type: "prose", confidence: 0 };
  const sample = sampleOf(text);
  const certain = detectJson(text) ?? detectBinary(sample) ?? detectMail(sample) ?? detectMarkup(sample);
  if (certain !== undefined) return certain;
  const shapes = lineShapes(sample);
  const byLines = detectLines(shapes, sample);
  if (byLines !== undefined) return byLines;
  const { lines } = shapes;
  const share = (count: number): number => count / Math.max(1, lines);
  const csv = looksLikeCsv(sample);
  if (csv > 0.95 && share(shapes.timestamps) < 0.5) return { type: "csv", confidence: csv };
  const logLike = Math.max(share(shapes.timestamps), share(shapes.levels), share(shapes.logLines));
  if (logLike >= 0.4 && shapes.logLines >= 2) return { type: "log", confidence: Math.min(1, 0.5 + logLike / 2) };
  if (csv > 0) return { type: "csv", confidence: csv };
  if (shapes.speakerLines >= 3 && share(shapes.speakerLines) >= 0.6 && shapes.repeatedSpeakers >= 2)
    return { type: "transcript", confidence: 0.85 };
  const code = looksLikeCode(shapes.list);
  const markdown = shapes.fences * 3 + shapes.headings * 2 + shapes.items + shapes.links + shapes.tableRows * 2;
  if (code >= 0.35 && !(shapes.fences >= 2 && shapes.headings > 0)) return { type: "code", confidence: Math.min(1, 0.5 + code / 2) };
  if (
    shapes.fences >= 2 ||
    (markdown >= 3 && share(markdown) >= 0.15 && shapes.headings + shapes.links + shapes.tableRows > 0) ||
    share(shapes.items) >= 0.6
  )
    return { type: "markdown", confidence: 0.85 };
  if (code >= 0.22) return { type: "code", confidence: 0.5 };
  if (shapes.speakerLines >= 4 && share(shapes.speakerLines) >= 0.35 && shapes.repeatedSpeakers >= 2)
    return { type: "transcript", confidence: 0.7 };
  return { type: "prose", confidence: 0.7 };
}
