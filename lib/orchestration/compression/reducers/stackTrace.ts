// Stack trace reducer: exception chain, messages and frames of the program; runs of library frames are counted. It resolves no source.
import type { ReduceContext, Reducer, Reduction } from "../types.ts";
import { reductionOf, type LaidUnit } from "./reductionOf.ts";

const FRAME =
  /^\s*at \S|^\s*File "[^"]{1,300}", line \d+|^\s*\.{3} \d+ (?:more|common)|^\s+from \S{1,300}:\d+:in |^\S{1,300}:\d+:in [`'"]|^\s{1,8}\S{1,300}\.(?:go|rs|c|cc|cpp|py|js|ts|rb|php|java|kt|cs):\d+|^#\d{1,5}\s|^\s+\d{1,4}: \S|^[\w./*()-]{1,200}\(.{0,200}\)$/;
/** Paths and packages that are not the program's own. */
const LIBRARY =
  /node_modules|node:|internal\/|site-packages|dist-packages|\/usr\/(?:lib|local)|lib\/python|\/gems\/|\/rustc\/|\/go\/pkg|\.cargo\/registry|<frozen |vendor\/|\.\.\. \d+ (?:more|common)|(?:^|[\s/])(?:java|javax|jdk|sun|scala|kotlin|kotlinx|org\.apache|org\.springframework|org\.hibernate|org\.junit|org\.eclipse|org\.postgresql|com\.sun|com\.mysql|com\.zaxxer|io\.netty|reactor|okhttp3|androidx?|dalvik|com\.android|com\.google\.common|System|Microsoft|core::|std::|alloc::|tokio::|runtime)[.:]/;
/** Frames of any origin that stay at the head of each trace: where it was thrown. */
const TOP_FRAMES = 1;
const LOOKED_AT = 700;

interface TraceLine {
  readonly text: string;
  readonly isFrame: boolean;
  readonly isLibrary: boolean;
  /** Source lines. */
  readonly count: number;
}

/** Python and Go put a frame on two lines: they are one. */
function hasSourceLine(head: string, next: string): boolean {
  if (/^\s*File "/.test(head)) return /^\s{4,}\S/.test(next) && !FRAME.test(next);
  return head.endsWith(")") && /^\t\S{1,300}:\d+/.test(next);
}

/** Lines of the trace; blank ones are counted with the line before. */
function traceLines(content: string): TraceLine[] {
  const lines = content
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => line.trimEnd());
  const out: TraceLine[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    const last = out.at(-1);
    if (line === "") {
      if (last !== undefined) out[out.length - 1] = { ...last, count: last.count + 1 };
      continue;
    }
    const isFrame = FRAME.test(line.slice(0, LOOKED_AT));
    const next = lines[index + 1] ?? "";
    const isDouble = isFrame && hasSourceLine(line.slice(0, LOOKED_AT), next.slice(0, LOOKED_AT));
    if (isDouble) index++;
    const text = isDouble ? `${line}\n${next}` : line;
    out.push({ text, isFrame, isLibrary: isFrame && LIBRARY.test(text.slice(0, LOOKED_AT)), count: isDouble ? 2 : 1 });
  }
  return out;
}

/** Adds a frame to those that the unit before it stands for. */
function foldInto(last: LaidUnit, line: TraceLine): LaidUnit {
  const frames = Number(/^(\d+) /.exec(last.note ?? "")?.[1] ?? 0) + 1;
  return {
    ...last,
    covers: (last.covers ?? last.to - last.from) + line.count,
    note: `${frames} frame${frames === 1 ? "" : "s"} of libraries`,
  };
}

function weightOf(line: TraceLine): number {
  if (!line.isFrame) return 0.9;
  return line.isLibrary ? 0.3 : 0.6;
}

function reduceStackTrace(content: string, context: ReduceContext): Reduction | null {
  if (context.level === 0) return null;
  const units: LaidUnit[] = [];
  const seen = new Set<string>();
  let source = 0;
  let depth = 0;
  let head: number | undefined;
  let folded = 0;
  for (const line of traceLines(content)) {
    depth = line.isFrame ? depth + 1 : 0;
    // Recursion repeats frames; a library's inner frames say nothing.
    const isFolded = (line.isLibrary && depth > TOP_FRAMES) || (line.isFrame && seen.has(line.text));
    seen.add(line.text);
    const last = units.at(-1);
    if (isFolded && last !== undefined) {
      units[units.length - 1] = foldInto(last, line);
      folded++;
    } else {
      const why: Pick<LaidUnit, "parent" | "pin"> = line.isFrame ? (head === undefined ? {} : { parent: head }) : { pin: "error" };
      if (!line.isFrame) head = units.length;
      units.push({
        text: context.mark.escape(line.text),
        from: source,
        to: source + line.count,
        lead: "\n",
        weight: weightOf(line),
        ...why,
      });
    }
    source += line.count;
  }
  const dropped = folded > 0 ? [`${folded} frames of libraries or repeated ones`] : [];
  return reductionOf(content, { type: "stack-trace", noun: ["line", "lines"], units, dropped }, context);
}

export const stackTraceReducer: Reducer = { types: ["stack-trace"], reduce: reduceStackTrace };
