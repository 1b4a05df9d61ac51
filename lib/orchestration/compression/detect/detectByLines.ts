// Tells types that show in their lines: diffs, traces, chats, tables, logs, transcripts, code, Markdown. The order is part of the rules.
import type { PayloadType } from "../types.ts";
import type { DetectedType } from "./DetectedType.ts";
import type { LineShapes } from "./lineShapes.ts";
import { looksLikeCode } from "./looksLikeCode.ts";
import { looksLikeCsv } from "./looksLikeCsv.ts";

interface Evidence {
  readonly shapes: LineShapes;
  readonly sample: string;
  /** Share of the lines that are not blank. */
  readonly share: (count: number) => number;
  /** Computed once, when first asked for. */
  readonly csv: number;
  readonly code: number;
}

/** The confidence with which a rule takes the text, 0 where it does not. */
type Rule = (evidence: Evidence) => number;

function isDiff({ shapes }: Evidence): number {
  if (shapes.gitHeads > 0) return 1;
  return shapes.diffHunks > 0 && (shapes.diffHeads > 0 || shapes.diffLines > 0) ? 0.9 : 0;
}

function isTrace({ shapes, share }: Evidence): number {
  const isMostlyFrames = shapes.frames >= 2 && share(shapes.frames) >= 0.3 && shapes.timestamps <= Math.max(2, shapes.frames / 2);
  const isShort = shapes.traceHeads > 0 && shapes.frames >= 1 && share(shapes.frames + shapes.traceHeads) >= 0.3;
  return isMostlyFrames || isShort ? 0.9 : 0;
}

function isChat({ shapes, sample, share }: Evidence): number {
  if (shapes.cues > 0 && /^(?:WEBVTT|\d)/.test(sample.trimStart())) return 0.95;
  return shapes.chatLines >= 2 && share(shapes.chatLines) >= 0.4 ? 0.95 : 0;
}

function isLog({ shapes, share }: Evidence): number {
  const likeness = Math.max(share(shapes.timestamps), share(shapes.levels), share(shapes.logLines));
  return likeness >= 0.4 && shapes.logLines >= 2 ? Math.min(1, 0.5 + likeness / 2) : 0;
}

function areTurns({ shapes, share }: Evidence): number {
  return shapes.speakerLines >= 3 && share(shapes.speakerLines) >= 0.6 && shapes.repeatedSpeakers >= 2 ? 0.85 : 0;
}

function isMarkdown({ shapes, share }: Evidence): number {
  const marks = shapes.fences * 3 + shapes.headings * 2 + shapes.items + shapes.links + shapes.tableRows * 2;
  const isTold = shapes.headings + shapes.links + shapes.tableRows > 0;
  return shapes.fences >= 2 || (isTold && marks >= 3 && share(marks) >= 0.15) || share(shapes.items) >= 0.6 ? 0.85 : 0;
}

const RULES: readonly (readonly [PayloadType, Rule])[] = [
  ["diff", isDiff],
  ["stack-trace", isTrace],
  ["transcript", isChat],
  ["csv", ({ csv, shapes, share }) => (csv > 0.95 && share(shapes.timestamps) < 0.5 ? csv : 0)],
  ["log", isLog],
  ["csv", ({ csv }) => csv],
  ["transcript", areTurns],
  ["code", ({ code, shapes }) => (code >= 0.35 && !(shapes.fences >= 2 && shapes.headings > 0) ? Math.min(1, 0.5 + code / 2) : 0)],
  ["markdown", isMarkdown],
  ["code", ({ code }) => (code >= 0.22 ? 0.5 : 0)],
  [
    "transcript",
    ({ shapes, share }) => (shapes.speakerLines >= 4 && share(shapes.speakerLines) >= 0.35 && shapes.repeatedSpeakers >= 2 ? 0.7 : 0),
  ],
];

export function detectByLines(shapes: LineShapes, sample: string): DetectedType | undefined {
  let csv: number | undefined;
  let code: number | undefined;
  const evidence: Evidence = {
    shapes,
    sample,
    share: (count) => count / Math.max(1, shapes.lines),
    get csv() {
      csv ??= looksLikeCsv(sample);
      return csv;
    },
    get code() {
      code ??= looksLikeCode(shapes.list);
      return code;
    },
  };
  for (const [type, rule] of RULES) {
    const confidence = rule(evidence);
    if (confidence > 0) return { type, confidence };
  }
  return undefined;
}
