// Binary reducer: base64 and bytes are told (kind, size, hash), never shown in part. It decodes only what tells the kind.
import { createHash } from "node:crypto";
import { detectBinary } from "../detect/detectBinary.ts";
import type { ReduceContext, Reducer, Reduction } from "../types.ts";
import { reductionOf } from "./reductionOf.ts";

const SIGNATURES: readonly (readonly [name: string, hex: string])[] = [
  ["image/png", "89504e47"],
  ["image/jpeg", "ffd8ff"],
  ["image/gif", "47494638"],
  ["application/pdf", "25504446"],
  ["application/zip", "504b0304"],
  ["application/gzip", "1f8b"],
  ["image/webp", "52494646"],
  ["application/x-executable", "7f454c46"],
  ["application/x-sqlite3", "53514c697465"],
  ["audio/mpeg", "494433"],
];
const DATA_URI = /^data:([\w.+-]{1,60}\/[\w.+-]{1,60})?((?:;[\w=-]{1,40}){0,4}),/;

interface Told {
  readonly kind: string;
  readonly bytes: number;
  readonly hash: string;
}

function kindOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, 8)).toString("hex");
  return SIGNATURES.find(([, start]) => hex.startsWith(start))?.[0] ?? "binary data";
}

function tell(content: string): Told {
  const text = content.trim();
  const uri = DATA_URI.exec(text.slice(0, 400));
  const body = uri === null ? text : text.slice(uri[0].length);
  const compact = body.replaceAll(/\s+/g, "");
  const isHex = compact.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(compact);
  const isBase64 = uri === null ? /^[A-Za-z0-9+/_-]+={0,2}$/.test(compact) : (uri[2] ?? "").includes("base64");
  const bytes = Buffer.from(isHex || isBase64 ? compact : body, isHex ? "hex" : isBase64 ? "base64" : "utf8");
  return { kind: uri?.[1] ?? kindOf(bytes), bytes: bytes.length, hash: createHash("sha256").update(bytes).digest("hex").slice(0, 12) };
}

/** Words of a key or certificate around the bytes are a line of text each; they say what it is. */
const ARMOUR = /^-{3,}(?:BEGIN|END) ([A-Z0-9 ]{1,40})-{3,}$/;

function reduceBase64(content: string, context: ReduceContext): Reduction | null {
  if (context.level === 0 || detectBinary(content) === undefined) return null;
  const lines = content.split("\n").map((line) => line.trim());
  const armour = lines.map((line) => ARMOUR.exec(line.slice(0, 80))?.[1]).find((name) => name !== undefined);
  const { kind, bytes, hash } = tell(lines.filter((line) => !ARMOUR.test(line.slice(0, 80))).join("\n"));
  const text = context.mark.marker(`${armour?.toLowerCase() ?? kind}, ${bytes} bytes, sha256 ${hash}`);
  const units = [{ text, from: 0, to: 1, lead: "\n" as const, pin: "structure" as const, weight: 1 }];
  return reductionOf(content, { type: "base64", noun: ["binary", "binaries"], units, dropped: [`${bytes} bytes of ${kind}`] }, context);
}

export const base64Reducer: Reducer = { types: ["base64"], reduce: reduceBase64 };
