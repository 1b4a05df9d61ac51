// Finds the payload type of a text by its structure, looking at a bounded sample. It never looks at file names and never changes the text.
import { detectBinary } from "./detect/detectBinary.ts";
import { detectByLines } from "./detect/detectByLines.ts";
import { detectJson } from "./detect/detectJson.ts";
import { detectMail } from "./detect/detectMail.ts";
import { detectMarkup } from "./detect/detectMarkup.ts";
import type { DetectedType } from "./detect/DetectedType.ts";
import { lineShapes } from "./detect/lineShapes.ts";

/** Characters that are looked at; of longer texts the head and a piece from the middle. */
const SAMPLE_CHARS = 24_000;

function sampleOf(content: string): string {
  if (content.length <= SAMPLE_CHARS) return content;
  const half = SAMPLE_CHARS / 2;
  const middle = content.indexOf("\n", Math.floor(content.length / 2));
  return `${content.slice(0, half)}\n${middle < 0 ? "" : content.slice(middle + 1, middle + half)}`;
}

/** The type of `content`, always the same for the same content. A text without any mark is prose; an empty one with confidence 0. */
export function detectPayloadType(content: string): DetectedType {
  const text = content.codePointAt(0) === 0xfeff ? content.slice(1) : content;
  const sample = sampleOf(text);
  if (sample.trim() === "") return { type: "prose", confidence: 0 };
  return (
    detectJson(text) ??
    detectBinary(sample) ??
    detectMail(sample) ??
    detectMarkup(sample) ??
    detectByLines(lineShapes(sample), sample) ?? { type: "prose", confidence: 0.7 }
  );
}
