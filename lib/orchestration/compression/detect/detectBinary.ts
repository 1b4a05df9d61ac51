// Tells base64, data addresses, hex dumps and bytes from text. It decodes nothing.
import type { DetectedType } from "./DetectedType.ts";

/** Shorter texts of the alphabet are words or identifiers. */
const MIN_BASE64 = 64;
const MIN_HEX = 128;
/** Share of control characters from which a text is none. */
const MOST_CONTROL = 0.05;
const DATA_URI = /^data:[\w.+-]{1,60}\/[\w.+-]{1,60}(?:;[\w=-]{1,40}){0,4},/;
/** Tab, line feed, form feed, carriage return and escape stand in texts too. */
const TEXT_CONTROL = new Set([9, 10, 12, 13, 27]);

function isControl(code: number): boolean {
  return (code < 32 && !TEXT_CONTROL.has(code)) || code === 0xfffd;
}

function hasBytes(sample: string): boolean {
  let control = 0;
  for (let index = 0; index < sample.length; index++) if (isControl(sample.charCodeAt(index))) control++;
  return control > sample.length * MOST_CONTROL;
}

/** Words have one case and no digits; base64 has both cases and digits, in lines of one length. */
function isEncoded(lines: readonly string[]): boolean {
  const joined = lines.join("");
  if (joined.length < MIN_BASE64 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(joined)) return false;
  const isMixed = /[a-z]/.test(joined) && /[A-Z]/.test(joined) && /\d/.test(joined);
  const isHex = joined.length >= MIN_HEX && /^[0-9a-fA-F]+$/.test(joined);
  return (isMixed || isHex) && lines.slice(0, -1).every((line) => line.length === lines[0]?.length);
}

export function detectBinary(sample: string): DetectedType | undefined {
  const start = sample.trimStart();
  if (DATA_URI.test(start.slice(0, 300))) return { type: "base64", confidence: 1 };
  if (hasBytes(sample)) return { type: "base64", confidence: 0.9 };
  const lines = start
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^-{3,}(?:BEGIN|END) /.test(line));
  return isEncoded(lines) ? { type: "base64", confidence: 0.95 } : undefined;
}
