// What brings back the rest of a shortened tool result: the tool's name and words, the line under a view, the lines that are asked for. It keeps no content.
import { sha256 } from "../../core/ids.ts";

export const EXPAND_NAME = "expand";
/** Also how a request is known to offer this very tool. */
export const EXPAND_DESCRIPTION = "Returns the full content behind a handle shown in a tool result. find: only lines with this text.";

export interface ExpandInput {
  readonly handle: string;
  /** Only lines with this text, whatever its case. */
  readonly find?: string;
}

/** JSON Schema of {@link ExpandInput}. */
export const EXPAND_SCHEMA = {
  type: "object",
  properties: { handle: { type: "string" }, find: { type: "string" } },
  required: ["handle"],
} as const;

/** Below it a loop's results are lossless only: what is small is seldom worth a second look (durability.md, C3). */
export const LONG_FROM_TOKENS = 2_000;

const HANDLE_CHARS = 12;
const VERBATIM_NAMES = /(?:^|[_\-\s.])(?:grep|rg|search|find|glob|ls|cat|read|view|open|file|diff|patch)(?:$|[_\-\s.])/i;

/** 48 bits of the content's hash: nobody who has not seen the content can guess it. */
export function handleOf(content: string): string {
  return sha256(content).toString("hex").slice(0, HANDLE_CHARS);
}

/** Stands at the end of a view that left something out. */
export function handleLine(handle: string): string {
  return `[shortened; the rest: ${EXPAND_NAME}({"handle":"${handle}"})]`;
}

/** Tools that find and read text: what they give is asked for word by word. */
export function readsText(toolName: string): boolean {
  return VERBATIM_NAMES.test(toolName);
}

/** The lines of `content` with `find` in them, whatever its case; all of it without `find`. */
export function expandContent(content: string, find: string | undefined): string {
  if (find === undefined || find === "") return content;
  const wanted = find.toLowerCase();
  const lines = content.split("\n").filter((line) => line.toLowerCase().includes(wanted));
  return lines.length === 0 ? `No line has ${JSON.stringify(find)}.` : lines.join("\n");
}

export function noSuchHandle(handle: string): string {
  return `There is no content behind ${JSON.stringify(handle)}: call the tool again that gave it.`;
}
