// Puts units together to a Reduction and renders any part of them with true markers in the gaps. It decides nothing about what is kept.
import type { PayloadType, ReduceContext, Reduction, Unit } from "../types.ts";

/** A unit and how it is laid out. `lead` is the white space before it; a space keeps it in the paragraph of the unit before. */
export interface LaidUnit extends Unit {
  readonly lead: "\n\n" | "\n" | " ";
  /** Source units that go when this unit goes. @defaultValue `to - from` */
  readonly covers?: number;
  /** Text of a marker that always follows the unit, for example how many lines like it were folded. */
  readonly note?: string;
}

export interface ReductionParts {
  readonly type: PayloadType;
  readonly noun: readonly [one: string, many: string];
  readonly units: readonly LaidUnit[];
  readonly dropped: readonly string[];
  readonly lossless?: boolean;
  /** First line of every view, without marker brackets; totals over all units. */
  readonly header?: string;
}

/** A marker costs about this many characters; gaps that are shorter are shown instead of marked. */
const MARKER_CHARS = 22;
const SHORT_MARKER_CHARS = 8;

function coverage(unit: LaidUnit): number {
  return unit.covers ?? unit.to - unit.from;
}

interface Gap {
  /** Index of the next kept unit. */
  readonly end: number;
  /** What the gap would cost if it were shown. */
  readonly chars: number;
  /** In source units. */
  readonly count: number;
  /** A gap within a paragraph is marked within it. */
  readonly lead: "\n" | " ";
}

function gapAt(units: readonly LaidUnit[], kept: ReadonlySet<number>, start: number): Gap {
  let chars = 0;
  let count = 0;
  let lead: Gap["lead"] = " ";
  let end = start;
  for (let cut = units[end]; cut !== undefined && !kept.has(end); cut = units[++end]) {
    chars += cut.text.length + 1 + (cut.note === undefined ? 0 : MARKER_CHARS);
    count += coverage(cut);
    if (cut.lead !== " ") lead = "\n";
  }
  return { end, chars, count, lead };
}

/**
 * The view of `kept` units. Gaps get one marker each; a gap that is no longer than its marker is shown itself. The first marker says
 * what is counted, the others only how many: `[… 3 rows cut]`, then `[… 12]`.
 */
export function renderUnits(parts: ReductionParts, kept: ReadonlySet<number>, context: ReduceContext): string {
  const { units, noun } = parts;
  const out: string[] = parts.header === undefined ? [] : [context.mark.marker(parts.header)];
  const put = (lead: string, text: string): void => {
    if (out.length > 0) out.push(lead);
    out.push(text);
  };
  const show = (unit: LaidUnit): void => {
    put(unit.lead, unit.text);
    if (unit.note !== undefined) put(" ", context.mark.marker(unit.note));
  };
  let isFirst = true;
  for (let index = 0; index < units.length;) {
    const unit = units[index];
    if (unit === undefined) break;
    if (kept.has(index)) {
      show(unit);
      index++;
      continue;
    }
    const gap = gapAt(units, kept, index);
    if (gap.chars <= (isFirst ? MARKER_CHARS : SHORT_MARKER_CHARS)) {
      for (const cut of units.slice(index, gap.end)) show(cut);
    } else {
      const what = isFirst ? ` ${gap.count === 1 ? noun[0] : noun[1]} cut` : "";
      put(gap.lead, context.mark.marker(`${gap.count}${what}`));
      isFirst = false;
    }
    index = gap.end;
  }
  return out.join("");
}

/**
 * The reduction of these units, or null where it cannot gain: the view of all units is longer than the content, or as long while
 * no selection may follow (levels 0 and 1).
 */
export function reductionOf(content: string, parts: ReductionParts, context: ReduceContext): Reduction | null {
  if (parts.units.length === 0) return null;
  const all = renderUnits(parts, new Set(parts.units.keys()), context);
  if (all.length > content.length) return null;
  if (all.length === content.length && (context.level < 2 || parts.units.length < 2)) return null;
  return {
    type: parts.type,
    noun: parts.noun,
    units: parts.units,
    dropped: parts.dropped,
    lossless: parts.lossless ?? false,
    render: (kept) => (kept.size === parts.units.length ? all : renderUnits(parts, kept, context)),
  };
}
